#include "assay/stats/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/stats/interval.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

double replicate_quantile(const Replicates& draws, double probability) {
  const auto count = static_cast<double>(draws.values.size());
  const double position = probability * (count + 1) - 1;
  // The rounding of probability × (B + 1) must not push an order statistic out of reach.
  const double slack = 1e-9 * (count + 1);
  if (draws.values.empty()) return probability < 0.5 ? draws.low : draws.high;
  if (position < -slack) return draws.low;
  if (position > count - 1 + slack) return draws.high;
  const double inside = std::clamp(position, 0.0, count - 1);
  const auto below = static_cast<std::size_t>(inside);
  const std::size_t above = std::min(below + 1, draws.values.size() - 1);
  const double part = inside - static_cast<double>(below);
  const double value = draws.values[below] + part * (draws.values[above] - draws.values[below]);
  return std::clamp(value, draws.low, draws.high);
}

double t_distance(const MeanError& e, double confidence) {
  if (!(e.standard_error < kInfinity)) return kInfinity;
  return quantile(StudentT{e.degrees_of_freedom}, confidence) * e.standard_error;
}

enum class Side { kLower, kUpper };

struct BoundOf {
  double value, confidence;
  Side side;

  double operator()(const Exact&) const { return value; }
  double operator()(const Binomial& e) const {
    return side == Side::kLower ? clopper_pearson_lower(e, confidence)
                                : clopper_pearson_upper(e, confidence);
  }
  double operator()(const MeanError& e) const {
    const double distance = t_distance(e, confidence);
    return side == Side::kLower ? e.mean - distance : e.mean + distance;
  }
  double operator()(const Replicates& e) const {
    return replicate_quantile(e, side == Side::kLower ? 1 - confidence : confidence);
  }
};

double bound(const Finding& finding, double confidence, Side side) {
  const double nothing = side == Side::kLower ? -kInfinity : kInfinity;
  if (finding.status != FindingStatus::kOk || std::isnan(finding.value)) return nothing;
  const double b = std::visit(BoundOf{finding.value, confidence, side}, finding.evidence);
  return std::isnan(b) ? nothing : b;
}

std::string method_of(const Evidence& evidence) {
  if (std::holds_alternative<Binomial>(evidence)) return "Clopper-Pearson";
  if (std::holds_alternative<MeanError>(evidence)) return "t";
  if (const auto* draws = std::get_if<Replicates>(&evidence)) return draws->method;
  return "";
}

Finding with_interval(Finding finding) {
  finding.interval = two_sided(finding);
  return finding;
}

}  // namespace

double lower_bound(const Finding& finding, double confidence) {
  return bound(finding, confidence, Side::kLower);
}

double upper_bound(const Finding& finding, double confidence) {
  return bound(finding, confidence, Side::kUpper);
}

std::optional<Interval> two_sided(const Finding& finding, double level) {
  if (finding.status != FindingStatus::kOk || std::holds_alternative<Exact>(finding.evidence))
    return std::nullopt;
  const double confidence = (1 + level) / 2;
  const double low = lower_bound(finding, confidence), high = upper_bound(finding, confidence);
  if (std::isinf(low) || std::isinf(high)) return std::nullopt;
  return Interval{low, high, level, method_of(finding.evidence)};
}

MeanError mean_error(std::span<const double> values, std::span<const std::int64_t> clusters) {
  if (!clusters.empty() && clusters.size() != values.size())
    throw BugError("one cluster a value was promised");
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return {0, kInfinity, 1};
  double sum = 0;
  for (const double v : values) sum += v;
  const double mean = sum / n;

  double squares = 0, groups = n;
  if (clusters.empty()) {
    for (const double v : values) squares += (v - mean) * (v - mean);
  } else {
    // Sums in the order of first appearance, so that the rounding does not depend on the table.
    std::unordered_map<std::int64_t, std::size_t> place;
    std::vector<double> totals;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto [at, fresh] = place.try_emplace(clusters[i], totals.size());
      if (fresh) totals.push_back(0);
      totals[at->second] += values[i] - mean;
    }
    for (const double t : totals) squares += t * t;
    groups = static_cast<double>(totals.size());
  }
  if (groups < 2) return {mean, kInfinity, 1};
  return {mean, std::sqrt(squares * groups / (groups - 1)) / n, groups - 1};
}

MeanError difference(const MeanError& a, const MeanError& b) {
  const double va = a.standard_error * a.standard_error, vb = b.standard_error * b.standard_error;
  const double sum = va + vb;
  if (!(sum < kInfinity)) return {a.mean - b.mean, kInfinity, 1};
  const double parts = va * va / a.degrees_of_freedom + vb * vb / b.degrees_of_freedom;
  return {a.mean - b.mean, std::sqrt(sum),
          parts > 0 ? sum * sum / parts : a.degrees_of_freedom + b.degrees_of_freedom};
}

Finding proportion(std::string id, std::int64_t successes, std::int64_t trials) {
  if (trials == 0) return undefined(std::move(id), "there is nothing to count");
  Finding f;
  f.id = std::move(id);
  f.value = static_cast<double>(successes) / static_cast<double>(trials);
  f.n = trials;
  f.evidence = Binomial{successes, trials};
  return with_interval(std::move(f));
}

Finding exact(std::string id, double value, std::string unit, std::int64_t n) {
  Finding f;
  f.id = std::move(id);
  f.value = value;
  f.unit = std::move(unit);
  f.n = n;
  return f;
}

Finding mean(std::string id, const MeanError& evidence, std::string unit, std::int64_t n) {
  Finding f;
  f.id = std::move(id);
  f.value = evidence.mean;
  f.unit = std::move(unit);
  f.n = n;
  f.evidence = evidence;
  return with_interval(std::move(f));
}

Finding bootstrapped(std::string id, double value, Replicates evidence, std::int64_t n) {
  Finding f;
  f.id = std::move(id);
  f.value = value;
  f.n = n;
  f.evidence = std::move(evidence);
  return with_interval(std::move(f));
}

Finding undefined(std::string id, std::string note) {
  Finding f;
  f.id = std::move(id);
  f.status = FindingStatus::kUndefined;
  f.note = std::move(note);
  return f;
}

}  // namespace assay::stats
