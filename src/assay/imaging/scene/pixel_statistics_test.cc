#include "assay/imaging/scene/pixel_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/imaging/scene/scene.h"
#include "assay/network/torch.h"

namespace assay::imaging {
namespace {

std::size_t place(std::string_view name) {
  const auto names = pixel_statistic_names(3);
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// A ramp with a step: planes and an edge, so without noise of its own.
at::Tensor ramp() {
  at::Tensor p = at::linspace(0.2, 0.7, 64, at::kDouble).view({1, 1, 1, 64}).repeat({1, 3, 48, 1});
  p.slice(3, 32).add_(0.1);
  return p;
}

std::vector<double> changed(const char* factor, double value) {
  const Scene scene({factor}, {Border::kReflect, 0, 3});
  const std::uint64_t draw[] = {1};
  return pixel_statistics(scene(ramp(), at::full({1, 1}, value, at::kDouble), draw));
}

TEST(PixelStatistics, AreThoseOfTheFormulas) {
  const auto plain = pixel_statistics(ramp());
  ASSERT_EQ(plain.size(), pixel_statistic_names(3).size());
  EXPECT_NEAR(plain[place("luma_mean")], 0.5, 1e-9);
  EXPECT_NEAR(plain[place("noise")], 0, 1e-9);
  EXPECT_NEAR(plain[place("chroma")], 0, 1e-12);
  EXPECT_EQ(pixel_statistics(ramp().narrow(1, 0, 1)).size(), 4u);
}

TEST(PixelStatistics, MoveWithWhatTheyAreNamedFor) {
  const auto plain = pixel_statistics(ramp());
  EXPECT_NEAR(changed("gaussian_noise", 0.03)[place("noise")],
              0.03 * std::sqrt(0.299 * 0.299 + 0.587 * 0.587 + 0.114 * 0.114), 0.002);
  EXPECT_NEAR(changed("brightness", 0.5)[place("luma_mean")], 0.25, 1e-6);
  EXPECT_LT(changed("gaussian_blur", 2)[place("sharpness")], plain[place("sharpness")] - 0.2);
  EXPECT_GT(changed("temperature", 12000)[place("blue_green")], plain[place("blue_green")] + 0.05);
  EXPECT_TRUE(seen_in_pixels(scene_factor("jpeg_quality")));
  EXPECT_FALSE(seen_in_pixels(scene_factor("rotation")));
}

}  // namespace
}  // namespace assay::imaging
