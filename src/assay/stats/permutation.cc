#include "assay/stats/permutation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

constexpr std::size_t kMostExact = 14;  // clusters: 16,384 signs

std::vector<double> sums(std::span<const double> effects, std::span<const std::int64_t> clusters) {
  for (const double e : effects)
    if (!std::isfinite(e)) throw BugError("finite effects were promised");
  if (clusters.empty()) return {effects.begin(), effects.end()};
  if (clusters.size() != effects.size()) throw BugError("one cluster an effect was promised");
  const Clusters numbered = renumbered(clusters);
  std::vector<double> sums(numbered.count, 0);
  for (std::size_t i = 0; i < effects.size(); ++i) sums[numbered.of_row[i]] += effects[i];
  return sums;
}

}  // namespace

double sign_flip_p(std::span<const double> effects, std::span<const std::int64_t> clusters,
                   const Resampling& resampling) {
  std::vector<double> each = sums(effects, clusters);
  // A cluster without effect has no sign to flip.
  std::erase(each, 0.0);
  if (each.empty()) return 1;
  double observed = 0, size = 0;
  for (const double e : each) {
    observed += e;
    size += std::abs(e);
  }
  const double least = observed - 1e-12 * size;  // equal sums in another order of addition
  if (each.size() <= kMostExact) {
    const std::uint32_t all = std::uint32_t{1} << each.size();
    std::uint32_t hits = 0;
    for (std::uint32_t signs = 0; signs < all; ++signs) {
      double total = 0;
      for (std::size_t g = 0; g < each.size(); ++g) total += signs >> g & 1 ? -each[g] : each[g];
      hits += total >= least;
    }
    return static_cast<double>(hits) / all;
  }
  std::int64_t hits = 0;
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    double total = 0;
    std::uint64_t bits = 0;
    for (std::size_t g = 0; g < each.size(); ++g) {
      if (g % 64 == 0) bits = stream();
      total += bits & 1 ? -each[g] : each[g];
      bits >>= 1;
    }
    hits += total >= least;
  }
  return (1.0 + static_cast<double>(hits)) / (1.0 + resampling.replicates);
}

double mcnemar_p(std::int64_t more, std::int64_t fewer) {
  if (more < 0 || fewer < 0) throw BugError("counts were promised");
  if (more == 0) return 1;
  // P(X >= more) for X binomial of more + fewer trials at 1/2.
  return cdf(Beta{static_cast<double>(more), static_cast<double>(fewer) + 1}, 0.5);
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double least = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    least =
        std::min(least, p[order[i]] * static_cast<double>(p.size()) / static_cast<double>(i + 1));
    adjusted[order[i]] = least;
  }
  return adjusted;
}

}  // namespace assay::stats
