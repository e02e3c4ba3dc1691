#include "assay/methods/evaluation/region_share.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace assay::methods {
namespace {

// 8 × 8 with the top left quarter marked.
PixelMask quarter() {
  PixelMask region(64, 0);
  for (std::size_t i = 0; i < 64; ++i) region[i] = i / 8 < 4 && i % 8 < 4;
  return region;
}

TEST(RegionShare, CountsPositiveValuesAlone) {
  at::Tensor map = at::zeros({8, 8});
  map[0][0] = 3;
  map[7][7] = 1;
  map[0][1] = -5;
  EXPECT_DOUBLE_EQ(region_share(map, quarter())->share, 0.75);
}

TEST(RegionShare, OverAllShiftsTheMeanIsTheShareOfTheArea) {
  // At 8 px a side every shift is tried, so the mean over all 64 is exact.
  at::Tensor map = at::zeros({8, 8});
  map[1][2] = 2;
  map[5][3] = 7;
  const auto found = region_share(map, quarter());
  ASSERT_EQ(found->shifted.size(), 63u);
  const double sum =
      std::accumulate(found->shifted.begin(), found->shifted.end(), 0.0) + found->share;
  EXPECT_NEAR(sum / 64, 0.25, 1e-6);
}

TEST(RegionShare, OfAnEvenMapIsTheSameForEveryShift) {
  const auto found = region_share(at::ones({16, 24}), [] {
    PixelMask region(16 * 24, 0);
    std::fill_n(region.begin(), 96, 1);
    return region;
  }());
  EXPECT_DOUBLE_EQ(found->share, 0.25);
  for (const float share : found->shifted) EXPECT_FLOAT_EQ(share, 0.25F);
}

TEST(RegionShare, HasNoFigureWhereNothingCanBeCompared) {
  EXPECT_FALSE(region_share(at::zeros({8, 8}), quarter()));
  EXPECT_FALSE(region_share(-at::ones({8, 8}), quarter()));
  EXPECT_FALSE(region_share(at::ones({8, 8}), PixelMask(64, 0)));
  EXPECT_FALSE(region_share(at::ones({8, 8}), PixelMask(64, 1)));
  at::Tensor broken = at::ones({8, 8});
  broken[2][2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(region_share(broken, quarter()));
}

TEST(RegionShare, PicturesBelowEightPixelsHaveFewerShifts) {
  at::Tensor map = at::ones({2, 3});
  EXPECT_EQ(region_share(map, {1, 0, 0, 0, 0, 0})->shifted.size(), 5u);
}

}  // namespace
}  // namespace assay::methods
