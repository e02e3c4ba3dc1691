#include "assay/methods/evaluation/sensitivity.h"

namespace assay::methods {

at::Tensor jittered(const at::Tensor& picture, double radius, Stream stream) {
  at::Tensor moved = picture.to(at::kFloat).clone(at::MemoryFormat::Contiguous);
  float* item = moved.data_ptr<float>();
  for (std::int64_t i = 0; i < moved.numel(); ++i)
    item[i] += static_cast<float>(radius * (2 * stream.uniform() - 1));
  return moved;
}

std::optional<double> relative_change(const at::Tensor& map, const at::Tensor& moved) {
  const at::Tensor own = map.to(at::kDouble);
  const double size = at::norm(own).item<double>();
  if (!(size > 0)) return {};
  return at::norm(moved.to(at::kDouble) - own).item<double>() / size;
}

}  // namespace assay::methods
