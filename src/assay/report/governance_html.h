// For which requirements of trustworthy AI, and under which headings of a technical file, each check's
// findings are evidence.
#pragma once

#include "assay/base/outcome.h"
#include "assay/report/markup.h"

namespace assay::report {

// Two tables, folded away; nothing where no check says what it is evidence for.
Markup governance_html(const Outcome& outcome);

}  // namespace assay::report
