// Which rows a check looks at where it does not look at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::checks {

// `count` of `rows` by lot, each equally likely, in their order; all where there are no more. Draws
// depend on the seed and the purpose alone. Cost: of the count, not of the rows.
std::vector<std::int64_t> drawn_rows(std::size_t rows, std::size_t count, std::uint64_t seed,
                                     std::string_view purpose);

}  // namespace assay::checks
