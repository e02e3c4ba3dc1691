#include "assay/stats/sensitivity/screening.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/stats/special.h"

namespace assay::stats {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd walks_design(Index walks, Index factors, const Draws& draws) {
  constexpr double kHalf = 0.5;
  MatrixXd design(walks * (factors + 1), factors);
  Stream stream(draws.seed, std::string(draws.purpose) + "/walks");
  for (Index w = 0; w < walks; ++w) {
    const Index start = w * (factors + 1);
    for (Index f = 0; f < factors; ++f)
      design(start, f) = (2.0 * static_cast<double>(stream.below(4)) + 1) / 8;
    std::vector<Index> order(static_cast<std::size_t>(factors));
    std::iota(order.begin(), order.end(), Index{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
    for (Index k = 0; k < factors; ++k) {
      design.row(start + k + 1) = design.row(start + k);
      double& moved = design(start + k + 1, order[static_cast<std::size_t>(k)]);
      moved += moved < kHalf ? kHalf : -kHalf;
    }
  }
  return design;
}

MatrixXd elementary_effects(const MatrixXd& design, std::span<const double> values) {
  const Index d = design.cols(), walks = design.rows() / (d + 1);
  if (static_cast<Index>(values.size()) != design.rows()) throw BugError("walks: a value a row");
  MatrixXd effects(walks, d);
  for (Index w = 0; w < walks; ++w)
    for (Index k = 0; k < d; ++k) {
      const Index before = w * (d + 1) + k;
      Index moved = 0;
      for (Index f = 0; f < d; ++f)
        if (design(before + 1, f) != design(before, f)) moved = f;
      const double step =
          values[static_cast<std::size_t>(before + 1)] - values[static_cast<std::size_t>(before)];
      effects(w, moved) = design(before + 1, moved) > design(before, moved) ? step : -step;
    }
  return effects;
}

double poincare_constant(const Distribution& distribution) {
  const auto& p = distribution.parameters();
  switch (distribution.kind()) {
    case DistributionKind::kUniform:
      return std::pow((p[1] - p[0]) / std::numbers::pi, 2);
    case DistributionKind::kNormal:
    case DistributionKind::kTruncatedNormal:
      return p[1] * p[1];
    case DistributionKind::kDiscrete:
      return kInfinity;
    default: {
      constexpr int kGrid = 4000;
      double most = 0;
      for (int i = 0; i < kGrid; ++i) {
        const double q = (i + 0.5) / kGrid,
                     density = distribution.density(distribution.quantile(q));
        most = std::max(most, std::min(q, 1 - q) / density);
      }
      return 4 * most * most;
    }
  }
}

}  // namespace assay::stats
