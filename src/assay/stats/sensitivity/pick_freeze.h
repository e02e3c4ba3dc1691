// Sobol' indices from the model itself, no surrogate between: two independent samples A and B, and for each factor
// the sample A with that factor's column from B.
//
//   total effect   V E[f | all but i] left out: mean of (f(A) - f(A_i))^2 / 2            (Jansen)
//   first order    mean of (f(B) - m)(f(A_i) - f(A))                                     (Saltelli)
//   variance       of f(A) and f(B) together
//
// Sums over base points, so they add over outputs. The error of an index is that of a ratio of means over
// whatever is independent: base points, or outputs with base points of their own.
// Cost: (factors + 2) evaluations a base point. Source: jansen1999, saltelli2010.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "assay/stats/sensitivity/sobol_indices.h"

namespace assay::stats {

// Of one output: means over its base points.
struct PickFreeze {
  std::vector<double> first, total;  // [factors], variances
  double variance = 0;
  double mean = 0;

  PickFreeze& operator+=(const PickFreeze& other);  // of several outputs at the same rows
};

// The rows at which to evaluate, block after block: A, B, A_1 … A_d; [(d + 2) base][d] of the unit cube.
Eigen::MatrixXd pick_freeze_design(Eigen::Index base, Eigen::Index factors, const Draws& draws);

// Values at those rows.
PickFreeze pick_freeze(std::span<const double> values, std::size_t factors);

// The total indices of one output with their errors, base points for units; at least 2. NaN where it is constant.
std::vector<SobolIndex> pick_freeze_totals(std::span<const double> values, std::size_t factors);

// The ratio of sums of numerators to sums of denominators, one of each an independent unit; at least two.
SobolIndex ratio_of_sums(std::span<const double> numerators, std::span<const double> denominators);

}  // namespace assay::stats
