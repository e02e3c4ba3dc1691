// Counts to linear light: black, balance, matrix; and the curve at the end.
#include <cmath>
#include <vector>

#include "assay/imaging/camera/stages.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// Four values at the 2 × 2 places over [1,1,H,W].
at::Tensor tiled(const std::array<double, 4>& values, const at::Tensor& like) {
  at::Tensor t = at::empty({1, 1, like.size(2), like.size(3)}, like.scalar_type());
  for (std::int64_t y = 0; y < 2; ++y)
    for (std::int64_t x = 0; x < 2; ++x)
      t.slice(2, y, like.size(2), 2)
          .slice(3, x, like.size(3), 2)
          .fill_(values[static_cast<std::size_t>(2 * y + x)]);
  return t;
}

}  // namespace

at::Tensor without_black(const at::Tensor& mosaic, const Sensor& sensor, bool normalised) {
  const at::Tensor light = mosaic - tiled(sensor.black, mosaic);
  if (!normalised) return light;
  std::array<double, 4> reach{};
  for (std::size_t k = 0; k < 4; ++k) reach[k] = sensor.white - sensor.black[k];
  return light / tiled(reach, mosaic);
}

at::Tensor balanced(const at::Tensor& x, const std::array<double, 3>& gains, Cfa cfa) {
  if (x.size(1) == 3)
    return x * at::tensor({gains[0], gains[1], gains[2]}, at::kDouble)
                   .to(x.scalar_type())
                   .view({1, 3, 1, 1});
  std::array<double, 4> of_place{};
  for (std::size_t k = 0; k < 4; ++k)
    of_place[k] = gains[static_cast<std::size_t>(
        colour_at(cfa, static_cast<std::int64_t>(k / 2), static_cast<std::int64_t>(k % 2)))];
  return x * tiled(of_place, x);
}

at::Tensor with_matrix(const at::Tensor& rgb, const std::array<double, 9>& matrix) {
  const at::Tensor m = at::tensor(std::vector<double>(matrix.begin(), matrix.end()), at::kDouble)
                           .to(rgb.scalar_type())
                           .view({3, 3});
  return at::matmul(m, rgb.flatten(2)).view(rgb.sizes());
}

at::Tensor without_shading(const at::Tensor& x, double share) {
  return x / (1 - share * radius_squared(x));
}

at::Tensor with_gamma(const at::Tensor& x, double gamma) { return x.clamp_min(0).pow(1 / gamma); }

at::Tensor with_srgb_curve(const at::Tensor& x) {
  const at::Tensor v = x.clamp_min(0);
  return at::where(v.le(0.0031308), 12.92 * v, 1.055 * v.clamp_min(0.0031308).pow(1 / 2.4) - 0.055);
}

// Recommendation ITU-R BT.709, with the constants that join both pieces.
at::Tensor with_bt709_curve(const at::Tensor& x) {
  constexpr double kAlpha = 1.09929682680944, kBeta = 0.018053968510807;
  const at::Tensor v = x.clamp_min(0);
  return at::where(v.lt(kBeta), 4.5 * v, kAlpha * v.clamp_min(kBeta).pow(0.45) - (kAlpha - 1));
}

}  // namespace assay::imaging
