#include "assay/methods/intervention/transplant.h"

#include <gtest/gtest.h>

namespace assay::methods {
namespace {

TEST(Transplant, WithoutAFeatherTakesTheRegionAndNothingElse) {
  const at::Tensor x = at::arange(12, at::kFloat).view({1, 1, 3, 4}), d = x + 100;
  const PixelMask region{0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1};
  const at::Tensor made = transplanted(x, d, feathered(region, 3, 4, 0));
  for (std::int64_t i = 0; i < 12; ++i)
    EXPECT_EQ(made.view(-1)[i].item<float>(),
              static_cast<float>(i) + (region[static_cast<std::size_t>(i)] ? 100 : 0));
}

TEST(Transplant, TheFeatherRisesLinearlyFromAStraightEdge) {
  // The right half of 4 × 12 is the region: columns 6 to 11, a feather of 3 px. At column 6 + k the
  // square of side 7 holds 4 + k columns of the region: α = 2 (4 + k)/7 − 1.
  PixelMask region(4 * 12, 0);
  for (std::size_t i = 0; i < region.size(); ++i) region[i] = i % 12 >= 6;
  const at::Tensor alpha = feathered(region, 4, 12, 3);
  for (std::int64_t y = 0; y < 4; ++y)
    for (std::int64_t x = 0; x < 12; ++x) {
      const double wanted = x < 6 ? 0 : std::min(1.0, 2 * (4.0 + x - 6) / 7 - 1);
      EXPECT_NEAR(alpha[y][x].item<double>(), wanted, 1e-6) << y << " " << x;
    }
}

TEST(Transplant, TheWholePictureIsReplacedToItsBorders) {
  const at::Tensor alpha = feathered(PixelMask(5 * 7, 1), 5, 7, 2);
  EXPECT_TRUE(at::equal(alpha, at::ones({5, 7})));
}

TEST(Transplant, ValuesThatAreNotFiniteOutsideStayWhatTheyAre) {
  at::Tensor x = at::zeros({1, 1, 1, 2}), d = at::ones({1, 1, 1, 2});
  d[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor made = transplanted(x, d, feathered({0, 1}, 1, 2, 0));
  EXPECT_EQ(made[0][0][0][0].item<float>(), 0);
  EXPECT_EQ(made[0][0][0][1].item<float>(), 1);
}

}  // namespace
}  // namespace assay::methods
