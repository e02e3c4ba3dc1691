// Rare failures, and the effects of factors that depend on each other: what surrogates are asked for beyond indices.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/checks/clusters.h"
#include "assay/checks/sensitivity/sensitivity_summary.h"
#include "assay/stats/bound.h"
#include "assay/stats/sensitivity/pick_freeze.h"
#include "assay/stats/sensitivity/shapley.h"

namespace assay::checks {

namespace {

constexpr Eigen::Index kShapleyPoints = 256;
// Deviation of a share that lies anywhere in [0, 1].
const double kAnywhere = 1 / std::sqrt(12.0);

}  // namespace

Finding rare_failures(const Fits& fits, const ByRound& records, const Sensitivity::Params& params,
                      const FactorSpace& space, std::uint64_t seed) {
  const std::string id = "rare_failure_probability";
  if (records.rare.empty() || !fits.fitter)
    return stats::undefined(id, records.first.empty()
                                    ? "no picture gave finite outputs"
                                    : "the budget went into more points for the surrogates");
  const Shares shares = shares_of(params, space.size(), space.is_random());
  std::vector<double> values;
  for (const Fitted& f : fits.pictures) {
    const auto rare = records.rare.find(f.record->row);
    if (rare == records.rare.end()) continue;
    const auto sample_by = [&](const stats::Surrogate& margin) {
      return rare_sample(*fits.fitter, margin, pool_of(space, seed, f.record->row), shares.rare,
                         seed, f.record->row);
    };
    // What is explained is mostly the margin itself: then its surrogate is there.
    const auto sample =
        params.output == "margin"
            ? sample_by(f.surrogate)
            : sample_by(fit_margins(*fits.fitter,
                                    margins_over(*f.record, nullptr, shares, space.size())));
    const auto& asked = rare->second->asked;
    for (std::size_t i = 0; i < sample.chosen.size(); ++i) {
      const auto at = std::lower_bound(asked.begin(), asked.end(), sample.chosen[i]);
      if (at == asked.end() || *at != sample.chosen[i]) continue;
      const auto place = static_cast<std::size_t>(at - asked.begin());
      values.push_back(
          rare->second->design.decision[place] != f.record->reference() ? sample.weights[i] : 0);
    }
  }
  const auto pools = static_cast<std::int64_t>(records.rare.size());
  Finding finding = stats::bootstrapped(
      id, std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()),
      stats::rare_probability(values, kRarePool, pools, {2000, seed, "sensitivity/rare"}), pools);
  finding.note = "of these pictures: how others differ is not in the interval";
  return finding;
}

std::vector<Sensitivity::Entry> shapley_indices(const Fits& fits, const FactorSpace& space,
                                                std::uint64_t seed, std::int64_t independent) {
  const std::size_t d = space.size();
  // Of every picture: its variance, and what each factor makes of it.
  std::vector<double> variances;
  std::vector<std::vector<double>> parts(d);
  std::vector<double> monte_carlo(d, 0);
  double sum = 0;
  std::vector<const Sensitivity::Record*> records;
  for (const Fitted& f : fits.pictures) {
    const auto effects = stats::shapley_effects(
        [&](const Eigen::MatrixXd& x) { return fits.fitter->predict(f.surrogate, x); },
        space.distributions(), space.copula(), kShapleyPoints, {seed, "sensitivity/shapley"});
    const double explained = effects.variance > 0 ? effects.variance : 0;
    const double missed =
        f.surrogate.residuals.squaredNorm() / static_cast<double>(f.surrogate.residuals.size());
    variances.push_back(explained + missed);
    sum += explained + missed;
    records.push_back(f.record);
    for (std::size_t k = 0; k < d; ++k) {
      const double share = explained > 0 ? effects.effects[k] : 1.0 / static_cast<double>(d);
      // What the surrogate missed is taken to be owed as the rest is.
      parts[k].push_back(share * (explained + missed));
      monte_carlo[k] += explained > 0 ? effects.errors[k] * (explained + missed) : 0;
    }
  }
  const double missed = std::clamp(1 - fits.q2(), 0.0, 1.0);
  const auto points = static_cast<double>(fits.fitter->x().rows());
  const auto numbers = clusters_of(records);
  std::vector<Sensitivity::Entry> entries;
  for (std::size_t k = 0; k < d; ++k) {
    std::vector<double> above = parts[k], below = variances;
    if (!numbers.empty()) {
      const auto groups = stats::renumbered(numbers);
      above.assign(groups.count, 0);
      below.assign(groups.count, 0);
      for (std::size_t i = 0; i < variances.size(); ++i) {
        above[groups.of_row[i]] += parts[k][i];
        below[groups.of_row[i]] += variances[i];
      }
    }
    stats::SobolIndex index = stats::ratio_of_sums(above, below);
    const double between = above.size() > 1 ? index.standard_error : 0;
    // Where the missed variance belongs is not known; and what was fitted, was fitted to so many points.
    const double unplaced = kAnywhere * missed, fitted = 2 * std::sqrt(missed / points);
    index.standard_error = std::sqrt(between * between + unplaced * unplaced + fitted * fitted +
                                     std::pow(monte_carlo[k] / sum, 2));
    index.degrees_of_freedom =
        above.size() > 1 ? std::min(index.degrees_of_freedom, points - 1) : points - 1;
    Sensitivity::Entry entry;
    entry.id = "shapley/" + space.names()[k];
    entry.of_frozen = entry.frozen_error = NAN;
    entry.finding = stats::bootstrapped(
        entry.id, std::clamp(index.value, 0.0, 1.0),
        student(index, "Shapley effects of the surrogate, Student's t"), independent);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace assay::checks
