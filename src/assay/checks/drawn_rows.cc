#include "assay/checks/drawn_rows.h"

#include <algorithm>
#include <unordered_set>

#include "assay/base/seed.h"

namespace assay::checks {

std::vector<std::int64_t> drawn_rows(std::size_t rows, std::size_t count, std::uint64_t seed,
                                     std::string_view purpose) {
  count = std::min(count, rows);
  std::unordered_set<std::int64_t> drawn;
  Stream stream(seed, purpose);
  // Floyd's way: a new one of the first j + 1, else j itself.
  for (std::size_t j = rows - count; j < rows; ++j) {
    const auto row = static_cast<std::int64_t>(stream.below(j + 1));
    drawn.insert(drawn.count(row) ? static_cast<std::int64_t>(j) : row);
  }
  std::vector<std::int64_t> sorted(drawn.begin(), drawn.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace assay::checks
