#include "assay/checks/focus/region_grid.h"

#include <algorithm>
#include <bit>

#include "assay/base/error.h"

namespace assay::checks {

std::vector<std::uint8_t> region_grid(std::span<const std::uint8_t> region, int height, int width) {
  if (region.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width))
    throw BugError("a region of one byte a pixel was promised");
  std::vector<std::uint8_t> grid(kGrid * kGrid / 8, 0);
  for (int i = 0; i < kGrid; ++i)
    for (int j = 0; j < kGrid; ++j) {
      const auto y =
          (2 * static_cast<std::size_t>(i) + 1) * static_cast<std::size_t>(height) / (2 * kGrid);
      const auto x =
          (2 * static_cast<std::size_t>(j) + 1) * static_cast<std::size_t>(width) / (2 * kGrid);
      if (!region[y * static_cast<std::size_t>(width) + x]) continue;
      const int cell = i * kGrid + j;
      grid[static_cast<std::size_t>(cell / 8)] |= static_cast<std::uint8_t>(1 << (cell % 8));
    }
  return grid;
}

int common_cells(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  int count = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    count += std::popcount(static_cast<std::uint8_t>(a[i] & b[i]));
  return count;
}

std::vector<std::uint8_t> cells_of(std::span<const std::uint8_t> grid) {
  std::vector<std::uint8_t> cells;
  for (const std::uint8_t byte : grid)
    for (int bit = 0; bit < 8; ++bit) cells.push_back(byte >> bit & 1);
  return cells;
}

}  // namespace assay::checks
