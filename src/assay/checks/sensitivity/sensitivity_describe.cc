// What the report draws of pictures and surrogates.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "assay/checks/sensitivity/sensitivity_summary.h"
#include "assay/stats/bound.h"
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
    // Of all logits there is no such error: the surrogate's is told.
    if (const auto outputs = explained(*frozen->second, result.params.output); outputs.size() == 1)
      of_model = stats::pick_freeze_totals(
          {outputs[0].data(), static_cast<std::size_t>(outputs[0].size())}, factors);
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

// E[f | x_a, x_b]: the constant and the terms of these two alone.
Sensitivity::Plane plane_of(std::size_t a, std::size_t b, const Fits& fits,
                            const FactorSpace& space) {
  constexpr int kCells = 17;
  Sensitivity::Plane plane;
  plane.a = a;
  plane.b = b;
  const auto values = [&](std::size_t factor) {
    const auto& law = space.distributions()[factor];
    const double low = law.quantile(0.01), high = law.quantile(0.99);
    std::vector<double> at;
    for (int i = 0; i < kCells; ++i) at.push_back(low + (high - low) * i / (kCells - 1));
    return at;
  };
  plane.x = values(a);
  plane.y = values(b);
  Eigen::MatrixXd at(kCells * kCells, static_cast<Eigen::Index>(space.size()));
  for (Eigen::Index f = 0; f < at.cols(); ++f)
    at.col(f).setConstant(space.distributions()[static_cast<std::size_t>(f)].mean());
  for (int i = 0; i < kCells; ++i)
    for (int j = 0; j < kCells; ++j) {
      at(i * kCells + j, static_cast<Eigen::Index>(a)) = plane.x[static_cast<std::size_t>(j)];
      at(i * kCells + j, static_cast<Eigen::Index>(b)) = plane.y[static_cast<std::size_t>(i)];
    }
  const std::uint64_t both = std::uint64_t{1} << a | std::uint64_t{1} << b;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(at.rows());
  for (const Fitted& f : fits.pictures) {
    Eigen::VectorXd c = f.surrogate.coefficients;
    for (Eigen::Index t = 1; t < c.size(); ++t)
      if (stats::factors_of((*f.surrogate.terms)[static_cast<std::size_t>(t)]) & ~both) c(t) = 0;
    sum += fits.fitter->basis().evaluate(at, *f.surrogate.terms) * c;
  }
  sum /= static_cast<double>(fits.pictures.size());
  plane.mean.assign(sum.data(), sum.data() + sum.size());
  return plane;
}

// Over the design's points, which all pictures share: a point's share of pictures is one value.
Sensitivity::Failures failures_along(std::size_t factor, const Fits& fits, const ByRound& records,
                                     const FactorSpace& space) {
  constexpr int kBins = 10;
  const auto& law = space.distributions()[factor];
  const Eigen::VectorXd x = fits.fitter->x().col(static_cast<Eigen::Index>(factor));
  std::vector<double> share(static_cast<std::size_t>(x.size()), 0);
  for (const Fitted& f : fits.pictures) {
    const auto& first = f.record->design.decision;
    const auto more = records.second.find(f.record->row);
    const auto points = static_cast<std::size_t>(x.size());
    const std::size_t of_first =
        more == records.second.end() ? points : points - more->second->design.decision.size();
    for (std::size_t i = 0; i < points; ++i) {
      const std::int32_t decision =
          i < of_first ? first[i] : more->second->design.decision[i - of_first];
      share[i] += decision != f.record->reference();
    }
  }
  std::vector<std::vector<double>> values(kBins);
  std::vector<double> place(kBins, 0);
  for (std::size_t i = 0; i < share.size(); ++i) {
    const double at = x(static_cast<Eigen::Index>(i));
    const auto bin =
        static_cast<std::size_t>(std::clamp(static_cast<int>(law.cdf(at) * kBins), 0, kBins - 1));
    values[bin].push_back(share[i] / static_cast<double>(fits.pictures.size()));
    place[bin] += at;
  }
  Sensitivity::Failures curve;
  for (std::size_t b = 0; b < values.size(); ++b) {
    if (values[b].empty()) continue;
    const Finding mean = stats::mean("", stats::mean_error(values[b]), "",
                                     static_cast<std::int64_t>(values[b].size()));
    curve.x.push_back(place[b] / static_cast<double>(values[b].size()));
    curve.share.push_back(mean.value);
    curve.low.push_back(mean.interval ? std::max(0.0, mean.interval->low) : 0);
    curve.high.push_back(mean.interval ? std::min(1.0, mean.interval->high) : 1);
  }
  return curve;
}

// The pairs with the largest interactions, or where there is none the two factors with the largest totals.
std::vector<std::pair<std::size_t, std::size_t>> pairs_to_draw(const Sensitivity::Result& result,
                                                               std::size_t factors) {
  constexpr std::size_t kDrawn = 2;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < factors; ++a)
    for (std::size_t b = a + 1; b < factors; ++b) pairs.emplace_back(a, b);
  if (result.pairs.size() == pairs.size()) {
    std::vector<std::size_t> order(pairs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t k) {
      return result.pairs[i].finding.value > result.pairs[k].finding.value;
    });
    std::vector<std::pair<std::size_t, std::size_t>> sorted;
    for (const std::size_t i : order) sorted.push_back(pairs[i]);
    pairs = std::move(sorted);
  }
  pairs.resize(std::min(kDrawn, pairs.size()));
  return pairs;
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
    p.view = f.record->view(result.params.border, result.params.fill, seed);
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
  for (const auto& [a, b] : pairs_to_draw(result, space.size()))
    result.planes.push_back(plane_of(a, b, fits, space));
  for (std::size_t f = 0; f < space.size(); ++f)
    result.failures.push_back(failures_along(f, fits, records, space));
}

}  // namespace assay::checks
