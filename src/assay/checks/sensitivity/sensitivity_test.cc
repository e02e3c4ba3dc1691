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

TEST_F(SensitivityRun, ExplainsAllLogitsTogether) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  auto params = params_of_factors("brightness=uniform(0.6, 1.2); occluder_x=uniform(-0.5, 0.5)");
  params.output = "logits";
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  EXPECT_GT(finding_named(result.findings, "total/brightness").value, 0.99);
  ASSERT_EQ(result.logit_total.size(), 2u);
  EXPECT_GT(result.logit_total[1][0], 0.99);
  EXPECT_EQ(Sensitivity::present(result).tables[1].rows.size(), 2u);
}

// Both factors move the brightness; each alone says less where they change together.
TEST_F(SensitivityRun, GivesCorrelatedFactorsShapleyEffects) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  auto params =
      params_of_factors("brightness=uniform(0.9, 1.1); occluder_x=uniform(-0.5, 0.5)", 120);
  params.correlations = "brightness*occluder_x=0.9";
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  const Finding& read = finding_named(result.findings, "shapley/brightness");
  const Finding& unread = finding_named(result.findings, "shapley/occluder_x");
  EXPECT_NEAR(read.value + unread.value, 1, 0.01);
  // Of a linear model y = x0 with correlation r of uniform factors: r²/2 is owed to the other.
  const double r = 6 / M_PI * std::asin(0.45);
  EXPECT_NEAR(unread.value, r * r / 2, 0.05);
  EXPECT_EQ(result.frozen, 0);
  EXPECT_THAT(Sensitivity::present(result).answer, HasSubstr("Shapley"));
}

TEST_F(SensitivityRun, FitsDerivativesToo) {
  write_pictures(
      6, [](int i) { return i % 2 == 1; }, "");
  auto params = params_of_factors(
      "brightness=uniform(0.8, 1.1); gamma=uniform(0.9, 1.1); occluder_x=uniform(-0.5, 0.5)", 160);
  params.derivatives = true;
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  ASSERT_EQ(records.front().design.margin.size(), 22u);  // 160 · 0.55 / 4
  EXPECT_EQ(records.front().slopes.size(), 66u);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  EXPECT_GT(finding_named(result.findings, "q2").value, 0.99);
  EXPECT_LT(finding_named(result.findings, "total/occluder_x").value, 0.01);
  EXPECT_FALSE(result.disagree);
}

TEST_F(SensitivityRun, RefusesPickFreezeOfCorrelatedFactors) {
  write_pictures(
      2, [](int) { return true; }, "");
  auto params = params_of_factors("brightness=uniform(0.9, 1.1); gamma=uniform(0.9, 1.1)");
  params.correlations = "brightness*gamma=0.5";
  params.estimator = "pick_freeze";
  EXPECT_THROW(measured<Sensitivity>(middle(), params, kTwo), InputError);
}

TEST_F(SensitivityRun, LooksForRareFailuresWhereTheSurrogateExpectsThem) {
  // Bright middles of 190 ± 20 fail below a brightness of 0.67: of normal(1, 0.13) seldom.
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "", [](int) { return 1; });
  const auto params = params_of_factors("brightness=normal(1, 0.13)", 200);
  const auto records = measured<Sensitivity>(middle(), params, kTwo);
  const auto result = Sensitivity::summarise(records, params, kTwo);
  const Finding& rare = finding_named(result.findings, "rare_failure_probability");
  ASSERT_EQ(rare.status, FindingStatus::kOk) << rare.note;
  EXPECT_GT(rare.value, 0.0005);
  EXPECT_LT(rare.value, 0.03);
  EXPECT_LT(rare.interval->high, 0.05);
}

TEST_F(SensitivityRun, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto params = params_of_factors("rotation=uniform(-5, 5); scale=uniform(0.9, 1.1)");
  const auto result = Sensitivity::summarise({}, params, kTwo);
  for (const char* id :
       {"first_order/rotation", "total/scale", "interaction/rotation*scale", "q2", "mean_margin",
        "failure_probability", "flip_probability", "accuracy_under_shift", "ece_under_shift",
        "overconfidence_under_shift", "between_images", "rare_failure_probability"})
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
  const auto dependent = [](const std::string& correlations) {
    try {
      FactorSpace("rotation=uniform(0, 1); shear=uniform(0, 1); gamma=uniform(1, 2)", "reflect", 0,
                  0, "plan", correlations);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(dependent("rotation*shear=0.5"), "nothing");
  EXPECT_THAT(dependent("rotation*sheer=0.5"), HasSubstr("did you mean \"shear\""));
  EXPECT_THAT(dependent("rotation*shear=1"), HasSubstr("wanted a correlation between -1 and 1"));
  EXPECT_THAT(dependent("rotation*shear=0.9; shear*gamma=0.9; rotation*gamma=-0.9"),
              HasSubstr("contradict"));
}

}  // namespace
}  // namespace assay::checks
