// The machine's view of an audit: results.json, the same bytes for the same conclusions, and
// run.json, which alone holds what varies from run to run.
//
// A number that is not finite is null: a finding's status then says "undefined" (the question has
// no answer on these data) or "nonfinite" (the computation gave no finite number). Broken UTF-8 in
// names is replaced by U+FFFD. The schema that the files follow is in schema.h.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::report {

// "ok", "undefined" or "nonfinite"
std::string status_id(const Finding& finding);

std::string results_json(const Outcome& outcome);
std::string run_json(const Outcome& outcome, const RunInfo& run);

}  // namespace assay::report
