#include "assay/checks/sensitivity/tolerance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/tolerance_box.h"
#include "assay/methods/shift/margin_gradient.h"
#include "assay/methods/shift/shifted_logits.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Tolerance>);

using testing::HasSubstr;
using Record = Tolerance::Record;

const Facts kPets{{"cat", "dog"}, 7};

class ToleranceRun : public CornerWorld {
 protected:
  network::Classifier middle() const { return middle_reader(); }
};

Tolerance::Params quick(const std::string& factors, double least = 0.5) {
  Tolerance::Params params;
  params.factors = factors;
  params.least = least;
  params.points = 24;
  params.draws = 4;
  return params;
}

// The middle is 190 ± 20 or 60 ± 20 of 255 and the margin its mean less a half: times b, a bright one fails below
// b = 127.5 / 190, a dark one above 127.5 / 60.
TEST_F(ToleranceRun, FindsTheBrightnessAtWhichTheDecisionFails) {
  write_pictures(
      16, [](int i) { return i % 2 == 1; }, "", [](int) { return 1; });
  const auto params = quick("brightness=uniform(0.3, 1.2); occluder_x=uniform(-0.3, 0.3)");
  const auto records = measured<Tolerance>(middle(), params, kPets);
  const auto result = Tolerance::summarise(records, params, kPets);
  const Finding& low = finding_named(result.findings, "tolerance/brightness/low");
  ASSERT_EQ(low.status, FindingStatus::kOk) << low.note;
  EXPECT_NEAR(low.value, 127.5 / 190, 0.02);
  EXPECT_EQ(finding_named(result.findings, "tolerance/brightness/high").value, 1.2);
  EXPECT_EQ(finding_named(result.findings, "tolerance/occluder_x/low").value, -0.3);
  ASSERT_TRUE(result.no_box.empty()) << result.no_box;
  EXPECT_NEAR(*result.extents[0].box_low, 127.5 / 190, 0.03);
  EXPECT_NEAR(*result.extents[1].box_high, 0.3, 0.01);  // the box is claimed a little short
  EXPECT_LE(finding_named(result.findings, "box_failure").value, 0.25);
  ASSERT_TRUE(result.datasheet);
  EXPECT_EQ(result.datasheet->factors.size(), 2u);
  EXPECT_EQ(result.datasheet->statistics.size(), 7u);
  EXPECT_THAT(Tolerance::present(result).answer, HasSubstr("With all changed at once"));
}

TEST_F(ToleranceRun, TakesTheMarginsGradientAsDifferencesDo) {
  write_pictures(
      1, [](int) { return true; }, "", [](int) { return 1; });
  imaging::DataSource source;
  source.manifest = folder_ / "data.csv";
  const auto data = imaging::DataSet::open(source, {2, {}});
  const auto classifier = middle();
  const Subject subject{classifier, data, kPets};
  const at::Tensor input = context(subject, 0).input->narrow(0, 0, 1);
  const imaging::Scene scene({"rotation", "brightness", "gaussian_blur"}, {});
  constexpr double kStep = 1e-2;
  // The point, and each factor a step up and down; 3 and 7 points are no whole micro-batch.
  at::Tensor theta = at::tensor({4.0, 0.9, 0.8}, at::kDouble).repeat({7, 1});
  for (int f = 0; f < 3; ++f) {
    theta[1 + 2 * f][f] += kStep;
    theta[2 + 2 * f][f] -= kStep;
  }
  const std::vector<std::uint64_t> draws(7, 1);
  const auto found = methods::margin_gradient(classifier, input, scene, theta, draws, 1);
  for (int f = 0; f < 3; ++f) {
    const double slope =
        (found.margin[1 + 2 * f].item<double>() - found.margin[2 + 2 * f].item<double>()) /
        (2 * kStep);
    EXPECT_NEAR(found.gradient[0][f].item<double>(), slope, 0.02 * std::abs(slope) + 1e-3) << f;
  }
  const at::Tensor logits = methods::shifted_logits(classifier, input, scene, theta, draws);
  EXPECT_NEAR(found.margin[3].item<double>(), (logits[3][1] - logits[3][0]).item<double>(), 1e-3);
}

TEST_F(ToleranceRun, SaysThatItFailsAtNominal) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "", [](int) { return 1; });
  auto params = quick("brightness=uniform(0.9, 1.1)");
  params.holds = "accuracy";
  // The corner is bright on every second picture only.
  const auto records = measured<Tolerance>(corner_reader(), params, kPets);
  const auto result = Tolerance::summarise(records, params, kPets);
  EXPECT_EQ(result.wrong, 4);
  EXPECT_EQ(finding_named(result.findings, "nominal_share").value, 0.5);
  params.least = 0.8;
  const auto strict = Tolerance::summarise(records, params, kPets);
  EXPECT_THAT(finding_named(strict.findings, "tolerance/brightness/high").note,
              HasSubstr("it fails for 4 of 8 pictures as they are"));
  EXPECT_THAT(Tolerance::present(strict).answer, HasSubstr("No tolerance can be claimed"));
}

Record scanned(int index, float low, float high) {
  Record r;
  r.row = index;
  r.id = std::to_string(index);
  r.label = r.clean = 0;
  r.holds = true;
  r.reach = {low, high};
  return r;
}

TEST(ToleranceSummary, ClaimsOrderStatisticsOfIndependentPictures) {
  const auto params = quick("rotation=uniform(-10, 20)", 0.9);
  std::vector<Record> records;
  for (int i = 0; i < 29; ++i) records.push_back(scanned(i, 0.5f + static_cast<float>(i) / 100, 1));
  auto result = Tolerance::summarise(records, params, kPets);
  // The least of 29: 90 % of all with 95 % confidence.
  EXPECT_NEAR(*result.extents[0].low, -5, 1e-6);
  EXPECT_NEAR(*result.extents[0].high, 20, 1e-6);
  EXPECT_THAT(result.no_box, HasSubstr("a box wants 43 independent pictures"));
  // Of one cluster they are one picture.
  for (Record& r : records) r.cluster = "weld 7";
  result = Tolerance::summarise(records, params, kPets);
  EXPECT_EQ(result.counted, 1);
  EXPECT_FALSE(result.extents[0].low);
}

TEST(ToleranceSummary, KnowsItsFindingsBeforeTheFirstPicture) {
  const auto result = Tolerance::summarise({}, {}, kPets);
  for (const char* id : {"nominal_share", "tolerance/rotation/low", "tolerance/gaussian_blur/high",
                         "box/brightness/low", "box_failure"})
    EXPECT_EQ(finding_named(result.findings, id).status, FindingStatus::kUndefined) << id;
  EXPECT_THAT(Tolerance::present(result).answer, HasSubstr("Nothing could be said"));
}

TEST(ToleranceSummary, RefusesRangesWithoutEndOrNominal) {
  const auto error = [](const std::string& factors) {
    try {
      ways_of(quick(factors), 0);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error("temperature=normal(6500, 100)"), HasSubstr("has no end"));
  EXPECT_THAT(error("brightness=uniform(1.1, 1.5)"), HasSubstr("nominal is 1, which"));
  EXPECT_EQ(error("gaussian_blur=uniform(0, 3)"), "nothing");
}

TEST(ToleranceBox, StandsInAKey) {
  const std::vector<double> lengths{1.5, 0, 1e-7};
  EXPECT_EQ(lengths_of("together/" + lengths_text(lengths) + "/a/b.png"), lengths);
}

}  // namespace
}  // namespace assay::checks
