#include "assay/methods/intervention/transplant.h"

#include <algorithm>

#include "assay/base/error.h"

namespace assay::methods {

at::Tensor feathered(const PixelMask& region, std::int64_t height, std::int64_t width,
                     int feather_px) {
  if (static_cast<std::int64_t>(region.size()) != height * width || feather_px < 0)
    throw BugError("a region of one byte a pixel and a feather of no negative width were promised");
  at::Tensor inside = at::empty({1, 1, height, width}, at::kFloat);
  std::transform(region.begin(), region.end(), inside.data_ptr<float>(),
                 [](std::uint8_t r) { return r ? 1.0F : 0.0F; });
  if (feather_px == 0) return inside[0][0];
  // Means over what lies within the picture: beyond its border the region goes on as it is.
  const std::int64_t side = 2 * static_cast<std::int64_t>(feather_px) + 1;
  const at::Tensor padded =
      at::replication_pad2d(inside, {feather_px, feather_px, feather_px, feather_px});
  const at::Tensor mean = at::avg_pool2d(padded, {side, side}, {1, 1});
  return (at::clamp_min(2 * mean - 1, 0) * inside)[0][0];
}

at::Tensor transplanted(const at::Tensor& picture, const at::Tensor& donor,
                        const at::Tensor& alpha) {
  return at::where(alpha > 0, picture * (1 - alpha) + donor * alpha, picture);
}

}  // namespace assay::methods
