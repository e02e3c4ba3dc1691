// The two rounds of the focus check.
#pragma once

#include <span>
#include <vector>

#include "assay/checks/focus/focus.h"

namespace assay::checks {

// Units without other rows: maps, and in-painted pictures.
std::vector<Focus::Record> observe(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context);
// Units with two other rows, the donors of the same and of a different class.
std::vector<Focus::Record> replace(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context);

}  // namespace assay::checks
