// What spreads a point of light before it meets the sensor. The border is repeated outwards.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

std::int64_t reach(const at::Tensor& values, double factor, double more) {
  return static_cast<std::int64_t>(std::ceil(values.detach().max().item<double>() * factor + more));
}

at::Tensor offsets(std::int64_t radius, const at::TensorOptions& options) {
  return at::arange(-radius, radius + 1, options);
}

at::Tensor of_sum_one(const at::Tensor& weights) { return weights / weights.sum({1, 2}, true); }

// A disc with a rim of one pixel's width.
at::Tensor disc(const at::Tensor& pixels, const at::Tensor& radius) {
  const std::int64_t r = std::max<std::int64_t>(1, reach(radius, 1, 0.5));
  const at::Tensor k = offsets(r, pixels.options());
  const at::Tensor distance = at::sqrt(k * k + (k * k).view({-1, 1}));
  const at::Tensor w = (radius.view({-1, 1, 1}) + 0.5 - distance).clamp(0, 1);
  return filtered(pixels, of_sum_one(w));
}

// A line of one pixel's width with blunt ends.
at::Tensor line(const at::Tensor& pixels, const at::Tensor& length, const at::Tensor& angle) {
  const std::int64_t r = std::max<std::int64_t>(1, reach(length, 0.5, 0.5));
  const at::Tensor x = offsets(r, pixels.options()), y = x.view({-1, 1});
  const at::Tensor a = (angle * (std::numbers::pi / 180)).view({-1, 1, 1});
  const at::Tensor along = x * at::cos(a) + y * at::sin(a),
                   beside = y * at::cos(a) - x * at::sin(a);
  const at::Tensor w = (0.5 * length.view({-1, 1, 1}) + 0.5 - along.abs()).clamp(0, 1) *
                       (1 - beside.abs()).clamp(0, 1);
  return filtered(pixels, of_sum_one(w));
}

// The mean of views that grow evenly up to 1 + zoom.
at::Tensor zoomed(const at::Tensor& pixels, const at::Tensor& zoom) {
  constexpr int kViews = 11;
  const std::int64_t h = pixels.size(2), w = pixels.size(3);
  const at::Tensor x = (2 * at::arange(w, pixels.options()) + 1) / static_cast<double>(w) - 1;
  const at::Tensor y = (2 * at::arange(h, pixels.options()) + 1) / static_cast<double>(h) - 1;
  const at::Tensor grid = at::stack({x.expand({h, w}), y.view({-1, 1}).expand({h, w})}, 2);
  at::Tensor sum = pixels;
  for (int v = 1; v < kViews; ++v) {
    const at::Tensor scale = 1 + per_picture(zoom) * (static_cast<double>(v) / (kViews - 1));
    sum = sum + at::grid_sampler(pixels, grid / scale, 0, 1, false);
  }
  return sum / kViews;
}

}  // namespace

at::Tensor filtered(const at::Tensor& pixels, const at::Tensor& kernels) {
  const std::int64_t n = pixels.size(0), c = pixels.size(1), kh = kernels.size(1),
                     kw = kernels.size(2);
  const at::Tensor padded = at::replication_pad2d(pixels, {kw / 2, kw / 2, kh / 2, kh / 2});
  const at::Tensor weights =
      kernels.view({n, 1, 1, kh, kw}).expand({n, c, 1, kh, kw}).reshape({n * c, 1, kh, kw});
  const std::vector<std::int64_t> one{1, 1}, none{0, 0};
  return at::conv2d(padded.view({1, n * c, padded.size(2), padded.size(3)}), weights, at::Tensor(),
                    one, none, one, n * c)
      .view_as(pixels);
}

at::Tensor gaussian_blurred(const at::Tensor& pixels, const at::Tensor& sigma) {
  const std::int64_t radius = std::max<std::int64_t>(1, reach(sigma, 4, 0));
  const at::Tensor k = offsets(radius, pixels.options()).view({1, -1});
  const at::Tensor s = sigma.view({-1, 1});
  const at::Tensor inside = k.abs().le(at::ceil(4 * s.detach()));
  const at::Tensor w =
      at::where(at::logical_and(inside, s.gt(0)),
                at::exp(-0.5 * at::square(k / at::where(s.gt(0), s, at::ones_like(s)))),
                k.eq(0).to(k.dtype()));
  const at::Tensor normal = w / w.sum(1, true);
  const at::Tensor rows = filtered(pixels, normal.view({-1, 1, 2 * radius + 1}));
  return filtered(rows, normal.view({-1, 2 * radius + 1, 1}));
}

at::Tensor blurred(const at::Tensor& pixels, const Theta& theta) {
  at::Tensor x = pixels;
  if (theta.has("defocus_blur")) x = disc(x, theta("defocus_blur"));
  if (theta.has("gaussian_blur")) x = gaussian_blurred(x, theta("gaussian_blur"));
  if (theta.has("motion_blur")) x = line(x, theta("motion_blur"), theta("motion_angle"));
  if (theta.has("zoom_blur")) x = zoomed(x, theta("zoom_blur"));
  return x;
}

}  // namespace assay::imaging
