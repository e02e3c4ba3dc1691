// Intervals for a proportion k/n.
//
// Clopper–Pearson inverts the binomial tails: the true proportion lies inside at least as often as
// the level says, for every n and p. Wilson inverts the score test: narrower, right on average over
// p, but not for every p, so no verdict rests on it.
// Both lie in [0, 1] and contain k/n; n = 0 gives [0, 1]. Confidence is one-sided, level two-sided;
// both in (0, 1).
// When they lie: where the draws depend on each other; see bootstrap.h for clusters.
// Cost: see special.h. Source: clopper1934, wilson1927.
#pragma once

#include "assay/base/estimate.h"

namespace assay::stats {

// The true proportion is at least (at most) this with the given one-sided confidence.
double clopper_pearson_lower(const Binomial& seen, double confidence);
double clopper_pearson_upper(const Binomial& seen, double confidence);
Interval clopper_pearson(const Binomial& seen, double level = 0.95);

double wilson_lower(const Binomial& seen, double confidence);
double wilson_upper(const Binomial& seen, double confidence);
Interval wilson(const Binomial& seen, double level = 0.95);

// The binomial tails at a proportion p in [0, 1]: P(X >= k) and P(X <= k) of n draws.
double at_least_as_many(const Binomial& seen, double p);
double at_most_as_many(const Binomial& seen, double p);

}  // namespace assay::stats
