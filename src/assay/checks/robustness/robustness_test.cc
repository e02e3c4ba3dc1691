#include "assay/checks/robustness/robustness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/robustness/robustness_attacks.h"
#include "assay/checks/section_text.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Robustness>);

using testing::HasSubstr;

const Facts kPets{{"cat", "dog"}, 7};

class RobustnessRun : public CornerWorld {
 protected:
  Robustness::Result run(const network::Classifier& classifier, const Robustness::Params& params) {
    return Robustness::summarise(measured<Robustness>(classifier, params, kPets), params, kPets);
  }
  static double value(const Robustness::Result& result, const std::string& id) {
    return finding_named(result.findings, id).value;
  }

  // The middle's brightness in steps: right, and without a gradient.
  network::Classifier stepped_reader() const {
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, kWorldSide, kWorldSide});
    at::Tensor w = at::zeros({1, 3, kWorldSide, kWorldSide});
    for (int y = 0; y < kWorldSide; ++y)
      for (int x = 0; x < kWorldSide; ++x)
        if (in_middle(y, x)) w[0].select(1, y).select(1, x).fill_(8.0 / 48);
    graph.add_constant("w", w.reshape({1, -1}));
    graph.add_constant("two", at::tensor({1.0F, -1.0F}).view({2, 1}));
    graph.add_constant("shift", at::tensor({4.0F, -4.0F}));
    graph.add_node(node("Flatten"), {"x"}, {"flat"});
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"mean"});
    graph.add_node(node("Floor"), {"mean"}, {"steps"});
    graph.add_constant("minus", at::tensor({-1.0F, 1.0F}).view({2, 1}));
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"steps", "minus", "shift"}, {"z"});
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / "stepped.onnx";
    network::write_onnx(graph, file);
    return network::Classifier::open(file, {}, {}, {});
  }
};

TEST_F(RobustnessRun, ALinearModelFallsWhereItsMarginEnds) {
  write_pictures(24, [](int) { return false; });
  Robustness::Params params;
  params.attacks = "fgsm, pgd(steps=10, restarts=1), standard";
  params.eps = "0.1, 0.2, 0.3";
  const auto result = run(middle_reader(), params);
  for (const char* attack : {"fgsm", "pgd", "standard", "all"}) {
    const std::string id = std::string("robust_accuracy/") + attack;
    EXPECT_EQ(value(result, id + "/0.1"), 1) << attack;
    EXPECT_EQ(value(result, id + "/0.2"), 1) << attack;
    EXPECT_EQ(value(result, id + "/0.3"), 0) << attack;
  }
  EXPECT_EQ(value(result, "robust_accuracy/noise/0.3"), 1);
  EXPECT_EQ(value(result, "clean_accuracy"), 1);
  EXPECT_NEAR(value(result, "median_distance/linf"), 0.25, 0.03);
  EXPECT_EQ(value(result, "masking_suspected"), 0)
      << finding_named(result.findings, "masking_suspected").note;
  EXPECT_EQ(value(result, "gradient_surrogate"), 0);
  const Section section = Robustness::present(result);
  EXPECT_THAT(section.answer, HasSubstr("With a change of at most 0.3 (linf) 0"));
  ASSERT_FALSE(section.exhibits.empty());
  EXPECT_EQ(section.exhibits[0].exhibits[0].panels.size(), 3U);
  EXPECT_EQ(result.findings.size(), Robustness::summarise({}, params, kPets).findings.size());
}

TEST_F(RobustnessRun, AModelWithoutGradientsIsSuspected) {
  write_pictures(16, [](int) { return false; });
  Robustness::Params params;
  params.attacks = "fgsm, pgd(steps=10, restarts=1)";
  params.eps = "0.3";
  const auto result = run(stepped_reader(), params);
  EXPECT_EQ(value(result, "clean_accuracy"), 1);
  EXPECT_EQ(value(result, "masking_suspected"), 1);
  EXPECT_GT(value(result, "zero_gradients"), 0.9);
  EXPECT_THAT(Robustness::present(result).warnings, testing::Contains(HasSubstr("masking")));
}

TEST_F(RobustnessRun, WhatIsWrongToBeginWithIsNotRobustAndNotAttacked) {
  write_pictures(
      16, [](int) { return false; }, "", [](int i) { return i % 4 == 0; });
  Robustness::Params params;
  params.attacks = "fgsm";
  params.eps = "0.01";
  params.nearest = "";
  // The corner says nothing of the class: some are wrong.
  const auto result = run(corner_reader(), params);
  EXPECT_GT(result.wrong, 0);
  EXPECT_LT(value(result, "clean_accuracy"), 1);
  EXPECT_LE(value(result, "robust_accuracy/all/0.01"), value(result, "clean_accuracy"));
}

// Under noise the majority of a linear model changes where its decision does: a certificate never reaches further, and with many
// draws nearly so far as its confidence allows.
TEST_F(RobustnessRun, ACertifiedRadiusEndsBeforeTheBoundary) {
  write_pictures(8, [](int) { return false; });
  Robustness::Params params;
  params.attacks = "fgsm";
  params.eps = "0.01";
  params.smoothing = 0.5;
  params.smoothing_samples = 2000;
  params.nearest = "";
  params.radii = "0.2, 0.8, 3";
  const auto records = measured<Robustness>(middle_reader(), params, kPets);
  const auto result = Robustness::summarise(records, params, kPets);
  // Pictures lie about 0.25 off on 48 values: 0.25 · √48 = 1.7 in l2.
  for (const auto& r : records)
    for (const double radius : r.radius) {
      EXPECT_LT(radius, 0.3 * std::sqrt(48));
      EXPECT_GT(radius, 0.8);
    }
  EXPECT_EQ(value(result, "certified_accuracy/0.2"), 1);
  EXPECT_EQ(value(result, "certified_accuracy/0.8"), 1);
  EXPECT_EQ(value(result, "certified_accuracy/3"), 0);
}

TEST_F(RobustnessRun, TransferIsMadeElsewhereAndJudgedHere) {
  write_pictures(8, [](int) { return false; });
  const auto surrogate = middle_reader();
  Robustness::Params params;
  params.attacks = "fgsm";
  params.eps = "0.3";
  params.surrogate = surrogate.file();
  const auto result = run(surrogate, params);
  EXPECT_EQ(value(result, "robust_accuracy/transfer/0.3"), 0);
}

TEST(RobustnessAttacks, AreReadAndWrongOnesSaid) {
  const auto with = [](const std::string& attacks, const std::string& eps,
                       const std::string& norm = "linf") {
    return error_of([&] {
      Robustness::Params params;
      params.attacks = attacks;
      params.eps = eps;
      params.norm = norm;
      assaults_of(params);
      attack_sizes(params);
    });
  };
  EXPECT_THAT(with("pdg", "0.1"), HasSubstr("did you mean \"pgd\"?"));
  EXPECT_THAT(with("pgd", "0"), HasSubstr("above 0"));
  EXPECT_THAT(with("pgd", "8/0"), HasSubstr("above 0"));
  EXPECT_THAT(with("pgd", "0.2, 0.1"), HasSubstr("ascending"));
  EXPECT_THAT(with("pgd", "8"), HasSubstr("pixels run from 0 to 1"));
  EXPECT_THAT(with("", "0.1"), HasSubstr("no attack"));
  EXPECT_EQ(with("pgd", "8", "l2"), "nothing");
  Robustness::Params params;
  params.attacks = "pgd, pgd(steps=3), standard";
  const auto all = assaults_of(params);
  EXPECT_EQ(all[1].name, "pgd-2");
  EXPECT_EQ(all[2].attacks.size(), 4U);
  EXPECT_EQ(attack_sizes(params)[3].name, "8-255");
}

}  // namespace
}  // namespace assay::checks
