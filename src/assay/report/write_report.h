// The four files that an audit leaves for others.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::report {

// Writes results.json, run.json, junit.xml and, last, report.html into `directory`, which must
// exist with its exhibits already in it. Each file is replaced in one step, so that a failure
// leaves the earlier one whole. InputError when a file cannot be written.
void write_results(const Outcome& outcome, const RunInfo& run, const std::string& directory);

}  // namespace assay::report
