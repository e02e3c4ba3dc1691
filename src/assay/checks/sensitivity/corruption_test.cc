#include "assay/checks/sensitivity/corruption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/named_corruptions.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Corruption>);

using testing::HasSubstr;

const Facts kClasses{{"cat", "dog"}, 7};

// As little as the corruptions take: the world's pictures are 16 px.
class CorruptionRun : public CornerWorld {};

TEST(CorruptionTypes, AreNamedAllOrCommon) {
  EXPECT_EQ(corruption_types("common").size(), 15u);
  EXPECT_EQ(corruption_types("common, extra").size(), 19u);
  EXPECT_EQ(corruption_types("bar").size(), 10u);
  EXPECT_EQ(corruption_types("all").size(), 29u);
  EXPECT_EQ(corruption_types("fog, snow")[1]->name, "snow");
  EXPECT_EQ(corruption_severities("0, 2.5"), (std::vector<double>{0, 2.5}));
  const auto error = [](auto&& act) {
    try {
      act();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error([] { corruption_types("fog, sno"); }), HasSubstr("did you mean \"snow\""));
  EXPECT_THAT(error([] { corruption_types("fog, fog"); }), HasSubstr("stands twice"));
  EXPECT_THAT(error([] { corruption_types(" "); }), HasSubstr("no corruption is named"));
  EXPECT_THAT(error([] { corruption_severities("1, 6"); }),
              HasSubstr("got \"6\", wanted numbers from 0 to 5"));
}

Corruption::Record record(int index, std::vector<std::uint8_t> errors, bool clean) {
  Corruption::Record r;
  r.id = std::to_string(index);
  r.label = index % 2;
  r.clean_error = clean;
  r.errors = std::move(errors);
  r.margins.assign(r.errors.size(), 1);
  r.height = r.width = 40;
  return r;
}

TEST(CorruptionSummary, CountsErrorsByTypeAndRelatesThemToTheBaseline) {
  Corruption::Params params;
  params.types = "fog, brightness";
  params.severities = "1, 5";
  params.baseline = "alexnet";
  std::vector<Corruption::Record> records;
  for (int i = 0; i < 40; ++i)  // fog: severity 5 costs every second; brightness costs nothing
    records.push_back(record(i, {0, std::uint8_t(i % 2), 0, 0}, false));
  const auto result = Corruption::summarise(records, params, kClasses);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "error/fog").value, 0.25);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "error/brightness").value, 0);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "mean_error").value, 0.125);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "clean_error").value, 0);
  EXPECT_NEAR(finding_named(result.findings, "mce").value, 0.25 / 0.819324 / 2, 1e-9);
  EXPECT_NEAR(finding_named(result.findings, "relative_mce").value, 0.25 / (0.819324 - 0.4348) / 2,
              1e-9);
  const Section section = Corruption::present(result);
  EXPECT_THAT(section.answer, HasSubstr("The worst is fog with 25"));
}

TEST(CorruptionSummary, TellsGroupsApart) {
  Corruption::Params params;
  params.types = "fog";
  params.severities = "1";
  params.groups = "line";
  Facts facts = kClasses;
  facts.groupings = {{"line", {"A", "B"}}};
  std::vector<Corruption::Record> records;
  for (int i = 0; i < 20; ++i) {
    records.push_back(record(i, {std::uint8_t(i < 10)}, false));
    records.back().groups = {i < 10 ? "A" : "B"};
  }
  const auto result = Corruption::summarise(records, params, facts);
  EXPECT_EQ(finding_named(result.findings, "mean_error/line=A").value, 1);
  EXPECT_EQ(finding_named(result.findings, "mean_error/line=B").value, 0);
  EXPECT_EQ(Corruption::present(result).tables.back().rows.size(), 2u);
}

TEST(CorruptionSummary, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto result = Corruption::summarise({}, {}, kClasses);
  for (const char* id :
       {"clean_error", "error/fog", "mean_error", "mean_error_excess", "mce", "relative_mce"})
    EXPECT_EQ(finding_named(result.findings, id).status, FindingStatus::kUndefined) << id;
  EXPECT_THAT(Corruption::present(result).answer, HasSubstr("Nothing could be said"));
}

}  // namespace
}  // namespace assay::checks
