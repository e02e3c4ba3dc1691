#include "assay/checks/sensitivity/screening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Screening>);

using testing::HasSubstr;

const Facts kDogs{{"cat", "dog"}, 7};

class ScreeningRun : public CornerWorld {};

Screening::Params screened(const char* method) {
  Screening::Params params;
  params.factors =
      "brightness=uniform(0.7, 0.9); occluder_x=uniform(-0.2, 0.2); gamma=uniform(0.9, 1.1)";
  params.method = method;
  params.calls_per_image = 40;
  return params;
}

// The margin is 20 mean − 10 of a middle at 190/255 and of brightness b, 20 · 0.745 b: half of the range of b is 0.1, so 1.49.
TEST_F(ScreeningRun, FindsTheEffectOfHalfTheRange) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "", [](int) { return 1; });
  const auto params = screened("morris");
  const auto records = measured<Screening>(middle_reader(), params, kDogs);
  const auto result = Screening::summarise(records, params, kDogs);
  EXPECT_NEAR(finding_named(result.findings, "effect/brightness").value, 1.49, 0.1);
  EXPECT_NEAR(finding_named(result.findings, "effect/occluder_x").value, 0, 1e-5);
  EXPECT_LT(finding_named(result.findings, "bend/brightness").value, 0.1);
  EXPECT_THAT(Screening::present(result).answer, HasSubstr("may be left out"));
}

TEST_F(ScreeningRun, BoundsTotalIndicesByDerivatives) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "", [](int) { return 1; });
  const auto params = screened("dgsm");
  const auto records = measured<Screening>(middle_reader(), params, kDogs);
  const auto result = Screening::summarise(records, params, kDogs);
  const double brightness = finding_named(result.findings, "total_bound/brightness").value,
               gamma = finding_named(result.findings, "total_bound/gamma").value;
  // Nearly linear in both: 12/π² times the shares, which sum to 1.
  EXPECT_NEAR(brightness + gamma, 12 / (M_PI * M_PI), 0.35);
  EXPECT_GT(brightness, gamma);
  EXPECT_LT(finding_named(result.findings, "total_bound/occluder_x").value, 1e-6);
  // Central differences agree with the derivative: 20 · 0.745 of the brightness.
  EXPECT_NEAR(result.entries[0].mean, 14.9, 1);
}

TEST(ScreeningSummary, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto result = Screening::summarise({}, {}, kDogs);
  for (const char* id : {"effect/rotation", "bend/haze", "effect/jpeg_quality"})
    EXPECT_EQ(finding_named(result.findings, id).status, FindingStatus::kUndefined) << id;
  EXPECT_THAT(Screening::present(result).answer, HasSubstr("Nothing could be said"));
}

}  // namespace
}  // namespace assay::checks
