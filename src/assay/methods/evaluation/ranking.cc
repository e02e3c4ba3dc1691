#include "assay/methods/evaluation/ranking.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace assay::methods {

at::Tensor over_pixels(const at::Tensor& maps, std::int64_t height, std::int64_t width) {
  const at::Tensor values = maps.to(at::kFloat).contiguous();
  if (values.size(1) == height && values.size(2) == width) return values;
  return at::upsample_bilinear2d(values.unsqueeze(1), {height, width}, /*align_corners=*/false)
      .squeeze(1)
      .contiguous();
}

Ranking ranking(const at::Tensor& map, Stream ties) {
  const at::Tensor values = map.to(at::kFloat).contiguous();
  const float* value = values.data_ptr<float>();
  Ranking order(static_cast<std::size_t>(values.numel()));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[ties.below(i)]);
  std::stable_sort(order.begin(), order.end(),
                   [value](std::int64_t a, std::int64_t b) { return value[a] > value[b]; });
  return order;
}

}  // namespace assay::methods
