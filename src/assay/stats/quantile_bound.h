// Bounds of a quantile from order statistics: no distribution is assumed, and they are exact.
//
// r_1 ≤ … ≤ r_n independent; q the p-quantile. At least r_j with confidence c for the largest j with
//   P(Bin(n, p) ≤ j − 1) ≤ 1 − c
// at most r_k for the smallest k with P(Bin(n, p) ≥ k) ≤ 1 − c. So "of 95 % confidence that a share 1 − p of the
// population is r_j or more": a tolerance limit. Below a least n (log(1 − c) / log(1 − p)) no lower bound exists.
// When it lies: where values depend on each other.
// Cost: a beta cdf for each bisection step. Source: wilks1941.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"

namespace assay::stats {

// How many of n may lie below the bound, at most; -1: there is none.
std::int64_t allowed_below(std::int64_t n, double p, double confidence);
// The fewest values that have a lower bound.
std::int64_t fewest_for_quantile(double p, double confidence);

// `values` ascending, p in (0, 1). The lower bound, or `none`.
double quantile_lower_bound(std::span<const double> values, double p, double confidence,
                            double none);
// All bounds at once, as a confidence distribution.
Replicates quantile_replicates(std::span<const double> values, double p, const Span& range);

}  // namespace assay::stats
