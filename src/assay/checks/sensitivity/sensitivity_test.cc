#include "assay/checks/sensitivity/sensitivity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/sensitivity_rounds.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Sensitivity>);

using testing::HasSubstr;
using Record = Sensitivity::Record;

const Facts kTwo{{"cat", "dog"}, 7};

Sensitivity::Params params_of_factors(const std::string& factors, int calls = 120) {
  Sensitivity::Params params;
  params.factors = factors;
  params.calls_per_image = calls;
  return params;
}

class SensitivityRun : public CornerWorld {
 protected:
  // Reads the middle's brightness.
  network::Classifier middle() const {
    return reader([](int y, int x) { return in_middle(y, x) ? 1.0 : 0; });
  }
};

TEST_F(SensitivityRun, FindsTheOnlyFactorThatTheModelReads) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  // Noise of the whole picture's corners is not read; the middle's brightness is.
  const auto params =
      params_of_factors("brightness=uniform(0.6, 1.2); occluder_x=uniform(-0.5, 0.5)");
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  EXPECT_GT(finding_named(result.findings, "q2").value, 0.95);
  EXPECT_GT(finding_named(result.findings, "total/brightness").value, 0.99);
  EXPECT_LT(finding_named(result.findings, "total/occluder_x").value, 0.01);
  EXPECT_FALSE(result.disagree);
  const Section section = Sensitivity::present(result);
  EXPECT_THAT(section.answer, HasSubstr("brightness takes part in"));
}

TEST_F(SensitivityRun, SaysSoWhereNothingVaries) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  const auto params = params_of_factors("occluder_x=uniform(-0.5, 0.5)");
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  const Finding& total = finding_named(result.findings, "total/occluder_x");
  EXPECT_EQ(total.status, FindingStatus::kUndefined);
  EXPECT_THAT(total.note, HasSubstr("no variance"));
  EXPECT_EQ(finding_named(result.findings, "flip_probability").value, 0);
}

TEST_F(SensitivityRun, SeparatesNoiseFromFactors) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  const auto params =
      params_of_factors("gaussian_noise=uniform(0.1, 0.2); brightness=uniform(0.95, 1.05)", 200);
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  EXPECT_GT(finding_named(result.findings, "noise").value, 0.2);
}

TEST_F(SensitivityRun, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto params = params_of_factors("rotation=uniform(-5, 5); scale=uniform(0.9, 1.1)");
  const auto result = Sensitivity::summarise({}, params, kTwo);
  for (const char* id :
       {"first_order/rotation", "total/scale", "interaction/rotation*scale", "q2", "mean_margin",
        "failure_probability", "flip_probability", "accuracy_under_shift", "ece_under_shift",
        "overconfidence_under_shift", "between_images"})
    EXPECT_EQ(finding_named(result.findings, id).status, FindingStatus::kUndefined) << id;
  EXPECT_THAT(Sensitivity::present(result).answer, HasSubstr("Nothing could be said"));
}

TEST(FactorSpaceTest, RefusesWhatCannotBe) {
  const auto error = [](const std::string& factors) {
    try {
      FactorSpace(factors, "reflect", 0, 0, "audit.yaml:5");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error("rotaton=uniform(0, 1)"), HasSubstr("did you mean \"rotation\""));
  EXPECT_THAT(error("rotation=unifrom(0, 1)"), HasSubstr("unknown distribution \"unifrom\""));
  EXPECT_THAT(error("rotation=uniform(1, 0)"), HasSubstr("low must be below high"));
  EXPECT_THAT(error("rotation=uniform(0)"), HasSubstr("has 1 number"));
  EXPECT_THAT(error("gaussian_blur=normal(1, 1)"),
              HasSubstr("reaches beyond 0 to 30 px; truncated_normal(1, 1, 0, 30) does not"));
  EXPECT_THAT(error("gaussian_blur=uniform(0, 1); gaussian_blur=uniform(0, 2)"),
              HasSubstr("given twice"));
  EXPECT_THAT(error(""), HasSubstr("no factor is named"));
  EXPECT_EQ(error("temperature=normal(5000, 10); gamma=discrete(0.8, 1, 1.2)"), "nothing");
}

}  // namespace
}  // namespace assay::checks
