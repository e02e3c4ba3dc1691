#include "assay/imaging/image_distance.h"

#include "assay/base/error.h"
#include "assay/imaging/camera/colour_difference.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// Windowed means, valid part only.
at::Tensor window_mean(const at::Tensor& x) {
  constexpr std::int64_t kRadius = 5;
  const at::Tensor k = at::arange(-kRadius, kRadius + 1, x.options());
  const at::Tensor taps = at::exp(-k * k / (2 * 1.5 * 1.5));
  const at::Tensor normal = taps / taps.sum();
  return at::conv2d(at::conv2d(x, normal.view({1, 1, 1, -1})), normal.view({1, 1, -1, 1}));
}

at::Tensor structural_similarity(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
  const at::Tensor x = luma(a), y = luma(b);
  const at::Tensor mx = window_mean(x), my = window_mean(y);
  const at::Tensor vx = window_mean(x * x) - mx * mx, vy = window_mean(y * y) - my * my,
                   cov = window_mean(x * y) - mx * my;
  const at::Tensor map =
      (2 * mx * my + kC1) * (2 * cov + kC2) / ((mx * mx + my * my + kC1) * (vx + vy + kC2));
  return map.mean({1, 2, 3});
}

}  // namespace

ImageDistance image_distance_named(const std::string& word) {
  if (word == "rms") return ImageDistance::kRms;
  if (word == "ssim") return ImageDistance::kSsim;
  if (word == "delta_e") return ImageDistance::kDeltaE;
  throw BugError("no image distance is called " + word);
}

at::Tensor image_distance(const at::Tensor& a, const at::Tensor& b, ImageDistance distance) {
  switch (distance) {
    case ImageDistance::kRms: {
      const at::Tensor square = (a - b).square().mean({1, 2, 3});
      // What is no distance has no direction either.
      const at::Tensor some = square.gt(0);
      return at::where(some, at::where(some, square, at::ones_like(square)).sqrt(),
                       at::zeros_like(square));
    }
    case ImageDistance::kSsim:
      return 1 - structural_similarity(a, b);
    case ImageDistance::kDeltaE: {
      const auto lab = [](const at::Tensor& p) {
        return lab_of(linear_light(p.expand({-1, 3, -1, -1})));
      };
      return delta_e_2000(lab(a), lab(b)).mean({1, 2});
    }
  }
  throw BugError("no such image distance");
}

}  // namespace assay::imaging
