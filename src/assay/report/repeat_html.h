// The report's last section: whatever is needed to repeat the audit and to tell whether it is the
// same one.
#pragma once

#include "assay/base/outcome.h"
#include "assay/report/markup.h"

namespace assay::report {

Markup repeat_html(const Outcome& outcome);

}  // namespace assay::report
