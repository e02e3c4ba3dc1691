// A plan as the YAML that a person would write: for `assay init` and for one-check commands.
#pragma once

#include <map>
#include <string>

#include "assay/audit/plan.h"

namespace assay::audit {

// `remarks`: comments by key ("model", "input.mean", "checks"), put behind or above that line.
std::string plan_text(const Plan& plan, const std::map<std::string, std::string>& remarks = {});

// A text as a YAML scalar, quoted where it must be.
std::string yaml_scalar(const std::string& text);

}  // namespace assay::audit
