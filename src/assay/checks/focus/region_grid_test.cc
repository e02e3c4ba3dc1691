#include "assay/checks/focus/region_grid.h"

#include <gtest/gtest.h>

#include <numeric>

#include "assay/base/error.h"

namespace assay::checks {
namespace {

TEST(RegionGrid, ACellIsInsideWhereItsMiddlePixelIs) {
  // The left 96 of 128 columns: 48 of 64 cells in every row.
  std::vector<std::uint8_t> region(64 * 128, 0);
  for (std::size_t p = 0; p < region.size(); ++p) region[p] = p % 128 < 96 ? 255 : 0;
  const auto grid = region_grid(region, 64, 128);
  EXPECT_EQ(grid.size(), kGrid * kGrid / 8u);
  const auto cells = cells_of(grid);
  ASSERT_EQ(cells.size(), static_cast<std::size_t>(kGrid * kGrid));
  for (std::size_t c = 0; c < cells.size(); ++c) EXPECT_EQ(cells[c], c % 64 < 48) << c;
  EXPECT_EQ(common_cells(grid, grid), 48 * 64);
}

TEST(RegionGrid, TakesRegionsSmallerThanItself) {
  const auto grid = region_grid(std::vector<std::uint8_t>{1, 0, 0, 0}, 2, 2);
  const auto cells = cells_of(grid);
  EXPECT_EQ(std::accumulate(cells.begin(), cells.end(), 0), 32 * 32);
  const auto other = region_grid(std::vector<std::uint8_t>{1, 1, 0, 0}, 2, 2);
  EXPECT_EQ(common_cells(grid, other), 32 * 32);
  EXPECT_THROW(region_grid(std::vector<std::uint8_t>{1}, 2, 2), BugError);
}

}  // namespace
}  // namespace assay::checks
