#include "assay/checks/camera/drift_forensics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/checks/camera/drift_forensics_runs.h"
#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<DriftForensics>);

using testing::HasSubstr;

const Facts kPets{{"cat", "dog"}, 7};

class DriftForensicsRun : public CornerWorld {};

TEST_F(DriftForensicsRun, ForensicsFindsWhatCostsAndTellsItOnOtherPictures) {
  DriftForensics::Params params;
  params.factors = "camera.exposure=uniform(-4, 1); camera.gamma=uniform(0.9, 1.1)";
  params.budgets = "0.05, 0.6";
  params.apart = "factors";
  params.steps = 6;
  params.starts = 2;
  params.search_images = 8;
  params.grid = 2;
  write_pictures(24, [](int i) { return i % 2 == 1; });
  const auto classifier = middle_reader();
  const auto records = measured<DriftForensics>(classifier, params, kPets);
  const auto result = DriftForensics::summarise(records, params, kPets);
  EXPECT_GT(result.searched, 0);
  EXPECT_FALSE(result.verified.empty());
  for (const auto& found : result.found) {
    EXPECT_LE(found.search.distance, found.budget * 1.02) << found.name;
    for (std::size_t f = 0; f < result.factors.size(); ++f) {
      EXPECT_GE(found.search.theta[f], result.low[f] - 1e-9);
      EXPECT_LE(found.search.theta[f], result.high[f] + 1e-9);
    }
  }
  // A part that may not move stays.
  const auto exposure_alone =
      std::find_if(result.found.begin(), result.found.end(),
                   [](const auto& f) { return f.name == "camera.exposure"; });
  ASSERT_NE(exposure_alone, result.found.end());
  EXPECT_EQ(exposure_alone->search.theta[1], 1);
  // What the pictures of the search lose at the larger budget is no less than at the smaller one.
  EXPECT_GE(result.found[1].search.loss, result.found[0].search.loss - 1e-9);
  EXPECT_EQ(DriftForensics::findings(result).size(),
            DriftForensics::summarise({}, params, kPets).findings.size());
  EXPECT_THAT(DriftForensics::present(result).answer, HasSubstr("Within the specification"));
}

TEST(ForensicsRuns, RefuseWhatIsNoSpecification) {
  const auto with = [](const std::string& factors) {
    return error_of([&] {
      DriftForensics::Params params;
      params.factors = factors;
      forensics_space(params);
    });
  };
  EXPECT_EQ(with("camera.exposure=uniform(-1, 1)"), "nothing");
  EXPECT_THAT(with("exposure=uniform(-1, 1)"), HasSubstr("asks the camera's"));
  EXPECT_THAT(with("camera.bit_depth=uniform(8, 16)"), HasSubstr("no derivative"));
  EXPECT_THAT(with("camera.exposure=normal(0, 1)"), HasSubstr("wanted uniform"));
  EXPECT_THAT(with("camera.exposure=uniform(1, 2)"), HasSubstr("does not lie in"));
  EXPECT_THAT(with("camera.exposure=uniform(-20, 2)"), HasSubstr("reaches beyond -8 to 8"));
  DriftForensics::Params params;
  params.budgets = "0.1, 0.05";
  EXPECT_THAT(error_of([&] { forensics_budgets(params); }), HasSubstr("ascending"));
}

TEST(ForensicsRuns, KeysCarryTheirNumbers) {
  DriftForensics::Record a, b;
  a.theta = {0.125, -1};
  b.theta = {1e-9, 6500};
  const std::string key = verify_key({&a, &b}, "a/picture.png");
  EXPECT_EQ(thetas_of(key, 2), (std::vector<std::vector<double>>{{0.125, -1}, {1e-9, 6500}}));
  EXPECT_EQ(search_of(search_key(12, 3)).run, 12u);
  EXPECT_EQ(search_of(search_key(12, 3)).start, 3);
}

TEST(ForensicsSummary, ATolerancesSequenceEndsAtTheFirstDoubt) {
  DriftForensics::Params params;
  params.factors = "camera.exposure=uniform(-2, 2)";
  params.budgets = "0.1";
  params.grid = 4;
  params.allowed_drop = 0.05;
  std::vector<DriftForensics::Record> records;
  for (int i = 0; i < 300; ++i) {
    DriftForensics::Record r;
    r.id = std::to_string(i);
    r.row = i;
    r.label = i % 2;
    // Low side: all right; high side: a tenth is lost at 1 EV, none at 1.5.
    r.known = true;
    r.score = {1, 1, 1, 1, 1, 1, float(i % 10 != 0), 1, 1};
    records.push_back(r);
  }
  const auto result = DriftForensics::summarise(records, params, kPets);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "tolerance/camera.exposure/low").value, -2);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "tolerance/camera.exposure/high").value, 0.5);
  // Thirty pictures exclude no drop of 5 %.
  const auto few = DriftForensics::summarise(std::span(records).first(30), params, kPets);
  EXPECT_DOUBLE_EQ(finding_named(few.findings, "tolerance/camera.exposure/low").value, 0);
}

}  // namespace
}  // namespace assay::checks
