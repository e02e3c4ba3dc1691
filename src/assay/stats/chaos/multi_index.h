// Which products of univariate polynomials a basis has: one row of degrees a term.
//
// Kept: (sum_i degree_i^q)^(1/q) <= degree (q = 1: total degree; below 1: hyperbolic, fewer
// interactions of high degree), at most `interaction` factors in a term, at most degree_limits[i] of
// factor i (a discrete distribution of n values has n - 1). Graded: by total degree, then by the
// first factor's degree, falling, and so on; the constant first.
// Source: blatman2011.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

using MultiIndex = std::vector<std::uint8_t>;  // a degree a factor, at most 255

struct Truncation {
  int degree = 3;                       // 0 to 255
  double q = 1;                         // (0, 1]
  int interaction = 0;                  // factors in a term; 0: any number
  std::vector<int> degree_limits = {};  // empty: none
  std::size_t most_terms = 100'000;
};

// InputError where there would be more than most_terms.
std::vector<MultiIndex> multi_indices(std::size_t factors, const Truncation& truncation);

// The factors in a term, as bits: bit i for factor i. At most 64 factors.
std::uint64_t factors_of(const MultiIndex& index);

}  // namespace assay::stats
