#include "assay/report/write_report.h"

#include <filesystem>
#include <set>

#include "assay/base/file.h"
#include "assay/report/datasheet.h"
#include "assay/report/html.h"
#include "assay/report/junit.h"
#include "assay/report/results_json.h"

namespace assay::report {

namespace {

// One a check that found an environment; what an earlier run left and this one did not find is no longer true.
void write_datasheets(const Outcome& outcome, const std::filesystem::path& folder) {
  std::set<std::string> written;
  for (const auto& check : outcome.checks) {
    if (!check.section.datasheet) continue;
    const std::string name =
        (check.name == check.check ? "" : check.name + "-") + std::string("datasheet.json");
    write_file((folder / name).string(), datasheet_json(*check.section.datasheet, outcome));
    written.insert(name);
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("datasheet.json") && !written.count(name))
      std::filesystem::remove(entry.path(), error);
  }
}

}  // namespace

void write_results(const Outcome& outcome, const RunInfo& run, const std::string& directory) {
  const std::filesystem::path folder(directory);
  write_file((folder / "results.json").string(), results_json(outcome));
  write_file((folder / "run.json").string(), run_json(outcome, run));
  write_file((folder / "junit.xml").string(), junit_xml(outcome));
  write_file((folder / "report.html").string(), report_html(outcome, directory));
  write_datasheets(outcome, folder);
}

}  // namespace assay::report
