#include "assay/methods/evaluation/randomisation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

// [n] float64
at::Tensor mean_ranks(const at::Tensor& map) {
  const auto [sorted, order] = at::sort(map.to(at::kDouble).reshape({-1}));
  const double* value = sorted.data_ptr<double>();
  const auto* index = order.data_ptr<std::int64_t>();
  at::Tensor ranks = at::empty({sorted.numel()}, at::kDouble);
  double* rank = ranks.data_ptr<double>();
  for (std::int64_t first = 0; first < sorted.numel();) {
    std::int64_t end = first + 1;
    while (end < sorted.numel() && value[end] == value[first]) ++end;
    for (std::int64_t i = first; i < end; ++i)
      rank[index[i]] = static_cast<double>(first + end - 1) / 2;
    first = end;
  }
  return ranks;
}

}  // namespace

double histogram_entropy(const at::Tensor& map, int bins) {
  const at::Tensor values = map.to(at::kDouble).contiguous();
  const double* value = values.data_ptr<double>();
  const auto n = static_cast<std::size_t>(values.numel());
  const auto [low, high] = std::minmax_element(value, value + n);
  if (n == 0 || !(*high > *low)) return 0;
  std::vector<double> counts(static_cast<std::size_t>(bins), 0);
  for (std::size_t i = 0; i < n; ++i) {
    const double place = (value[i] - *low) / (*high - *low) * bins;
    counts[static_cast<std::size_t>(std::min<double>(place, bins - 1))] += 1;
  }
  double entropy = 0;
  for (const double count : counts) {
    const double share = count / static_cast<double>(n);
    if (share > 0) entropy -= share * std::log(share);
  }
  return entropy;
}

std::optional<double> complexity_rise(const at::Tensor& map, const at::Tensor& randomised) {
  const double own = histogram_entropy(map);
  if (!(own > 0)) return {};
  return (histogram_entropy(randomised) - own) / own;
}

std::optional<double> rank_correlation(const at::Tensor& a, const at::Tensor& b) {
  if (a.numel() != b.numel()) throw BugError("two maps of one size were promised");
  at::Tensor x = mean_ranks(a), y = mean_ranks(b);
  x -= x.mean();
  y -= y.mean();
  const double size = std::sqrt(at::dot(x, x).item<double>() * at::dot(y, y).item<double>());
  if (!(size > 0)) return {};
  return std::clamp(at::dot(x, y).item<double>() / size, -1.0, 1.0);
}

}  // namespace assay::methods
