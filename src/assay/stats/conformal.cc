#include "assay/stats/conformal.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::stats {

std::vector<double> conformal_scores(std::span<const double> probabilities, double v,
                                     const ConformalRule& rule) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probabilities[a] > probabilities[b];
  });
  std::vector<double> scores(probabilities.size());
  double before = 0;
  for (std::size_t r = 0; r < order.size(); ++r) {
    const double p = probabilities[order[r]],
                 beyond = std::max(0.0, static_cast<double>(r) + 1 - rule.free_ranks);
    scores[order[r]] = before + v * p + rule.penalty * beyond;
    before += p;
  }
  return scores;
}

double conformal_threshold(std::vector<double> scores, double alpha) {
  const auto n = static_cast<double>(scores.size());
  const double rank = std::ceil((n + 1) * (1 - alpha) - 1e-9);
  if (rank > n || scores.empty()) return INFINITY;
  const auto k = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(k), scores.end());
  return scores[k];
}

std::vector<int> conformal_set(std::span<const double> scores, double threshold) {
  std::vector<int> set;
  for (std::size_t k = 0; k < scores.size(); ++k)
    if (scores[k] <= threshold) set.push_back(static_cast<int>(k));
  return set;
}

}  // namespace assay::stats
