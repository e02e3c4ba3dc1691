#include "assay/checks/uncertainty/uncertainty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/section_text.h"
#include "assay/checks/uncertainty/uncertainty_samples.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Uncertainty>);

using testing::HasSubstr;

const Facts kTwo{{"dark", "bright"}, 7};

class UncertaintyRun : public CornerWorld {
 protected:
  Uncertainty::Result run(const network::Classifier& classifier,
                          const Uncertainty::Params& params) {
    return Uncertainty::summarise(measured<Uncertainty>(classifier, params, kTwo), params, kTwo);
  }
  static const Finding& named(const Uncertainty::Result& result, const std::string& id) {
    return finding_named(result.findings, id);
  }

  // Brightness of the middle through a dropout of one half: z = ±(mask · mean − 4) of eight parts.
  network::Classifier dropping_reader() const {
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, kWorldSide, kWorldSide});
    at::Tensor w = at::zeros({8, 3, kWorldSide, kWorldSide});
    for (int k = 0; k < 8; ++k)
      for (int y = 6; y < 10; ++y)
        for (int x = 6; x < 10; ++x) w[k].select(1, y).select(1, x).fill_(1.0 / 48);
    graph.add_constant("w", w.reshape({8, -1}));
    graph.add_constant("v", at::stack({-at::ones({8}), at::ones({8})}));
    graph.add_constant("shift", at::tensor({4.0F, -4.0F}));
    graph.add_constant("half", at::tensor(0.5F));
    graph.add_node(node("Flatten"), {"x"}, {"flat"});
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"parts"});
    graph.add_node(node("Dropout"), {"parts", "half"}, {"kept"});
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"kept", "v", "shift"}, {"z"});
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / "dropping.onnx";
    network::write_onnx(graph, file);
    return network::Classifier::open(file, {}, {}, {});
  }
};

TEST_F(UncertaintyRun, TheSinglePassIsMeasuredWhereNoSamplesAreAsked) {
  write_pictures(24, [](int) { return false; });
  const Uncertainty::Params params;
  const auto result = run(middle_reader(), params);
  EXPECT_EQ(named(result, "accuracy").value, 1);
  EXPECT_EQ(named(result, "mutual_information").value, 0);
  EXPECT_EQ(named(result, "predictive_entropy").value, named(result, "expected_entropy").value);
  EXPECT_EQ(named(result, "standard_error").status, FindingStatus::kUndefined);
  EXPECT_EQ(named(result, "error_auroc").status, FindingStatus::kUndefined);
  EXPECT_THAT(named(result, "error_auroc").note, HasSubstr("no answer is wrong"));
  EXPECT_EQ(named(result, "aurc").value, 0);
  EXPECT_EQ(named(result, "selective_accuracy/0.8").value, 1);
  // 24 right answers prove no error rate of 1 %.
  EXPECT_EQ(named(result, "abstain_threshold").status, FindingStatus::kUndefined);
  EXPECT_EQ(named(result, "conformal_coverage").status, FindingStatus::kOk);
  const Section section = Uncertainty::present(result);
  EXPECT_THAT(section.answer, HasSubstr("single pass"));
  EXPECT_EQ(result.findings.size(), Uncertainty::summarise({}, params, kTwo).findings.size());
}

TEST_F(UncertaintyRun, DropoutDisagreesAndComesToRest) {
  write_pictures(16, [](int) { return false; });
  Uncertainty::Params params;
  params.samples = "dropout=400";
  params.error = 0.05;
  const auto classifier = dropping_reader();
  const auto result = run(classifier, params);
  EXPECT_GT(named(result, "mutual_information").value, 0.01);
  EXPECT_NEAR(named(result, "predictive_entropy").value,
              named(result, "expected_entropy").value + named(result, "mutual_information").value,
              1e-12);
  EXPECT_EQ(result.unconverged, 0);
  EXPECT_LE(named(result, "standard_error").value, 0.05);
  ASSERT_FALSE(result.covariance.empty());
  // Two classes take from each other alone.
  EXPECT_NEAR(result.covariance[0], -result.covariance[1], 1e-6);
  EXPECT_FALSE(result.trace_samples.empty());
  // A tighter bound takes more samples, of the same draws.
  Uncertainty::Params tight = params;
  tight.error = 0.001;
  const auto more = measured<Uncertainty>(classifier, tight, kTwo);
  const auto few = measured<Uncertainty>(classifier, params, kTwo);
  EXPECT_GT(more[0].samples, few[0].samples);
  EXPECT_EQ(more[0].trace[0], few[0].trace[0]);
  const Section section = Uncertainty::present(result);
  EXPECT_THAT(section.answer, HasSubstr("Dropout is active"));
}

TEST_F(UncertaintyRun, TooFewSamplesAreSaid) {
  write_pictures(16, [](int) { return false; });
  Uncertainty::Params params;
  params.samples = "dropout=8";
  params.error = 1e-6;
  const auto result = run(dropping_reader(), params);
  EXPECT_GT(result.unconverged, 0);
  EXPECT_THAT(Uncertainty::present(result).warnings,
              testing::Contains(HasSubstr("did not come to rest")));
}

TEST_F(UncertaintyRun, DoubtGoesWithErrorsWhereItDoes) {
  // Labels are wrong where the middle says the other class, which this model cannot know.
  write_pictures(
      64, [](int) { return false; }, "", [](int i) { return i % 2; });
  Uncertainty::Params params;
  params.samples = "factors=16";
  params.factors = "brightness=uniform(0.5, 1.5)";
  params.error = 0;
  const auto result = run(middle_reader(), params);
  EXPECT_EQ(named(result, "accuracy").status, FindingStatus::kOk);
  EXPECT_GT(named(result, "predictive_entropy").value, 0);
  const auto again = run(middle_reader(), params);
  EXPECT_EQ(named(result, "predictive_entropy").value, named(again, "predictive_entropy").value);
}

TEST_F(UncertaintyRun, AnEnsembleIsSeveralFiles) {
  write_pictures(16, [](int) { return false; });
  const auto corner = corner_reader();
  std::filesystem::rename(folder_ / "model.onnx", folder_ / "corner.onnx");
  Uncertainty::Params params;
  params.models = "corner=" + (folder_ / "corner.onnx").string();
  const auto result = run(middle_reader(), params);
  // The corner is dark: the two disagree about what is bright.
  EXPECT_GT(named(result, "mutual_information").value, 0.01);
  EXPECT_GT(named(result, "variation_ratio").value, 0);
}

TEST_F(UncertaintyRun, ForeignPicturesAreToldApart) {
  write_pictures(24, [](int) { return false; });
  const auto foreign = folder_ / "foreign";
  std::filesystem::create_directories(foreign);
  for (int i = 0; i < 10; ++i) {
    imaging::Picture picture{kWorldSide, kWorldSide, 3, 8, {}};
    picture.bytes.assign(kWorldSide * kWorldSide * 3, static_cast<std::uint8_t>(120 + i));
    write_file(foreign / (std::to_string(i) + ".png"), imaging::encode_png(picture));
  }
  Uncertainty::Params params;
  params.foreign = foreign;
  params.layer = "layer";
  // The contexts of this world keep no values: the layer is asked for where it is wanted.
  const auto classifier = middle_reader();
  imaging::DataSource source;
  source.manifest = folder_ / "data.csv";
  const auto data = imaging::DataSet::open(source, {2, {}});
  const Subject subject{classifier, data, kTwo};
  EXPECT_EQ(Uncertainty::keep(subject, params), (std::vector<std::string>{"layer"}));
  std::vector<Uncertainty::Record> records;
  for (std::int64_t first = 0; first < 24; first += 8) {
    Context c = context(subject, first);
    auto pass = classifier.forward(*c.input, Uncertainty::keep(subject, params));
    c.values["layer"] = std::make_shared<const at::Tensor>(pass.values.at("layer"));
    std::vector<Unit> here;
    for (const Unit& u : Uncertainty::units(subject, params, {}))
      if (u.row / 8 == first / 8) here.push_back(u);
    auto made = Uncertainty::measure(subject, params, here, c);
    for (std::size_t i = 0; i < made.size(); ++i) made[i].row = here[i].row;
    records.insert(records.end(), made.begin(), made.end());
  }
  const auto second = Uncertainty::units(subject, params, records);
  ASSERT_EQ(second.size(), 10U);
  const auto found = Uncertainty::measure(subject, params, second, context(subject, 0));
  records.insert(records.end(), found.begin(), found.end());
  EXPECT_TRUE(Uncertainty::units(subject, params, records).empty());
  const auto result = Uncertainty::summarise(records, params, kTwo);
  EXPECT_EQ(result.foreign, 10);
  // Of one grey, they lie between the classes.
  EXPECT_EQ(named(result, "ood_auroc/confidence").value, 1);
  EXPECT_EQ(named(result, "ood_fpr95/confidence").value, 0);
  EXPECT_EQ(named(result, "ood_auroc/mahalanobis").status, FindingStatus::kOk);
  EXPECT_EQ(Uncertainty::present(result).tables.back().rows.size(), 5U);

  params.foreign = folder_ / "own";
  std::filesystem::create_directories(params.foreign);
  std::filesystem::copy(folder_ / "3.png", params.foreign + "/copy.png");
  EXPECT_THAT(error_of([&] {
                Uncertainty::units(subject, params, records = {records[0], records[3]});
              }),
              HasSubstr("not foreign"));
}

TEST_F(UncertaintyRun, WhatCannotBeAskedIsSaid) {
  write_pictures(2, [](int) { return false; });
  const auto classifier = middle_reader();
  const auto with = [&](auto change) {
    Uncertainty::Params params;
    change(params);
    return error_of([&] { run(classifier, params); });
  };
  EXPECT_THAT(with([](auto& p) { p.samples = "dropout=10"; }), HasSubstr("no dropout"));
  EXPECT_THAT(with([](auto& p) { p.samples = "dropout=1"; }), HasSubstr("from 2"));
  EXPECT_THAT(with([](auto& p) { p.samples = "luck=10"; }), HasSubstr("dropout or factors"));
  EXPECT_THAT(with([](auto& p) { p.samples = "dropout=4; factors=4"; }),
              HasSubstr("one source at a time"));
  EXPECT_THAT(with([](auto& p) {
                p.samples = "dropout=4";
                p.dropout_at = "flat=2";
              }),
              HasSubstr("from 0 to 1"));
  EXPECT_THAT(with([](auto& p) { p.coverages = "80"; }), HasSubstr("shares"));
  EXPECT_EQ(with([](auto& p) {
              p.samples = "dropout=4";
              p.dropout_at = "layer=channels(0.2)";
            }),
            "nothing");
  // One picture, or none with a label: nothing is claimed.
  write_pictures(1, [](int) { return false; });
  const auto one = run(classifier, {});
  EXPECT_EQ(named(one, "conformal_coverage").status, FindingStatus::kUndefined);
  EXPECT_EQ(named(one, "abstain_threshold").status, FindingStatus::kUndefined);
}

}  // namespace
}  // namespace assay::checks
