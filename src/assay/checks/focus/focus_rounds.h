// The two rounds of the focus check.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "assay/checks/focus/focus.h"

namespace assay::checks {

// How the keys of units begin that are not simply a picture's id.
inline constexpr std::string_view kOccludedKey = "occluded/", kReplacedKey = "replaced/";

// Units without other rows: maps, and in-painted pictures; or an occlusion map.
std::vector<Focus::Record> observe(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context);
// Units with two other rows, the donors of the same and of a different class.
std::vector<Focus::Record> replace(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context);

}  // namespace assay::checks
