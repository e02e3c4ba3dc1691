#include "assay/report/datasheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/report/outcome_fixture_test.h"
#include "assay/report/write_report.h"

namespace assay::report {
namespace {

using testing::HasSubstr;

Datasheet sheet() {
  Datasheet s;
  s.holds = "accuracy";
  s.least = 0.9;
  s.confidence = 0.95;
  s.pictures = 60;
  s.channels = 3;
  s.height = 28;
  s.width = 32;
  s.factors = {{"rotation", "degrees", 0, {-20, 20}, {{-7.5, 8}}, std::nullopt, false},
               {"brightness", "", 1, {0.5, 2}, {{0.7, 1.5}}, {{0.8, 1.2}}, true}};
  s.statistics = {{"luma_mean", {0.1, 0.9}}};
  return s;
}

std::string file(const char* name) { return testing::TempDir() + name; }

TEST(DatasheetFile, ReadsBackWhatWasWritten) {
  Outcome outcome = clothes_outcome();
  outcome.model.description = {{"input.resize", "{rule: squash, size: [28, 32]}"},
                               {"output.kind", "logits"}};
  write_file(file("datasheet.json"), datasheet_json(sheet(), outcome));
  const ModelDatasheet back = read_datasheet(file("datasheet.json"));
  EXPECT_EQ(back.sha256, outcome.model.sha256);
  ASSERT_EQ(back.input.size(), 1u);
  EXPECT_EQ(back.input[0].second, "{rule: squash, size: [28, 32]}");
  EXPECT_EQ(datasheet_json(back.sheet, outcome), datasheet_json(sheet(), outcome));
}

TEST(DatasheetFile, IsRefusedInOneLineWhereItIsNone) {
  const auto error = [](const std::string& text) {
    write_file(file("bad.json"), text);
    try {
      read_datasheet(file("bad.json"));
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error("{"), HasSubstr("is no JSON"));
  EXPECT_THAT(error("[]"), HasSubstr("is no datasheet"));
  EXPECT_THAT(error("{\"format\": 3}"), HasSubstr("is a damaged datasheet"));
  EXPECT_THAT(error("{\"format\": \"assay-datasheet\", \"version\": 2}"),
              HasSubstr("another version"));
  EXPECT_THAT(error("{\"format\": \"assay-datasheet\", \"version\": 1}"),
              HasSubstr("is a damaged datasheet"));
}

TEST(DatasheetFile, StandsBesideTheReportAsLongAsItIsTrue) {
  const std::string folder = file("datasheets");
  std::filesystem::create_directories(folder);
  Outcome outcome = clothes_outcome();
  outcome.checks.front().section.datasheet = sheet();
  outcome.checks.front().check = outcome.checks.front().name;
  write_results(outcome, {}, folder);
  EXPECT_TRUE(std::filesystem::exists(folder + "/datasheet.json"));
  outcome.checks.front().section.datasheet.reset();
  write_results(outcome, {}, folder);
  EXPECT_FALSE(std::filesystem::exists(folder + "/datasheet.json"));
}

}  // namespace
}  // namespace assay::report
