// What an uncertainty is worth: does refusing the doubtful pictures leave fewer errors?
//
// Rows are sorted by uncertainty u, the surest first; e is 1 where the answer is wrong. Rows of equal u are one step, with their
// common error rate.
//   risk at coverage c   share of errors among the c · n surest
//   AURC                 mean over the rows of the risk at each one's coverage
//   E-AURC               less that of the best order with as many errors: what a better uncertainty could gain
//   AUROC                of u as a score for e: the chance that a wrong row is the less sure of a wrong and a right one, ties half
// Intervals: rows, or clusters whole, get exponential weights (bootstrap.h); for the bound on the bad side imaginary rows of the
// worst kind are added (one surest and wrong, for the AUROC also one least sure and right), for the other of the best.
// Threshold: the largest coverage at which Clopper and Pearson's upper bound, at a confidence shared among the ⌈log2 n⌉ + 1
// thresholds that a bisection looks at, is at most the rate asked for. With the confidence given, over draws of such data, the error rate of
// what is answered at that threshold is no higher.
// When it lies: rows that depend on each other (no cluster can mend the threshold: it takes none); other pictures in the field.
// Cost: n log n, and n a replicate. Source: geifman2017 (threshold), geifman2019 (E-AURC), ding2020.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"

namespace assay::stats {

struct Doubt {
  std::vector<double> uncertainty;     // [n], finite
  std::vector<std::uint8_t> wrong;     // [n]
  std::vector<std::int64_t> clusters;  // [n], or empty
};

// The curve: coverage and risk behind each step of equal uncertainty.
struct RiskCoverage {
  std::vector<double> coverage, risk, threshold;  // answered where u is at most the threshold
};
RiskCoverage risk_coverage(const Doubt& doubt);

struct SelectiveMeasures {
  double aurc = 0, excess_aurc = 0;
  std::optional<double> auroc;  // none where all are right, or all wrong
};
SelectiveMeasures selective_measures(const Doubt& doubt);

Replicates aurc_replicates(const Doubt& doubt, const Resampling& resampling);
Replicates excess_aurc_replicates(const Doubt& doubt, const Resampling& resampling);
Replicates auroc_replicates(const Doubt& doubt, const Resampling& resampling);

// The rows that are answered when the least sure may be refused but a share `coverage` of all must be: those with u at most the
// ⌈coverage · n⌉-th smallest.
std::vector<std::size_t> answered_at(const Doubt& doubt, double coverage);

struct AbstainThreshold {
  double threshold = 0;  // answer where u is at most this
  std::int64_t answered = 0, wrong = 0;
  double bound = 0;  // on the error rate of what is answered
};
// Nothing where no threshold can be claimed.
std::optional<AbstainThreshold> abstain_threshold(const Doubt& doubt, double error_rate,
                                                  double confidence);

}  // namespace assay::stats
