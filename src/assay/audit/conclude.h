// From stored records to the outcome: summarise each check, judge all requirements. Runs no model.
#pragma once

#include <memory>
#include <vector>

#include "assay/audit/outline.h"
#include "assay/audit/plan.h"
#include "assay/audit/store.h"
#include "assay/base/outcome.h"
#include "assay/checks/check.h"

namespace assay::audit {

// A plan's checks, ready to ask; one a planned check, in order.
std::vector<std::unique_ptr<checks::AnyCheck>> configure(const Plan& plan);

// The model and data parts of a plan as one text; stored results of another one cannot be judged by
// this plan.
std::string plan_subject(const Plan& plan);

// InputError where a requirement names a finding that its check does not give for classes named
// `labels`.
void refuse_unknown_findings(const Plan& plan,
                             const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                             const checks::Facts& facts);

// InputError where a planned check was not measured with its present measuring parameters.
Outcome conclude(const Plan& plan, const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                 const Outline& outline, const Store& store);

}  // namespace assay::audit
