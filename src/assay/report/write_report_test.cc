#include "assay/report/write_report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/report/html.h"
#include "assay/report/junit.h"
#include "assay/report/outcome_fixture_test.h"
#include "assay/report/results_json.h"

namespace assay::report {
namespace {

namespace fs = std::filesystem;

TEST(WriteResults, LeavesFourWholeFilesAndNothingElse) {
  const fs::path folder = fs::path(::testing::TempDir()) / "assay-write-results";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const Outcome outcome = clothes_outcome();
  write_file((folder / "results.json").string(), "an earlier run");
  write_results(outcome, {}, folder.string());
  EXPECT_EQ(read_file((folder / "results.json").string()), results_json(outcome));
  EXPECT_EQ(read_file((folder / "run.json").string()), run_json(outcome, {}));
  EXPECT_EQ(read_file((folder / "junit.xml").string()), junit_xml(outcome));
  EXPECT_EQ(read_file((folder / "report.html").string()), report_html(outcome, folder.string()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 4);
  fs::remove_all(folder);
}

TEST(WriteResults, RefusesAFolderThatIsNotThere) {
  EXPECT_THROW(write_results(clothes_outcome(), {}, "/nonexistent/folder"), InputError);
}

}  // namespace
}  // namespace assay::report
