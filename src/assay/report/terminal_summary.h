// What the command line prints when an audit ends: the verdict, one line a requirement, the
// warnings. Plain text without colours or control characters (names are untrusted and a terminal
// obeys them); ends with a line feed.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::report {

std::string terminal_summary(const Outcome& outcome);

}  // namespace assay::report
