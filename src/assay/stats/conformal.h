// Sets of classes that hold the right one as often as asked, whatever the model: split conformal prediction.
//
//   score of class k   s_k = Σ_{j before k} p_j + v · p_k + λ · max(0, rank_k − κ), j in falling order of p, rank from 1, v uniform:
//                      APS with λ = 0 (romano2020), RAPS otherwise (angelopoulos2021)
//   threshold          the ⌈(n + 1)(1 − α)⌉-th smallest score of the right class among n calibration rows; infinite where n is too few
//   set                the classes with a score of at most the threshold
// For rows that are exchangeable with the calibration rows the right class is in the set with probability at least 1 − α, on
// average over both; for one set of calibration rows that is a draw of Beta(⌈(n + 1)(1 − α)⌉, n + 1 − that).
// When it lies: another population; one class or group alone may be covered less (look at the classes).
// Cost: K log K a row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

struct ConformalRule {
  double penalty = 0;  // λ
  int free_ranks = 1;  // κ
};

// [K], of one row; `v` in [0, 1).
std::vector<double> conformal_scores(std::span<const double> probabilities, double v,
                                     const ConformalRule& rule);
// Of the calibration rows' scores of the right class.
double conformal_threshold(std::vector<double> scores, double alpha);
// Which of the classes are in the set. It may be empty.
std::vector<int> conformal_set(std::span<const double> scores, double threshold);

}  // namespace assay::stats
