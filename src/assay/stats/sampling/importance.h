// Rare events: which of many candidates to ask, when a cheap guess says where the event is likely.
//
// Of a pool of M draws from the law in question, n are chosen with replacement: a quarter in proportion to the guess's
// probability of the event, the others uniformly. With q_j the probability of choice j,
//   p = mean over the chosen of w_j · [the event at j],   w_j = 1 / (M q_j) ≤ 4/3
// is unbiased whatever the guess is worth: where the guess is wrong the uniform draws still look. A good guess finds events
// that plain draws would not meet, each with a small weight.
// The bound is Gaffke's for the mean of values in [0, 4/3] (bootstrap.h): it trusts the guess in nothing, so it ends some 5 / n
// above the value, as a rule of three. The pool's own error, p (1 − p) / M, is added.
// When it lies: the event's probability is that of the pictures at hand; others may differ.
// Cost: a guess a candidate, an evaluation a different choice. Source: owen2000, gaffke2005.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/sampling/design.h"

namespace assay::stats {

struct ImportanceSample {
  std::vector<std::int64_t> chosen;  // places in the pool, with repetitions
  std::vector<double> weights;       // of each
  std::vector<std::int64_t> asked;   // the different ones, ascending
};

// `guesses`: probabilities of the event, one a candidate; all 0: uniform draws alone.
ImportanceSample importance_sample(std::span<const double> guesses, std::int64_t count,
                                   const Draws& draws);

// The mean of `values` = weight × event over all draws of several pools of `pool` candidates each.
Replicates rare_probability(std::span<const double> values, std::int64_t pool, std::int64_t pools,
                            const Resampling& resampling);

}  // namespace assay::stats
