// The focus check's cases as findings.
#pragma once

#include <vector>

#include "assay/checks/focus/focus.h"

namespace assay::checks {

// In an order of their own. Sets of `result` what they rest on: scale, clusters, power.
std::vector<Finding> focus_findings(const std::vector<Focus::Case>& cases,
                                    const Focus::Params& params, const Facts& facts,
                                    Focus::Result& result);

}  // namespace assay::checks
