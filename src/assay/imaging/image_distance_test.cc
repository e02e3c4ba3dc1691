#include "assay/imaging/image_distance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::imaging {
namespace {

at::Tensor wave(double phase) {
  const at::Tensor k = at::arange(2 * 3 * 20 * 24, at::kDouble).view({2, 3, 20, 24});
  return 0.5 + 0.3 * at::sin(0.37 * k + phase);
}

TEST(ImageDistance, IsZeroWithoutASlopeBetweenEqualPictures) {
  for (const auto kind : {ImageDistance::kRms, ImageDistance::kSsim, ImageDistance::kDeltaE}) {
    const at::Tensor a = wave(0).requires_grad_(true);
    const at::Tensor d = image_distance(a, wave(0), kind);
    EXPECT_LT(d.abs().max().item<double>(), 1e-9);
    d.sum().backward();
    EXPECT_LT(a.grad().abs().max().item<double>(), 1e-6);
  }
}

TEST(ImageDistance, HasTheValuesOfItsDefinitions) {
  const at::Tensor grey = at::full({1, 3, 16, 16}, 0.5, at::kDouble), lighter = grey + 0.1;
  EXPECT_NEAR(image_distance(grey, lighter, ImageDistance::kRms).item<double>(), 0.1, 1e-12);
  // Of two constants only the means differ: (2 ab + C1) / (a² + b² + C1).
  EXPECT_NEAR(image_distance(grey, lighter, ImageDistance::kSsim).item<double>(),
              1 - (2 * 0.5 * 0.6 + 1e-4) / (0.25 + 0.36 + 1e-4), 1e-9);
  // Of two greys ΔE₀₀ is that of L* alone: 53.389 and 63.223 for 0.5 and 0.6.
  const double l1 = 53.38896, l2 = 63.22298, mean = (l1 + l2) / 2,
               sl = 1 +
                    0.015 * (mean - 50) * (mean - 50) / std::sqrt(20 + (mean - 50) * (mean - 50));
  EXPECT_NEAR(image_distance(grey, lighter, ImageDistance::kDeltaE).item<double>(), (l2 - l1) / sl,
              0.01);
}

TEST(ImageDistance, DerivativesAreThoseOfDifferences) {
  for (const auto kind : {ImageDistance::kRms, ImageDistance::kSsim, ImageDistance::kDeltaE}) {
    const at::Tensor a = wave(0.8).requires_grad_(true);
    image_distance(a, wave(0), kind).sum().backward();
    const at::Tensor direction = at::cos(at::arange(a.numel(), at::kDouble)).view_as(a);
    const auto value = [&](double step) {
      return image_distance(a.detach() + step * direction, wave(0), kind).sum().item<double>();
    };
    const double difference = (value(1e-6) - value(-1e-6)) / 2e-6;
    EXPECT_NEAR((a.grad() * direction).sum().item<double>(), difference,
                1e-6 * std::max(1.0, std::abs(difference)));
  }
}

}  // namespace
}  // namespace assay::imaging
