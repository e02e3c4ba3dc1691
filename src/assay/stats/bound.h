// What a finding's evidence proves: bounds at any level, for every kind of evidence.
//
//   Exact       the value itself
//   Binomial    Clopper–Pearson
//   MeanError   mean ± t(df) × standard error
//   Replicates  the draws' quantile at probability × (B + 1), clamped to the quantity's range; a
//               tail below 1/(B+1), which the draws cannot resolve, gives the end of the range
//
// Undefined findings and NaN values prove nothing: their bounds are ∓infinity.
// Confidence is one-sided and in (0.5, 1). Level is two-sided: the bounds at (1 + level)/2.
// When a bound lies: where rows depend on each other and no cluster says so; where the mean of a
// few strongly skewed values is taken for normal.
// Cost: see special.h. Source: clopper1934.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "assay/base/estimate.h"

namespace assay::stats {

// The quantity is at least (at most) this with the given one-sided confidence.
double lower_bound(const Finding& finding, double confidence);
double upper_bound(const Finding& finding, double confidence);
// Absent for Exact and undefined findings.
std::optional<Interval> two_sided(const Finding& finding, double level = 0.95);

// The standard error of a mean of independent values, or of values independent between clusters:
// one cluster number a value, or none at all. Needs two clusters, else the error is infinite.
MeanError mean_error(std::span<const double> values, std::span<const std::int64_t> clusters = {});

// Of two independent means, a − b; degrees of freedom by Welch and Satterthwaite. Source: welch1947.
MeanError difference(const MeanError& a, const MeanError& b);

// Findings with `interval` and `n` filled in.
Finding proportion(std::string id, std::int64_t successes,
                   std::int64_t trials);  // undefined for no trials
Finding exact(std::string id, double value, std::string unit, std::int64_t n);
Finding mean(std::string id, const MeanError& evidence, std::string unit, std::int64_t n);
Finding bootstrapped(std::string id, double value, Replicates evidence, std::int64_t n);
Finding undefined(std::string id, std::string note);

}  // namespace assay::stats
