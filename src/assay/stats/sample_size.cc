#include "assay/stats/sample_size.h"

#include <algorithm>
#include <cmath>

#include "assay/stats/bound.h"
#include "assay/stats/interval.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

// The smallest n in (from, kLargestSample] with proven(n), for a property that stays once it holds.
template <class Proven>
std::optional<std::int64_t> first(std::int64_t from, const Proven& proven) {
  std::int64_t low = from, high = kLargestSample;
  if (low >= high || !proven(high)) return std::nullopt;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (proven(middle) ? high : low) = middle;
  }
  return high;
}

// Which bound proves it: the lower one for "at least passes" and "at most fails".
bool needs_lower_bound(const Requirement& r, Verdict wanted) {
  return (r.comparison == Comparison::kAtLeast) == (wanted == Verdict::kPass);
}

struct Search {
  double bound, confidence;
  bool lower;
  const Finding& finding;
  double middle;

  std::optional<std::int64_t> operator()(const Exact&) const { return std::nullopt; }

  // P(X >= k) at p = bound must be at most α; with k = p n not rounded this falls steadily with n.
  // Rounding moves it by a saw-tooth, so the first n that holds with the rounded k is looked for
  // from there on.
  std::optional<std::int64_t> operator()(const Binomial& e) const {
    const double rate = lower ? middle : 1 - middle;
    const double at = lower ? bound : 1 - bound;
    const double alpha = 1 - confidence;
    const auto smooth = [&](std::int64_t n) {
      const double k = rate * static_cast<double>(n);
      return cdf(Beta{k, static_cast<double>(n) - k + 1}, at) <= alpha;
    };
    const auto rounded = [&](std::int64_t n) {
      const std::int64_t k = std::llround(rate * static_cast<double>(n));
      return at_least_as_many({k, n}, at) <= alpha;
    };
    const auto start = first(e.trials, smooth);
    if (!start) return std::nullopt;
    for (std::int64_t n = *start; n <= kLargestSample; ++n)
      if (rounded(n)) return n;
    return std::nullopt;
  }

  std::optional<std::int64_t> operator()(const MeanError& e) const {
    const auto own = static_cast<double>(finding.n);
    return first(finding.n, [&](std::int64_t n) {
      const double times = static_cast<double>(n) / own;
      const double distance = quantile(StudentT{e.degrees_of_freedom * times}, confidence) *
                              e.standard_error / std::sqrt(times);
      return lower ? middle - distance >= bound : middle + distance <= bound;
    });
  }

  std::optional<std::int64_t> operator()(const Replicates& e) const {
    const auto draws = static_cast<double>(e.values.size());
    if ((1 - confidence) * (draws + 1) < 1 - 1e-9) return std::nullopt;
    const double end = lower ? lower_bound(finding, confidence) : upper_bound(finding, confidence);
    const auto own = static_cast<double>(finding.n);
    return first(finding.n, [&](std::int64_t n) {
      const double moved = middle + (end - middle) * std::sqrt(own / static_cast<double>(n));
      return lower ? moved >= bound : moved <= bound;
    });
  }
};

}  // namespace

double centre(const Finding& finding) {
  if (const auto* draws = std::get_if<Replicates>(&finding.evidence);
      draws && !draws->values.empty())
    return std::clamp(draws->values[draws->values.size() / 2], draws->low, draws->high);
  if (const auto* e = std::get_if<MeanError>(&finding.evidence)) return e->mean;
  return finding.value;
}

std::optional<std::int64_t> sample_size(const Requirement& requirement, const Finding& finding,
                                        const Settling& settling) {
  if (finding.n < 1) return std::nullopt;
  const bool lower = needs_lower_bound(requirement, settling.verdict);
  const double middle = centre(finding);
  if (!(lower ? middle > requirement.bound : middle < requirement.bound)) return std::nullopt;
  return std::visit(Search{requirement.bound, settling.confidence, lower, finding, middle},
                    finding.evidence);
}

}  // namespace assay::stats
