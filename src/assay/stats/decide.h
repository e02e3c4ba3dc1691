// Requirements × findings → verdicts. Nothing passes on a point estimate.
//
//   pass          the one-sided bound at the requirement's confidence satisfies it
//   fail          the opposite bound violates it, at the confidence that Holm's correction asks for
//   inconclusive  neither: with the sample size that would settle it if the observed value stayed
//
// Passes are not corrected. A release needs all of them, so an unfit model is released only if the
// one requirement that it violates passes: with probability 1 - confidence at most, however many
// there are (intersection–union).
// Failures are corrected over all requirements of one call, or many requirements would refuse a
// good model. In ascending order of p_i/α_i, with α_i = 1 - confidence_i, requirement i is refused
// while p_i/α_i < 1/(requirements left). The chance that any satisfied requirement is refused is
// then at most the mean of their α (Holm's argument with a share of α_i/m for each). A p-value is
// the smallest α at which the opposite bound violates the requirement.
//
// Sample sizes: proportions by exact Clopper–Pearson at k = round(p n); means by t, replicates by
// their distance from the median, both with the error shrinking as 1/sqrt(n). Up to a million.
// Undefined findings and NaN are inconclusive. Exact findings are compared as they are.
// Cost: about 50 bounds a requirement. Source: holm1979, berger1982.
#pragma once

#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/base/verdict.h"

namespace assay::stats {

// Decision i answers requirement i on finding i. A null finding is an InputError at the
// requirement's place.
std::vector<Decision> decide(std::span<const Requirement> requirements,
                             std::span<const Finding* const> findings);

// Fail if any fails, else inconclusive if any is, else pass. No decisions: pass.
Verdict overall(std::span<const Decision> decisions);

}  // namespace assay::stats
