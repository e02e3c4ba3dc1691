#include "assay/imaging/camera/optics.h"

#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

namespace assay::imaging {

namespace {

constexpr std::array<std::string_view, 4> kAberrations{"camera.defocus", "camera.astigmatism",
                                                       "camera.coma", "camera.spherical"};

// Where rays of unit aberrations land, [4][rays][x, y]: slopes of r² (defocus), r² cos 2a (astigmatism), (3 r³ − 2 r) cos a
// (coma) and 6 r⁴ − 6 r² (spherical), each scaled so that its farthest ray lands 1 px away.
at::Tensor landings() {
  constexpr int kRings = 12, kSpokes = 32;  // rings of equal area
  at::Tensor all = at::empty({4, kRings * kSpokes, 2}, at::kDouble);
  double* to = all.data_ptr<double>();
  const auto put = [&](int aberration, int ray, double x, double y) {
    to[(aberration * kRings * kSpokes + ray) * 2] = x;
    to[(aberration * kRings * kSpokes + ray) * 2 + 1] = y;
  };
  for (int i = 0; i < kRings; ++i)
    for (int k = 0; k < kSpokes; ++k) {
      const double r = std::sqrt((i + 0.5) / kRings);
      const double a = 2 * std::numbers::pi * (k + 0.5 * (i % 2)) / kSpokes;
      const double u = r * std::cos(a), v = r * std::sin(a);
      const int ray = i * kSpokes + k;
      put(0, ray, u, v);
      put(1, ray, u, -v);
      // d/du and d/dv of (3 r² − 2) u, over 7, its slope at the rim.
      put(2, ray, (9 * u * u + 3 * v * v - 2) / 7, 6 * u * v / 7);
      // Of 6 r⁴ − 6 r²: (24 r² − 12) (u, v), over 12.
      put(3, ray, (2 * r * r - 1) * u, (2 * r * r - 1) * v);
    }
  return all;
}

}  // namespace

bool has_aberrations(const Theta& theta) {
  for (const std::string_view name : kAberrations)
    if (theta.has(name)) return true;
  return false;
}

at::Tensor point_spread(const Theta& theta, const at::TensorOptions& options) {
  static const at::Tensor rays = landings();
  std::vector<at::Tensor> amounts;
  for (const std::string_view name : kAberrations) amounts.push_back(theta(name).to(at::kDouble));
  // [N, rays, 2]
  const at::Tensor at =
      at::matmul(at::stack(amounts, 1), rays.flatten(1)).view({theta.rows(), -1, 2});
  const auto radius = static_cast<std::int64_t>(
      std::max(1.0, std::ceil(at.detach().abs().max().item<double>() + 1e-9)));
  const at::Tensor cells = at::arange(-radius, radius + 1, at::TensorOptions(at::kDouble));
  // A ray's light by the tent of the distance along each axis: [N, rays, cells].
  const auto share = [&](std::int64_t axis) {
    return (1 - (at.select(2, axis).unsqueeze(2) - cells).abs()).clamp_min(0);
  };
  const at::Tensor spread = at::matmul(share(1).transpose(1, 2), share(0));  // [N, y, x]
  return (spread / static_cast<double>(rays.size(1))).to(options.dtype());
}

at::Tensor with_lateral_colour(const at::Tensor& rgb, const at::Tensor& shift) {
  const std::int64_t h = rgb.size(2), w = rgb.size(3);
  const double corner =
      0.5 * std::sqrt(static_cast<double>(h * h) + static_cast<double>(w * w));  // px
  const at::Tensor x = (2 * at::arange(w, rgb.options()) + 1) / static_cast<double>(w) - 1;
  const at::Tensor y = (2 * at::arange(h, rgb.options()) + 1) / static_cast<double>(h) - 1;
  const at::Tensor grid = at::stack({x.expand({h, w}), y.view({-1, 1}).expand({h, w})}, 2);
  const auto scaled = [&](std::int64_t channel, double sign) {
    const at::Tensor scale = 1 + sign * per_picture(shift) / corner;
    return at::grid_sampler(rgb.narrow(1, channel, 1), grid / scale, 0, 1, false);
  };
  return at::cat({scaled(0, 1), rgb.narrow(1, 1, 1), scaled(2, -1)}, 1);
}

}  // namespace assay::imaging
