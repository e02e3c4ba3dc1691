#include "assay/report/write_report.h"

#include <filesystem>

#include "assay/base/file.h"
#include "assay/report/html.h"
#include "assay/report/junit.h"
#include "assay/report/results_json.h"

namespace assay::report {

void write_results(const Outcome& outcome, const RunInfo& run, const std::string& directory) {
  const std::filesystem::path folder(directory);
  write_file((folder / "results.json").string(), results_json(outcome));
  write_file((folder / "run.json").string(), run_json(outcome, run));
  write_file((folder / "junit.xml").string(), junit_xml(outcome));
  write_file((folder / "report.html").string(), report_html(outcome, directory));
}

}  // namespace assay::report
