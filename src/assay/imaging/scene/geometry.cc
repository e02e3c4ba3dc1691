// One homography a picture, from output to input pixels, and one bilinear resampling.
#include <cmath>
#include <numbers>

#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

constexpr double kRadians = std::numbers::pi / 180;

// [N,3,3] of rows of [N] tensors.
at::Tensor matrix(std::initializer_list<at::Tensor> entries) {
  return at::stack(std::vector<at::Tensor>(entries), 1).view({-1, 3, 3});
}

// From where a point of the scene lies to where it is seen; pixels from the picture's centre, y downwards.
at::Tensor forward_map(const Theta& theta, double height, double width) {
  const auto of = [&](const char* name) { return theta(name).to(at::kDouble); };
  const at::Tensor zero = at::zeros({theta.rows()}, at::kDouble), one = at::ones_like(zero);
  const at::Tensor angle = of("rotation") * kRadians, scale = of("scale");
  const at::Tensor slope = at::tan(of("shear") * kRadians);
  const at::Tensor turn = matrix({at::cos(angle), -at::sin(angle), zero,  //
                                  at::sin(angle), at::cos(angle), zero,   //
                                  zero, zero, one});
  const at::Tensor stretch = matrix({scale, -slope * scale, zero,  //
                                     zero, scale, zero,            //
                                     zero, zero, one});
  // The plane z = 0 turned about x, then y, seen from (0, 0, -distance).
  const double distance = std::max(height, width);
  const at::Tensor a = of("tilt_x") * kRadians, b = of("tilt_y") * kRadians;
  const at::Tensor depth_x = at::sin(b) * at::cos(a), depth_y = -at::sin(a);
  const at::Tensor perspective = matrix({at::cos(b), at::sin(b) * at::sin(a), zero,  //
                                         zero, at::cos(a), zero,                     //
                                         depth_x / distance, depth_y / distance, one});
  const at::Tensor shift = matrix({one, zero, of("translation_x") * width,   //
                                   zero, one, of("translation_y") * height,  //
                                   zero, zero, one});
  return at::matmul(shift, at::matmul(perspective, at::matmul(turn, stretch)));
}

// [N], at most 1: by which the output is shrunk towards its centre so that all of its corners lie inside the
// input. Each corner and side gives a bound that is a ratio of linear terms.
at::Tensor crop_factor(const at::Tensor& inverse, double height, double width) {
  at::Tensor least = at::ones({inverse.size(0)}, inverse.options());
  const auto row = [&](std::int64_t r, double x, double y) {
    return inverse.select(1, r).select(1, 0) * x + inverse.select(1, r).select(1, 1) * y;
  };
  const auto last = [&](std::int64_t r) { return inverse.select(1, r).select(1, 2); };
  for (const double sx : {-0.5, 0.5})
    for (const double sy : {-0.5, 0.5}) {
      const double x = sx * width, y = sy * height;
      for (const std::int64_t axis : {0, 1}) {
        const double half = (axis == 0 ? width : height) / 2;
        for (const double side : {-1.0, 1.0}) {
          // side * (s u + c) <= half * (s w + d)
          const at::Tensor grows = side * row(axis, x, y) - half * row(2, x, y);
          const at::Tensor room = half * last(2) - side * last(axis);
          least =
              at::where(grows.gt(1e-9), at::minimum(least, room / grows.clamp_min(1e-9)), least);
        }
      }
    }
  return least.clamp_min(0.01);
}

}  // namespace

at::Tensor moved(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options) {
  const std::int64_t n = pixels.size(0), h = pixels.size(2), w = pixels.size(3);
  const auto height = static_cast<double>(h), width = static_cast<double>(w);
  at::Tensor inverse = at::linalg_inv(forward_map(theta, height, width));
  // So that the third coordinate is 1 at the output's centre where that is seen at all.
  inverse = inverse / inverse.select(1, 2).select(1, 2).view({-1, 1, 1});
  if (options.border == Border::kCrop) {
    const at::Tensor s = crop_factor(inverse, height, width);
    inverse = at::cat({inverse.narrow(2, 0, 2) * s.view({-1, 1, 1}), inverse.narrow(2, 2, 1)}, 2);
  }
  // Output pixels' centres, from the picture's; then the input's, in units of half a side.
  const at::Tensor map = inverse.to(pixels.scalar_type());
  const at::Tensor x = at::arange(w, pixels.options()) + (0.5 - width / 2);
  const at::Tensor y = (at::arange(h, pixels.options()) + (0.5 - height / 2)).view({h, 1});
  const auto row = [&](std::int64_t r) {
    const at::Tensor of = map.select(1, r);
    return of.select(1, 0).view({n, 1, 1}) * x +
           (of.select(1, 1).view({n, 1, 1}) * y + of.select(1, 2).view({n, 1, 1}));
  };
  const at::Tensor depth = row(2);
  const at::Tensor seen = depth.gt(1e-6), safe = at::where(seen, depth, at::ones_like(depth));
  constexpr double kFar = 4;  // behind the camera: beyond any border
  const auto coordinate = [&](std::int64_t axis, double side) {
    const at::Tensor u = row(axis) / safe * (2 / side);
    return at::where(seen, u, at::full_like(u, kFar));
  };
  const at::Tensor grid = at::stack({coordinate(0, width), coordinate(1, height)}, 3);
  const bool fill = options.border == Border::kFill;
  constexpr std::int64_t kBilinear = 0, kZeros = 0, kEdge = 1, kReflection = 2;
  const std::int64_t padding = fill                                 ? kZeros
                               : options.border == Border::kReflect ? kReflection
                                                                    : kEdge;
  const at::Tensor in = fill ? pixels - options.fill : pixels;
  const at::Tensor out = at::grid_sampler(in, grid, kBilinear, padding, false);
  return fill ? out + options.fill : out;
}

}  // namespace assay::imaging
