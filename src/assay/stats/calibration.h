// Do the confidences mean what they say? The measures; their errors: calibration_evidence.h.
//
//   confidence c = largest probability, hit h = [its class is the label]
//   ECE   sum over bins of |mean c - mean h| × share of rows. Equal width: (k/B, (k+1)/B], 0 in the
//         first bin and 1 in the last. Equal mass: rows sorted by c (stable), cut into B parts, the
//         first n mod B of them one longer
//   MCE   the largest |mean c - mean h| of a bin that is not empty
//   classwise ECE   mean over classes k of the equal-width ECE of p_k against [y = k]
//   overconfidence  mean c - mean h
//   overconfidence error   as ECE with the bins' positive excess only, times their confidence
//   NLL   mean of -ln p_label; no clipping: infinite where a label's probability is 0
//   Brier mean over rows of sum_k (p_k - [y=k])²
//         = reliability - resolution + uncertainty + within-bin variance - within-bin covariance,
//         each class against the rest over the equal-width bins of p_k, summed over classes; the
//         last two make the sum close
//
// All in [0, 1] but Brier in [0, 2], NLL in [0, inf] and overconfidence in [-1, 1].
// When they lie: a binned gap is never negative, so noise alone makes an ECE (null_errors()); bins
// of few rows rule the MCE; a model that says the base rate for every row is perfectly calibrated
// and useless (its resolution is 0).
// Cost: one pass over n × K probabilities.
// Source: naeini2015, guo2017calibration, nixon2019, murphy1973, stephenson2008.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/stats/predictions.h"

namespace assay::stats {

// Rows that share a bin: sums of the forecast p and of the outcome y in {0, 1}.
struct Cell {
  double count = 0;
  double forecast = 0;      // sum of p
  double squares = 0;       // sum of p²
  double hits = 0;          // sum of y
  double hit_forecast = 0;  // sum of p y

  void add(double p, bool y) {
    count += 1;
    forecast += p;
    squares += p * p;
    if (!y) return;
    hits += 1;
    hit_forecast += p;
  }
  double gap() const { return hits - forecast; }                       // sum of y - p
  double null_variance() const { return forecast - squares; }          // of gap(), were p the truth
  double spread() const { return squares - 2 * hit_forecast + hits; }  // sum of (y - p)²
};

// The bin of a probability in [0, 1] among `bins` of equal width.
int equal_width_bin(double probability, int bins);
// Every row's part among `parts` of equal mass.
std::vector<int> equal_mass_parts(std::span<const double> confidence, int parts);
std::vector<int> equal_width_bins(std::span<const double> confidence, int bins);
// The rows of `top` gathered by their bin.
std::vector<Cell> cells_of(const TopLabel& top, std::span<const int> bin, int bins);

double expected_error(
    std::span<const Cell> cells);  // sum of |gap| over sum of count; 0 for no rows
double maximum_error(std::span<const Cell> cells);
double overconfidence_error(std::span<const Cell> cells);

struct BrierParts {
  double reliability = 0, resolution = 0, uncertainty = 0;
  double within_bin_variance = 0, within_bin_covariance = 0;  // the latter carries the factor 2
};

struct CalibrationMeasures {
  int bins = 0, classes = 0;
  TopLabel top;                          // [n]
  std::vector<int> width_bin, mass_bin;  // [n]
  std::vector<Cell> width, mass;         // [bins]
  std::vector<Cell> classwise;           // [classes × bins], class by class
  std::vector<double> brier, nll;        // [n], a row's loss; nll may be infinite
  std::vector<double> frequency;         // [classes], share of rows with that label
  double ece = 0, ece_adaptive = 0, mce = 0, classwise_ece = 0, overconfidence = 0;
  double brier_mean = 0, nll_mean = 0;
  BrierParts parts;

  std::size_t size() const { return brier.size(); }
  const Cell& class_cell(int c, double probability) const {
    return classwise[static_cast<std::size_t>(c) * static_cast<std::size_t>(bins) +
                     static_cast<std::size_t>(equal_width_bin(probability, bins))];
  }
};

CalibrationMeasures measure_calibration(const Predictions& predictions, int bins);

// The rows' contributions to the Brier parts: each part is the mean of its vector, and the vector's
// spread gives its standard error (for reliability and resolution it is the influence function, to
// which the mean belongs). Cost: a second pass over n × K probabilities.
struct BrierInfluence {
  std::vector<double> reliability, resolution, within_bin_variance, within_bin_covariance;  // [n]
  double resolution_bias = 0;  // what chance alone adds to the resolution, to first order
};
BrierInfluence brier_influence(const Predictions& predictions, const CalibrationMeasures& measures);

}  // namespace assay::stats
