#include "assay/stats/selective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "assay/base/error.h"
#include "assay/stats/interval.h"

namespace assay::stats {

namespace {

// Rows of equal uncertainty.
struct Step {
  double uncertainty = 0;
  std::vector<std::size_t> rows;
};

std::vector<Step> steps_of(const Doubt& doubt) {
  if (doubt.uncertainty.size() != doubt.wrong.size())
    throw BugError("one uncertainty an answer was promised");
  std::vector<std::size_t> order(doubt.uncertainty.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return doubt.uncertainty[a] < doubt.uncertainty[b];
  });
  std::vector<Step> steps;
  for (const std::size_t i : order) {
    if (steps.empty() || steps.back().uncertainty != doubt.uncertainty[i])
      steps.push_back({doubt.uncertainty[i], {}});
    steps.back().rows.push_back(i);
  }
  return steps;
}

// A step's rows and errors, weighed, and how many they are.
struct Mass {
  double rows = 0, errors = 0;
  int count = 0, wrong = 0;
};

// Σ over rows of the risk at each one's coverage / Σ rows; a step's rows share its error rate.
double area_under(std::span<const Mass> masses) {
  double rows = 0, errors = 0, area = 0;
  for (const Mass& m : masses) {
    const double row = m.rows / m.count, error = m.errors / m.count;
    for (int k = 1; k <= m.count; ++k) {
      const double below = rows + row * k;
      area += below > 0 ? row * (errors + error * k) / below : 0;
    }
    rows += m.rows;
    errors += m.errors;
  }
  return rows > 0 ? area / rows : 0;
}

// Of the best order: all right rows first.
double best_area(std::span<const Mass> masses) {
  Mass right, wrong;
  for (const Mass& m : masses) {
    right.rows += m.rows - m.errors;
    right.count += m.count - m.wrong;
    wrong.rows += m.errors;
    wrong.errors += m.errors;
    wrong.count += m.wrong;
  }
  return area_under(std::array{right, wrong});
}

std::optional<double> auroc_of(std::span<const Mass> masses) {
  double right_before = 0, pairs = 0, right = 0, wrong = 0;
  for (const Mass& m : masses) {
    const double r = m.rows - m.errors;
    pairs += m.errors * (right_before + r / 2);
    right_before += r;
    right += r;
    wrong += m.errors;
  }
  if (!(right > 0 && wrong > 0)) return std::nullopt;
  return pairs / (right * wrong);
}

std::vector<Mass> masses_of(const std::vector<Step>& steps, const Doubt& doubt,
                            std::span<const double> weights) {
  std::vector<Mass> masses;
  for (const Step& step : steps) {
    Mass m;
    for (const std::size_t i : step.rows) {
      const double w = weights.empty() ? 1 : weights[i];
      m.rows += w;
      m.errors += doubt.wrong[i] != 0 ? w : 0;
      ++m.count;
      m.wrong += doubt.wrong[i] != 0;
    }
    masses.push_back(m);
  }
  return masses;
}

enum class Imaginary { kWorst, kBest };

// `add` puts the imaginary rows' masses, of weight w, before and behind the real ones.
template <class Measure, class Add>
Replicates replicates_of(const Doubt& doubt, const Resampling& resampling, bool low_is_good,
                         Measure measure, Add add) {
  const auto steps = steps_of(doubt);
  const bool by_cluster = !doubt.clusters.empty();
  Clusters clusters;
  if (by_cluster) {
    clusters = renumbered(doubt.clusters);
  } else {
    clusters.count = doubt.uncertainty.size();
    clusters.of_row.resize(clusters.count);
    std::iota(clusters.of_row.begin(), clusters.of_row.end(), 0U);
  }
  Replicates nothing;
  nothing.method = by_cluster ? "bootstrap by cluster" : "bootstrap";
  if (clusters.count < 2) return nothing;
  const auto g = static_cast<double>(clusters.count);
  const double spread = by_cluster ? std::sqrt((g + 1) / (g - 1)) : 1;
  const double plain = measure(masses_of(steps, doubt, {}));
  std::vector<double> lower, upper;
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    std::vector<double> of_cluster(clusters.count), weights(doubt.uncertainty.size());
    for (double& w : of_cluster) w = gamma_draw(stream, 1);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = of_cluster[clusters.of_row[i]];
    const double own = gamma_draw(stream, 1);
    for (const bool for_lower : {true, false}) {
      std::vector<Mass> masses = masses_of(steps, doubt, weights);
      add(masses, for_lower == low_is_good ? Imaginary::kBest : Imaginary::kWorst, own);
      const double value = plain + spread * (measure(masses) - plain);
      (for_lower ? lower : upper).push_back(std::clamp(value, 0.0, 1.0));
    }
  }
  return join(std::move(lower), std::move(upper), {0, 1}, nothing.method);
}

Mass imaginary(double weight, bool wrong) { return {weight, wrong ? weight : 0, 1, wrong ? 1 : 0}; }
// One row that is surest of all, wrong or right.
void add_surest(std::vector<Mass>& masses, Imaginary kind, double weight) {
  masses.insert(masses.begin(), imaginary(weight, kind == Imaginary::kWorst));
}

}  // namespace

RiskCoverage risk_coverage(const Doubt& doubt) {
  RiskCoverage curve;
  const auto steps = steps_of(doubt);
  const auto n = static_cast<double>(doubt.uncertainty.size());
  double rows = 0, errors = 0;
  for (const Mass& m : masses_of(steps, doubt, {})) {
    rows += m.rows;
    errors += m.errors;
    curve.coverage.push_back(rows / n);
    curve.risk.push_back(errors / rows);
  }
  for (const Step& s : steps) curve.threshold.push_back(s.uncertainty);
  return curve;
}

SelectiveMeasures selective_measures(const Doubt& doubt) {
  const auto masses = masses_of(steps_of(doubt), doubt, {});
  const double area = area_under(masses);
  return {area, area - best_area(masses), auroc_of(masses)};
}

Replicates aurc_replicates(const Doubt& doubt, const Resampling& resampling) {
  return replicates_of(
      doubt, resampling, true, [](std::span<const Mass> m) { return area_under(m); }, add_surest);
}

Replicates excess_aurc_replicates(const Doubt& doubt, const Resampling& resampling) {
  return replicates_of(
      doubt, resampling, true, [](std::span<const Mass> m) { return area_under(m) - best_area(m); },
      add_surest);
}

Replicates auroc_replicates(const Doubt& doubt, const Resampling& resampling) {
  return replicates_of(
      doubt, resampling, false, [](std::span<const Mass> m) { return auroc_of(m).value_or(0.5); },
      [](std::vector<Mass>& masses, Imaginary kind, double weight) {
        const bool worst = kind == Imaginary::kWorst;
        masses.insert(masses.begin(), imaginary(weight, worst));
        masses.push_back(imaginary(weight, !worst));
      });
}

std::vector<std::size_t> answered_at(const Doubt& doubt, double coverage) {
  const auto wanted = std::ceil(coverage * static_cast<double>(doubt.uncertainty.size()) - 1e-9);
  std::vector<std::size_t> rows;
  for (const Step& step : steps_of(doubt)) {
    if (static_cast<double>(rows.size()) >= wanted) break;
    rows.insert(rows.end(), step.rows.begin(), step.rows.end());
  }
  return rows;
}

std::optional<AbstainThreshold> abstain_threshold(const Doubt& doubt, double error_rate,
                                                  double confidence) {
  const auto steps = steps_of(doubt);
  if (steps.empty()) return std::nullopt;
  std::vector<AbstainThreshold> all;
  AbstainThreshold so_far;
  for (const Step& step : steps) {
    so_far.threshold = step.uncertainty;
    for (const std::size_t i : step.rows) {
      ++so_far.answered;
      so_far.wrong += doubt.wrong[i] != 0;
    }
    all.push_back(so_far);
  }
  const double looks = std::ceil(std::log2(static_cast<double>(doubt.uncertainty.size()))) + 1,
               each = 1 - (1 - confidence) / std::max(1.0, looks);
  for (AbstainThreshold& t : all) t.bound = clopper_pearson_upper({t.wrong, t.answered}, each);
  std::optional<AbstainThreshold> found;
  std::size_t low = 0, high = all.size();
  const auto look = [&](std::size_t at) {
    const bool holds = all[at].bound <= error_rate;
    if (holds && (!found || all[at].answered > found->answered)) found = all[at];
    return holds;
  };
  if (look(all.size() - 1)) return found;
  --high;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (look(middle))
      low = middle + 1;
    else
      high = middle;
  }
  return found;
}

}  // namespace assay::stats
