#include "assay/stats/sensitivity/shapley.h"

#include <cmath>
#include <string>

#include "assay/base/error.h"
#include "assay/stats/special.h"

namespace assay::stats {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr int kRandomisations = 8;

// c(u) of every set, and the variance as that of the full one.
std::vector<double> closed_variances(const std::function<VectorXd(const MatrixXd&)>& f,
                                     std::span<const Distribution> factors,
                                     const GaussianCopula& copula, const MatrixXd& normals) {
  const Index d = copula.factors();
  const MatrixXd first = normals.leftCols(d), second = normals.rightCols(d);
  std::vector<double> closed(std::size_t{1} << d, 0);
  for (std::size_t set = 1; set < closed.size(); ++set) {
    std::vector<Index> order;
    for (Index i = 0; i < d; ++i)
      if (set >> i & 1) order.push_back(i);
    const auto known = static_cast<Index>(order.size());
    for (Index i = 0; i < d; ++i)
      if (!(set >> i & 1)) order.push_back(i);
    MatrixXd other = second;
    other.leftCols(known) = first.leftCols(known);
    const VectorXd a = f(values_of(copula.correlated(first, order), factors)),
                   b = f(values_of(copula.correlated(other, order), factors));
    // Both have one mean; of its two estimates the middle has the smaller error (janon2014).
    const double mean = (a.mean() + b.mean()) / 2;
    closed[set] = ((a.array() - mean) * (b.array() - mean)).mean();
  }
  return closed;
}

std::vector<double> shares(const std::vector<double>& closed, Index d) {
  std::vector<double> effects(static_cast<std::size_t>(d), 0);
  for (std::size_t set = 0; set < closed.size(); ++set) {
    int size = 0;
    for (Index i = 0; i < d; ++i) size += set >> i & 1;
    // |u|! (d - |u| - 1)! / d!
    const double weight =
        std::exp(log_gamma(size + 1.0) + log_gamma(static_cast<double>(d) - size) -
                 log_gamma(static_cast<double>(d) + 1));
    for (Index i = 0; i < d; ++i)
      if (!(set >> i & 1))
        effects[static_cast<std::size_t>(i)] +=
            weight * (closed[set | std::size_t{1} << i] - closed[set]) / closed.back();
  }
  return effects;
}

}  // namespace

ShapleyEffects shapley_effects(const std::function<VectorXd(const MatrixXd&)>& f,
                               std::span<const Distribution> factors, const GaussianCopula& copula,
                               Index points, const Draws& draws) {
  const Index d = copula.factors();
  if (static_cast<std::size_t>(d) != factors.size()) throw BugError("a distribution a factor");
  if (d > 12) throw InputError("", "Shapley effects of more than 12 factors");
  ShapleyEffects result;
  result.closed.assign(std::size_t{1} << d, 0);
  std::vector<std::vector<double>> runs;
  for (int r = 0; r < kRandomisations; ++r) {
    const std::string purpose = std::string(draws.purpose) + "/" + std::to_string(r);
    MatrixXd normals = scrambled_sobol(points, 2 * d, {draws.seed, purpose});
    for (Index j = 0; j < normals.cols(); ++j)
      for (Index i = 0; i < points; ++i) normals(i, j) = quantile(Normal{}, normals(i, j));
    const auto closed = closed_variances(f, factors, copula, normals);
    result.variance += closed.back() / kRandomisations;
    for (std::size_t s = 0; s < closed.size(); ++s)
      result.closed[s] += closed[s] / closed.back() / kRandomisations;
    runs.push_back(shares(closed, d));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(d); ++i) {
    double mean = 0, squares = 0;
    for (const auto& run : runs) mean += run[i] / kRandomisations;
    for (const auto& run : runs) squares += (run[i] - mean) * (run[i] - mean);
    result.effects.push_back(mean);
    result.errors.push_back(std::sqrt(squares / (kRandomisations - 1) / kRandomisations));
  }
  return result;
}

}  // namespace assay::stats
