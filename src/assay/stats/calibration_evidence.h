// How sure are the calibration measures? Null draws and bias-corrected confidence distributions.
//
// A binned gap D_m = mean of (h - c) [row in bin m] is its true value μ_m plus noise ε_m, and
// T = sum |D_m| exceeds the true ECE sum |μ_m| by what the noise folds up: at μ = 0 a percentile
// bootstrap of T never covers. So the draws come from inverting a test of T.
//   lower bounds  T - Q(sum |τ_m + ε_m| - τ_m), with τ_m the nearest to 0 that the data allow:
//                 |D_m| less 3 standard errors, or 0. That is nearly the μ that lifts T furthest
//                 above the truth. For a calibrated model the bound is 0.
//   upper bounds  the largest θ with Q(sum |μ_m + ε_m|) <= T, the bins sharing θ in proportion to
//                 their errors as far as |D_m| ± 3 standard errors allows: nearly the sharing that
//                 lifts T least. One imaginary row with a gap of 1 is added (rule of three), or
//                 bins without an error would prove too much.
// ε_m: hits resampled from the model's own confidences, plus gamma noise where the data vary more
// than the model says. Dependent rows: ε_m times the root of the gaps' design effect.
//
// The target is the ECE of the population in the same bins. Simulated once over 5 distributions of
// confidence × 5 shapes of miscalibration × true ECE 0, 0.005, 0.02, 0.05 × n = 200, 2,000 with 400
// data sets each: every one-sided 95 % bound covered in at least 93.8 % (Monte Carlo error 1.1 %),
// most in more. The bounds are conservative where many bins are off by little.
// Cost: draws × (rows + 40 × bins), about 10 ns each.
// Source: broecker2007, kumar2019verified, andrews2010.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/calibration.h"

namespace assay::stats {

// Hits that a perfectly calibrated model of the same confidences would have made: [cells × draws],
// since a row's draws mostly fall into one cell.
struct NullHits {
  int draws = 0;
  std::vector<float> hits;

  std::span<const float> cell(std::size_t i) const {
    return {hits.data() + i * static_cast<std::size_t>(draws), static_cast<std::size_t>(draws)};
  }
  std::span<float> cell(std::size_t i) {
    return {hits.data() + i * static_cast<std::size_t>(draws), static_cast<std::size_t>(draws)};
  }
};

// Each row's hit drawn with its confidence; the same draws for both binnings.
struct TopLabelNull {
  NullHits width, mass;
};
TopLabelNull resample_hits(const TopLabel& top, std::span<const int> width_bin,
                           std::span<const int> mass_bin, int bins, const Resampling& resampling);
// Each row's label drawn from its probabilities, counted in the class's equal-width cells. Fewer
// draws than asked for, but at least 99, where draws × classes × bins would pass 2^25 numbers, or
// where they leave the cache and draws × rows would pass 2^24.
NullHits resample_labels(const Predictions& predictions, int bins, const Resampling& resampling);

// sum |hits - forecast| / sum of counts, of every draw.
std::vector<double> null_errors(std::span<const Cell> cells, const NullHits& null);
// Its expectation by the half-normal approximation: sum_m sqrt(2/π sum c(1-c)) / n.
double analytic_null_error(std::span<const Cell> cells);

// How much dependent rows count: 1 for independent ones.
struct Dependence {
  double rows = 0;           // of the data, n
  double units = 0;          // independent ones: rows or clusters
  double design_effect = 1;  // variance of the gaps over that of independent rows, at least 1
};
Dependence dependence_of(const TopLabel& top, std::span<const int> bin, int bins,
                         std::span<const std::int64_t> clusters);

// The confidence distribution of an expected calibration error: of `cells`, whose |gaps| are
// divided by the sum of their counts. For class-wise cells the noise beyond the model's own is
// drawn for each cell alone.
Replicates expected_error_replicates(std::span<const Cell> cells, const NullHits& null,
                                     const Dependence& dependence, const Resampling& resampling);

// Of the largest gap: the bins' Clopper–Pearson bounds, the largest upper one, and the largest
// lower one after Bonferroni's correction. On a grid of 399 levels, without chance.
Replicates maximum_error_replicates(std::span<const Cell> cells, const Dependence& dependence);

// The standard error of ECE - null ECE about its expectation at this n: |sum |a| - sum |b|| <= sum
// |a - b| makes the gaps' own errors an upper limit. `null` adds what the number of draws leaves
// open.
MeanError excess_error(std::span<const Cell> cells, std::span<const double> null,
                       const Dependence& dependence);

// Of the Brier reliability R: sqrt(R) is a norm of the gaps, so the null draws' norms give the
// lower bounds, and the influence function the upper ones (R is biased upwards, which is on the
// safe side there).
Replicates reliability_replicates(const CalibrationMeasures& measures, const NullHits& null,
                                  const MeanError& influence, const Dependence& dependence);

// For the reliability diagram: the range of each bin's hit rate that a calibrated model stays in
// with the given two-sided level; empty bins give {0, 0}.
struct Band {
  double low = 0, high = 0;
};
std::vector<Band> consistency_bands(std::span<const Cell> cells, const NullHits& null,
                                    double level);

}  // namespace assay::stats
