// Tests that ask what chance alone would do, and what remains of many of them.
//
// sign_flip_p: were the effects symmetric about 0, each sum over a cluster could as well have the
// other sign. p is the share of all signs under which the total is at least the observed one: exact
// up to 14 clusters, beyond by random signs as (1 + hits) / (1 + draws), which keeps the level at
// any number of draws (phipson2010). Nothing else is assumed of the effects: heavy tails and
// clusters of unlike sizes are in order. When it lies: where effects of independent units are
// skewed about 0 without any mean, and where units depend on each other and no cluster says so.
// mcnemar_p: of the pairs of which one member turned and the other did not, as many would turn this
// way as that: the binomial tail, exact (mcnemar1947).
// Cost: draws × clusters signs, 64 to a random number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/stats/bootstrap.h"

namespace assay::stats {

// One-sided, for a mean above 0, of effects independent or independent between clusters (one number
// an effect, or none at all); `resampling.replicates` draws. 1 for no effects and where all are 0;
// BugError for effects that are not finite.
double sign_flip_p(std::span<const double> effects, std::span<const std::int64_t> clusters,
                   const Resampling& resampling);

// One-sided, for `more` being the likelier of the two; 1 where both are 0.
double mcnemar_p(std::int64_t more, std::int64_t fewer);

// The p-values adjusted so that among those at most q the expected share of false ones is at most
// q (benjamini1995), in their own order.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace assay::stats
