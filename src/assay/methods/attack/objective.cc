#include "assay/methods/attack/objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

constexpr double kLeast = 1e-12;

// sign · (z_c − log Σ_{k≠c} e^{z_k}).
ObjectiveValue log_odds(std::span<const double> z, std::size_t c, double sign) {
  double most = -INFINITY, sum = 0;
  for (std::size_t k = 0; k < z.size(); ++k)
    if (k != c) most = std::max(most, z[k]);
  ObjectiveValue all;
  all.slope.assign(z.size(), 0);
  for (std::size_t k = 0; k < z.size(); ++k)
    if (k != c) sum += all.slope[k] = std::exp(z[k] - most);
  for (double& s : all.slope) s *= -sign / sum;
  all.slope[c] = sign;
  all.value = sign * (z[c] - most - std::log(sum));
  return all;
}

// sign · log p_c.
ObjectiveValue log_probability(std::span<const double> z, std::size_t c, double sign) {
  std::vector<float> out(z.begin(), z.end());
  const float most = *std::max_element(out.begin(), out.end());
  float sum = 0;
  for (float& v : out) sum += std::exp(v -= most);
  const float log_sum = std::log(sum);
  ObjectiveValue all;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const float p = std::exp(out[k] - log_sum);
    all.slope.push_back(sign * static_cast<double>((k == c ? 1.0F : 0.0F) - p));
  }
  all.value = sign * static_cast<double>(out[c] - log_sum);
  return all;
}

std::size_t largest_other(std::span<const double> z, std::size_t label) {
  std::size_t best = label == 0 ? 1 : 0;
  for (std::size_t k = 0; k < z.size(); ++k)
    if (k != label && z[k] > z[best]) best = k;
  return best;
}

// top / bottom, whose slopes are the other two.
ObjectiveValue ratio(double top, const std::vector<double>& top_slope, double bottom,
                     const std::vector<double>& bottom_slope) {
  ObjectiveValue all;
  bottom += kLeast;
  all.value = top / bottom;
  for (std::size_t k = 0; k < top_slope.size(); ++k)
    all.slope.push_back((top_slope[k] - all.value * bottom_slope[k]) / bottom);
  return all;
}

}  // namespace

double excess(std::span<const double> logits, int label) {
  const auto y = static_cast<std::size_t>(label);
  return logits[largest_other(logits, y)] - logits[y];
}

ObjectiveValue objective_of(const Objective& objective, std::span<const double> z, int label) {
  if (z.size() < 2) throw BugError("an attack wants two classes");
  const bool aimed = objective.target >= 0;
  const auto y = objective.loss == Loss::kLead
                     ? largest_other(z, static_cast<std::size_t>(objective.target))
                     : static_cast<std::size_t>(label);
  if (objective.loss == Loss::kCrossEntropy)
    return aimed ? log_odds(z, static_cast<std::size_t>(objective.target), 1) : log_odds(z, y, -1);
  if (objective.loss == Loss::kPlain)
    return aimed ? log_probability(z, static_cast<std::size_t>(objective.target), 1)
                 : log_probability(z, y, -1);
  const std::size_t to = aimed ? static_cast<std::size_t>(objective.target) : largest_other(z, y);
  std::vector<double> top(z.size(), 0), bottom(z.size(), 0);
  top[to] = 1;
  top[y] = -1;
  if (to == y) top[y] = 0;
  const double difference = z[to] - z[y];
  if (objective.loss == Loss::kDifference || objective.loss == Loss::kLead || z.size() < 3)
    return {difference, top};
  std::vector<std::size_t> order(z.size());
  std::iota(order.begin(), order.end(), 0U);
  const std::size_t seen = std::min<std::size_t>(4, z.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(seen), order.end(),
      [&](std::size_t a, std::size_t b) { return z[a] != z[b] ? z[a] > z[b] : a < b; });
  bottom[order[0]] += 1;
  double reach = z[order[0]];
  if (aimed && z.size() >= 4) {
    bottom[order[2]] -= 0.5;
    bottom[order[3]] -= 0.5;
    reach -= (z[order[2]] + z[order[3]]) / 2;
  } else {
    bottom[order[2]] -= 1;
    reach -= z[order[2]];
  }
  return ratio(difference, top, reach, bottom);
}

}  // namespace assay::methods
