#include "assay/checks/camera/drift_synthesis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<DriftSynthesis>);

using testing::HasSubstr;

const Facts kPets{{"cat", "dog"}, 7};

class DriftSynthesisRun : public CornerWorld {};

TEST_F(DriftSynthesisRun, SynthesisPairsCamerasOnTheSamePictures) {
  DriftSynthesis::Params params;
  params.cameras =
      "same=black_level normalise | white_balance as_shot | demosaic malvar | colour_matrix file | "
      "clip 0 1 | tone srgb; dark=black_level normalise | white_balance as_shot | demosaic menon | "
      "colour_matrix file | clip 0 1 | tone srgb | set camera.exposure -3";
  params.corruptions = "brightness";
  write_pictures(24, [](int i) { return i % 2 == 1; });
  const auto classifier = middle_reader();
  const auto records = measured<DriftSynthesis>(classifier, params, kPets);
  const auto result = DriftSynthesis::summarise(records, params, kPets);
  EXPECT_EQ(result.cameras, (std::vector<std::string>{"same", "dark"}));
  EXPECT_GT(finding_named(result.findings, "accuracy/audited").value, 0.9);
  // The typical camera changes nothing but what is rounded, eight times less light a lot.
  EXPECT_LT(result.distances[0], 0.003);
  EXPECT_GT(result.distances[DriftSynthesis::kDistances], 0.1);
  EXPECT_EQ(finding_named(result.findings, "difference/audited/same").value, 0);
  const Section section = DriftSynthesis::present(result);
  EXPECT_THAT(section.answer, HasSubstr("Of 2 cameras"));
  EXPECT_EQ(section.figures[0].matrix.size(), 3u);
}

DriftSynthesis::Record seen(int index, bool own, std::vector<float> score) {
  DriftSynthesis::Record r;
  r.id = std::to_string(index);
  r.label = index % 2;
  r.own = {own ? 1.0F : 0.0F, 1};
  r.known = true;
  r.score = std::move(score);
  r.margins.assign(r.score.size(), 1);
  r.distances.assign(2 * DriftSynthesis::kDistances, 0.1F);
  r.height = r.width = 32;
  return r;
}

TEST(DriftSynthesisSummary, CountsByModelAndCamera) {
  DriftSynthesis::Params params;
  params.cameras = "a=menon-filter-median; b=bilinear-unsharp-gaussian";
  params.models = "other=other.onnx";
  params.corruptions = "";
  std::vector<DriftSynthesis::Record> records;
  for (int i = 0; i < 40; ++i)  // the audited model loses every fourth by b
    records.push_back(seen(i, true, {1, float(i % 4 != 0), 1, float(i % 2)}));
  const auto result = DriftSynthesis::summarise(records, params, kPets);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "accuracy/audited/a").value, 1);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "accuracy/audited/b").value, 0.75);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "difference/other/b").value, -0.5);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "worst_accuracy").value, 0.75);
  EXPECT_DOUBLE_EQ(finding_named(result.findings, "worst_difference").value, -0.25);
  EXPECT_EQ(
      finding_named(DriftSynthesis::summarise({}, params, kPets).findings, "worst_accuracy").status,
      FindingStatus::kUndefined);
  EXPECT_THAT(error_of([] {
                DriftSynthesis::Params p;
                p.models = "audited=x.onnx";
                DriftSynthesis::summarise({}, p, kPets);
              }),
              HasSubstr("take another name"));
}

}  // namespace
}  // namespace assay::checks
