// The audit as a test report, for pipelines that read JUnit XML: one suite a check, one case a
// requirement. fail → <failure>, inconclusive → <skipped>, both with the reason; a check without
// requirements has no suite. No times and no host name: the same bytes for the same conclusions.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::report {

std::string junit_xml(const Outcome& outcome);

}  // namespace assay::report
