#include "assay/checks/sensitivity/effect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/effect_interventions.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Effect>);

using testing::HasSubstr;

const Facts kAnimals{{"cat", "dog"}, 7};

Effect::Params doing(const std::string& interventions) {
  Effect::Params params;
  params.interventions = interventions;
  params.feather_px = 0;
  return params;
}

double value_of(const Effect::Result& result, const std::string& id) {
  const Finding& f = finding_named(result.findings, id);
  EXPECT_EQ(f.status, FindingStatus::kOk) << id << ": " << f.note;
  return f.value;
}

class EffectRun : public CornerWorld {};

// The margin is 20 times the mean of what is read less 10: (190 or 60)/255 in the middle, so ± 5.
TEST_F(EffectRun, TellsWhatIsReadFromWhatIsNot) {
  write_pictures(
      16, [](int i) { return i % 2 == 1; }, "box:4 4 12 12");
  const auto params = doing(
      "dark=brightness=0.5; background=unmarked: other; middle=marked: other; corner=box(0, 0, "
      "0.25, "
      "0.25): grey; painted=marked: inpaint");
  const auto records = measured<Effect>(middle_reader(), params, kAnimals);
  const auto result = Effect::summarise(records, params, kAnimals);
  // Half of the light: bright ones lose 20 · 190/255 · 0.5 = 7.45, dark ones gain 20 · 60/255 · 0.5.
  EXPECT_NEAR(value_of(result, "margin/dark/dog"), -7.45, 0.3);
  EXPECT_NEAR(value_of(result, "margin/dark/cat"), 2.35, 0.3);
  EXPECT_EQ(value_of(result, "error/dark"), 0.5);
  // Nothing outside of the mask is read, nor the corner.
  EXPECT_NEAR(value_of(result, "margin/background"), 0, 1e-5);
  EXPECT_NEAR(value_of(result, "margin/corner"), 0, 1e-5);
  EXPECT_EQ(value_of(result, "flip/background"), 0);
  // The middle of another picture is of another class half of the time.
  EXPECT_LT(value_of(result, "margin/middle"), -1);
  EXPECT_LT(value_of(result, "margin/painted"), -1);
  // Each picture counts once, in whichever round it was asked.
  for (const auto& outcome : result.outcomes)
    EXPECT_EQ(outcome.margins.size(), 16u) << outcome.name;
  const Section section = Effect::present(result);
  EXPECT_THAT(section.answer, HasSubstr("changes the margin by"));
  EXPECT_FALSE(section.exhibits.empty());
}

TEST_F(EffectRun, NeedsNoFactor) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "");
  const auto params = doing("corner=box(0, 0, 0.25, 0.25): blur");
  const auto result =
      Effect::summarise(measured<Effect>(corner_reader(), params, kAnimals), params, kAnimals);
  EXPECT_LT(value_of(result, "margin/corner"), -0.1);
}

Effect::Record record(int index, float change, std::string line) {
  Effect::Record r;
  r.row = index;
  r.id = std::to_string(index);
  r.label = r.clean = index % 2;
  r.nominal = 1;
  r.asked = {1};
  r.margins = {1 + change};
  r.decisions = {change < -1 ? 1 - r.label : r.label};
  r.regions = {{}};
  r.groups = {std::move(line)};
  return r;
}

TEST(EffectSummary, ContrastsGroups) {
  Facts facts = kAnimals;
  facts.groupings = {{"line", {"A", "B"}}};
  std::vector<Effect::Record> records;
  for (int i = 0; i < 40; ++i)
    records.push_back(
        record(i, (i < 20 ? -2.f : -0.5f) + 0.01f * static_cast<float>(i % 5), i < 20 ? "A" : "B"));
  auto params = doing("dark=brightness=0.5");
  params.groups = "line";
  const auto result = Effect::summarise(records, params, facts);
  EXPECT_NEAR(value_of(result, "margin/dark"), -1.23, 1e-6);
  EXPECT_NEAR(value_of(result, "error/dark"), 0.5, 1e-12);
  EXPECT_NEAR(value_of(result, "error/dark/line=A"), 1, 1e-12);
  const Finding& contrast = finding_named(result.findings, "contrast/dark/line=A");
  EXPECT_NEAR(contrast.value, -1.5, 1e-6);
  ASSERT_TRUE(contrast.interval);
  EXPECT_LT(contrast.interval->high, -1.4);
  EXPECT_THAT(Effect::present(result).answer, HasSubstr("dark on line="));
}

TEST(EffectSummary, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto result = Effect::summarise({}, {}, kAnimals);
  for (const char* id : {"margin/dark", "error/turned", "flip/out_of_focus", "margin/dark/cat"})
    EXPECT_EQ(finding_named(result.findings, id).status, FindingStatus::kUndefined) << id;
  EXPECT_THAT(Effect::present(result).answer, HasSubstr("Nothing could be said"));
}

TEST(EffectInterventions, AreReadAsWritten) {
  const auto all = interventions_of("a=rotation=10, brightness=0.8; b=box(0, 0.1, 1, 1): blur");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].factors[1], (std::pair<std::string, double>{"brightness", 0.8}));
  EXPECT_EQ(all[1].box[1], 0.1);
  const auto inside = pixels_of_part(all[1], {}, 10, 4);
  EXPECT_EQ(std::count(inside.begin(), inside.end(), 1), 36);
  const auto error = [](const std::string& text) {
    try {
      interventions_of(text);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error("a=brightnes=0.5"), HasSubstr("did you mean \"brightness\""));
  EXPECT_THAT(error("a=brightness=50"), HasSubstr("wanted 0 to 10"));
  EXPECT_THAT(error("a=marked: blurr"), HasSubstr("did you mean \"blur\""));
  EXPECT_THAT(error("a=box(0, 0, 2, 1): blur"), HasSubstr("in shares from 0 to 1"));
  EXPECT_THAT(error("a=dark"), HasSubstr("wanted FACTOR=VALUE"));
  EXPECT_THAT(error(""), HasSubstr("no intervention is named"));
}

}  // namespace
}  // namespace assay::checks
