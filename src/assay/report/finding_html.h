// A check's numbers as tables: single findings one a row; those with a prefix ("recall/cat") as one
// table of classes × measures, folded away when long.
#pragma once

#include <vector>

#include "assay/base/outcome.h"
#include "assay/report/markup.h"

namespace assay::report {

Markup findings_html(const CheckOutcome& check);

// "0.917 – 0.929", or empty without an interval.
Markup interval_html(const Finding& finding, const std::vector<double>& keep_apart = {});

}  // namespace assay::report
