// What the report draws of pictures and surrogates.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "assay/checks/sensitivity/sensitivity_summary.h"
#include "assay/stats/sensitivity/pick_freeze.h"
#include "assay/stats/spectral.h"

namespace assay::checks {

namespace {

// Of one picture: the design's error alone. Pick-freeze has base points for units.
void own_totals(const Fitted& f, const ByRound& records, std::size_t factors,
                const Sensitivity::Result& result, Sensitivity::PerPicture& p) {
  const auto frozen = records.frozen.find(f.record->row);
  std::optional<std::vector<stats::SobolIndex>> of_model;
  if (result.by_pick_freeze && frozen != records.frozen.end()) {
    const Eigen::VectorXd y = explained(frozen->second->design, result.params.output);
    of_model = stats::pick_freeze_totals({y.data(), static_cast<std::size_t>(y.size())}, factors);
  }
  for (std::size_t k = 0; k < factors; ++k) {
    const auto index =
        of_model ? std::optional((*of_model)[k]) : stats::sobol_index(f.parts, factors + k);
    if (!index || !std::isfinite(index->value)) {
      p.total.push_back(0);
      continue;
    }
    const Interval interval = index->interval();
    p.total.push_back(std::clamp(index->value, 0.0, 1.0));
    p.total_low.push_back(interval.low);
    p.total_high.push_back(interval.high);
  }
}

Sensitivity::Response response_to(std::size_t factor, const Fits& fits, const FactorSpace& space) {
  constexpr int kGrid = 31, kBins = 10;
  Sensitivity::Response response;
  const auto& law = space.distributions()[factor];
  const auto column = static_cast<Eigen::Index>(factor);
  const double low = law.quantile(0.005), high = law.quantile(0.995);
  Eigen::MatrixXd at(kGrid, static_cast<Eigen::Index>(space.size()));
  for (Eigen::Index f = 0; f < at.cols(); ++f)
    at.col(f).setConstant(space.distributions()[static_cast<std::size_t>(f)].mean());
  for (int g = 0; g < kGrid; ++g) {
    at(g, column) = low + (high - low) * g / (kGrid - 1);
    response.x.push_back(at(g, column));
  }
  // E[f | x_factor]: the terms of this factor alone.
  std::vector<std::vector<double>> values(kGrid);
  std::vector<double> sum(kBins, 0), count(kBins, 0), place(kBins, 0);
  for (const Fitted& f : fits.pictures) {
    Eigen::VectorXd c = f.surrogate.coefficients;
    for (Eigen::Index t = 1; t < c.size(); ++t)
      if (stats::factors_of((*f.surrogate.terms)[static_cast<std::size_t>(t)]) != std::uint64_t{1}
                                                                                      << factor)
        c(t) = 0;
    const Eigen::VectorXd y = fits.fitter->basis().evaluate(at, *f.surrogate.terms) * c;
    for (int g = 0; g < kGrid; ++g) values[static_cast<std::size_t>(g)].push_back(y(g));
    for (Eigen::Index i = 0; i < f.y.size(); ++i) {
      const auto bin = static_cast<std::size_t>(
          std::clamp(static_cast<int>(law.cdf(fits.fitter->x()(i, column)) * kBins), 0, kBins - 1));
      sum[bin] += f.y(i);
      place[bin] += fits.fitter->x()(i, column);
      count[bin] += 1;
    }
  }
  for (auto& v : values) {
    std::sort(v.begin(), v.end());
    response.mean.push_back(std::accumulate(v.begin(), v.end(), 0.0) /
                            static_cast<double>(v.size()));
    const auto quantile = [&](double q) {
      return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1) + 0.5)];
    };
    response.low.push_back(quantile(0.1));
    response.high.push_back(quantile(0.9));
  }
  for (std::size_t b = 0; b < count.size(); ++b)
    if (count[b] > 0) {
      response.seen_x.push_back(place[b] / count[b]);
      response.seen_y.push_back(sum[b] / count[b]);
    }
  return response;
}

}  // namespace

void describe(const Fits& fits, const ByRound& records, const FactorSpace& space,
              std::uint64_t seed, Sensitivity::Result& result) {
  if (!fits.fitter) return;
  const auto first = shares_of(result.params, space.size(), space.is_random()).first;
  const auto d = static_cast<Eigen::Index>(space.size());
  const Eigen::MatrixXd& x = fits.fitter->x();
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    result.design.emplace_back();
    for (Eigen::Index f = 0; f < d; ++f) result.design.back().push_back(x(i, f));
  }
  for (const Fitted& f : fits.pictures) {
    Sensitivity::PerPicture p;
    p.row = f.record->row;
    p.id = f.record->id;
    p.reference = f.record->reference();
    own_totals(f, records, space.size(), result, p);
    double other = 0;
    for (const std::int32_t decision : f.record->fresh.decision) other += decision != p.reference;
    p.failure = other / static_cast<double>(f.record->fresh.decision.size());
    const Sensitivity::Record& r = *f.record;
    p.view = {{},
              "",
              0,
              result.params.border,
              result.params.fill,
              seed,
              0,
              {r.left, r.top, r.right, r.bottom},
              r.height,
              r.width};
    const auto& margins = f.record->design.margin;
    const auto least = std::min_element(margins.begin(), margins.begin() + first);
    p.worst = static_cast<std::size_t>(least - margins.begin());
    p.worst_margin = static_cast<double>(*least);
    result.per_picture.push_back(std::move(p));
  }
  std::vector<double> profiles;
  for (const auto& p : result.per_picture)
    profiles.insert(profiles.end(), p.total.begin(), p.total.end());
  result.group =
      stats::spectral_clusters(profiles, space.size(), {0, 5, seed, "sensitivity/profiles"})
          .of_point;
  for (const auto* r : records.first)
    for (const float m : r->fresh.margin) result.margins.push_back(static_cast<double>(m));
  for (std::size_t f = 0; f < space.size(); ++f)
    result.responses.push_back(response_to(f, fits, space));
}

}  // namespace assay::checks
