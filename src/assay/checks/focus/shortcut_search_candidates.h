// From maps to suspects, and who lends them to whom.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/checks/focus/shortcut_search.h"

namespace assay::checks {

inline constexpr int kCells = 16;  // a side of the grid that maps are compared on

// The patches of all classes' groups of alike maps, by class and by the group's size. Of a class
// with very many maps the first 300 are grouped.
std::vector<ShortcutSearch::Candidate> find_candidates(
    std::span<const ShortcutSearch::Record> mapped, const ShortcutSearch::Params& params,
    std::uint64_t seed);

// A patch's way into a picture of another class, and the picture that lends the same place as a
// control: one of the recipient's own class.
struct Transplant {
  std::int64_t candidate = 0;
  std::int64_t recipient = 0, donor = 0, control = 0;  // rows
};
std::vector<Transplant> choose_transplants(std::span<const ShortcutSearch::Candidate> candidates,
                                           std::span<const ShortcutSearch::Record> mapped,
                                           const ShortcutSearch::Params& params,
                                           std::uint64_t seed);

// Cells as hexadecimal digits, four cells a digit, and back; BugError for a text that is none.
std::string hex_of_cells(std::span<const std::uint8_t> cells);
std::vector<std::uint8_t> cells_of_hex(const std::string& hex);

// Cells as a mask's text over a picture of this size, of which they cover the box (left, top, right,
// bottom as fractions): few rectangles whose union they are.
std::string shapes_of_cells(std::span<const std::uint8_t> cells, int height, int width,
                            const double (&box)[4]);

}  // namespace assay::checks
