// Temperature scaling: the T for which softmax(logits / T) fits the labels best.
//
// Minimises the mean of -ln p_label over β = 1/T by Newton's method in a bracket; the loss is
// convex in β. The order of the classes stays. With probabilities for scores the logits are ln p.
// The standard error of T is the sandwich's (right even where no T makes the model calibrated), by
// cluster where given.
// No finite T fits best where every label is its row's top class (T falls to 0), where less
// confidence is always better (T grows without end), or where a label has probability 0: then
// `problem` says so.
// T and what it does must not be told from the same rows: cross_validate() fits on the other folds.
// Folds are drawn at random from the seed, clusters whole.
// Cost: n × K exponentials a pass, about 5 passes for all rows and 2 more for each fold.
// Source: guo2017calibration.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/predictions.h"

namespace assay::stats {

struct TemperatureFit {
  double temperature = 1;
  double standard_error = 0, degrees_of_freedom = 1;
  std::string problem;  // why there is none; empty: there is

  bool ok() const { return problem.empty(); }
};

TemperatureFit fit_temperature(const Predictions& predictions);

struct Folds {
  int count = 5;
  std::uint64_t seed = 0;
};

struct CrossValidated {
  std::vector<double> temperature;  // [folds], fitted on all rows but the fold's
  TopLabel top;                     // [n], each row at the temperature of its fold
  std::vector<double> nll;          // [n]
  std::string problem;              // as above, or too few rows or clusters for the folds

  bool ok() const { return problem.empty(); }
};

// `all` is the fit of all rows, from which the folds' fits start.
CrossValidated cross_validate(const Predictions& predictions, const TemperatureFit& all,
                              const Folds& folds);

}  // namespace assay::stats
