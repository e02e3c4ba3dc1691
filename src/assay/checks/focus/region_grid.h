// A region of the model's input, kept small: one bit for each cell of a 64 × 64 grid.
//
// A cell is in the region where its middle pixel is. Enough to compare regions and to draw them;
// what is replaced is decided by the pixels themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::checks {

inline constexpr int kGrid = 64;

// Of one byte a pixel [height,width], not 0 inside: kGrid² / 8 bytes.
std::vector<std::uint8_t> region_grid(std::span<const std::uint8_t> region, int height, int width);
// How many cells two grids share.
int common_cells(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
// Back to one byte a cell, 0 or 1, row-major.
std::vector<std::uint8_t> cells_of(std::span<const std::uint8_t> grid);

}  // namespace assay::checks
