// The first thing that a reader sees: the verdict, every requirement with what it rests on, and the
// warnings.
#pragma once

#include <string>

#include "assay/base/outcome.h"
#include "assay/report/markup.h"

namespace assay::report {

Markup verdict_html(const Outcome& outcome);
Markup requirements_html(const Outcome& outcome);  // empty where nothing is required
Markup warnings_html(const Outcome& outcome);      // empty where there is none

// The verdict's word with its sign, by verdict_id(); the signs are drawn once by
// verdict_signs_html().
Markup badge_html(const std::string& verdict);
Markup verdict_signs_html();

// The id of a check's section in the page: "check-NAME" where the name can be an anchor.
std::string check_anchor(const Outcome& outcome, const CheckOutcome& check);

}  // namespace assay::report
