#include "assay/checks/focus/faithfulness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/checks/focus/corner_world_test.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/picture.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Faithfulness>);

using testing::HasSubstr;
using Record = Faithfulness::Record;
using Status = Faithfulness::Status;

const Facts kTwo{{"cat", "dog"}, 7};

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

// ---- from records to findings

// Curves over steps = 2, so that every area is by hand.
MapFigures figures(double middle, double gap) {
  MapFigures f;
  f.deletion = {1, middle, 0};
  f.insertion = {0, 1 - middle, 1};
  f.most_first = {0.25};
  f.least_first = {0.25 + gap};
  f.infidelity = middle;
  f.max_sensitivity = 2 * middle;
  f.sparseness = 0.5;
  f.randomisation_rise = gap;
  f.randomisation_similarity = -gap;
  f.random_logit_similarity = 0;
  return f;
}

Record record(int i, double middle, double gap) {
  Record r;
  r.row = i;
  r.id = "p" + std::to_string(i) + ".png";
  r.label = r.target = i % 2;
  r.probability = 0.75;
  r.figures = {figures(middle, gap), figures(0.5, 0), figures(0.5, gap / 2), figures(0.25, 0.5)};
  r.height = r.width = 1;
  r.map = {1};
  return r;
}

Faithfulness::Params small() {
  Faithfulness::Params params;
  params.steps = 2;
  params.replicates = 200;
  params.exhibits = 1;
  return params;
}

TEST(Faithfulness, AveragesThePicturesFigures) {
  const std::vector<Record> records{record(0, 0, 0.5), record(1, 0.5, 0.25)};
  const auto f = Faithfulness::findings(Faithfulness::summarise(records, small(), kTwo));
  EXPECT_DOUBLE_EQ(named(f, "deletion_auc").value, (0.25 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(named(f, "insertion_auc").value, (0.75 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(named(f, "road").value, 0.375);
  EXPECT_DOUBLE_EQ(named(f, "infidelity").value, 0.25);
  EXPECT_DOUBLE_EQ(named(f, "max_sensitivity").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "road/random").value, 0);
  EXPECT_DOUBLE_EQ(named(f, "road/edges").value, 0.5);
  EXPECT_EQ(named(f, "road").n, 2);
  EXPECT_EQ(named(f, "road").interval->method, "bootstrap");
  // Two values 0 and 1: the mean's t interval with one degree of freedom, 12.706 × 1/2 each way.
  EXPECT_NEAR(named(f, "max_sensitivity").interval->high, 0.5 + 12.706 * 0.5, 1e-3);
}

TEST(Faithfulness, GainsArePositiveWhereTheMapIsBetter) {
  const std::vector<Record> records{record(0, 0, 0.5), record(1, 0.5, 0.25)};
  const auto f = Faithfulness::findings(Faithfulness::summarise(records, small(), kTwo));
  EXPECT_DOUBLE_EQ(named(f, "deletion_gain/random").value, 0.125);
  EXPECT_DOUBLE_EQ(named(f, "insertion_gain/random").value, 0.125);
  EXPECT_DOUBLE_EQ(named(f, "road_gain/random").value, 0.375);
  EXPECT_DOUBLE_EQ(named(f, "road_gain/edges").value, -0.125);
  EXPECT_DOUBLE_EQ(named(f, "infidelity_gain/edges").value, 0);
}

TEST(Faithfulness, SaysWhichControlsAreNotBeaten) {
  std::vector<Record> records;
  for (int i = 0; i < 40; ++i) records.push_back(record(i, 0.1, 0.4));
  const Section s = Faithfulness::present(Faithfulness::summarise(records, small(), kTwo));
  EXPECT_THAT(s.answer, HasSubstr("not shown to be better than the edge detector."));
  EXPECT_THAT(s.warnings, testing::Contains(HasSubstr("the edge detector, which knows nothing")));
  for (Record& r : records) r.figures[0] = figures(0.5, 0);
  const Section worthless = Faithfulness::present(Faithfulness::summarise(records, small(), kTwo));
  EXPECT_THAT(worthless.warnings, testing::Contains(HasSubstr("no evidence")));
  ASSERT_EQ(s.figures.size(), 3u);
  for (const Figure& figure : s.figures) {
    EXPECT_EQ(figure.series.size(), kRankers);
    for (const Series& series : figure.series) EXPECT_EQ(series.x.size(), series.y.size());
  }
  EXPECT_EQ(s.figures[0].series[0].x, (std::vector<double>{0, 0.5, 1}));
  EXPECT_THAT(s.figures[0].series[0].y,
              testing::ElementsAre(1, testing::DoubleNear(0.1, 1e-12), 0));
  EXPECT_EQ(s.figures[2].series[0].x, (std::vector<double>{0.5}));
  EXPECT_EQ(s.tables[0].rows.size(), measures().size());
}

TEST(Faithfulness, IdsAreTheSameWithAndWithoutRecords) {
  const std::vector<Record> records{record(0, 0.1, 0.4)};
  const auto none = Faithfulness::findings(Faithfulness::summarise({}, small(), kTwo));
  const auto some = Faithfulness::findings(Faithfulness::summarise(records, small(), kTwo));
  ASSERT_EQ(none.size(), some.size());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_EQ(none[i].id, some[i].id);
    EXPECT_EQ(none[i].status, FindingStatus::kUndefined);
    EXPECT_FALSE(none[i].note.empty());
    EXPECT_TRUE(ids.insert(none[i].id).second) << none[i].id;
  }
  EXPECT_THAT(Faithfulness::present(Faithfulness::summarise({}, small(), kTwo)).answer,
              HasSubstr("Nothing can be said"));
}

TEST(Faithfulness, LeavesOutWhatHasNoFigureAndSaysSo) {
  std::vector<Record> records{record(0, 0.1, 0.4), record(1, 0.1, 0.4), record(2, 0.1, 0.4)};
  records[1].figures[0].infidelity = MapFigures::kNone;
  records[2].figures.clear();
  records[2].status = Status::kNonFinite;
  const auto result = Faithfulness::summarise(records, small(), kTwo);
  EXPECT_EQ(named(result.findings, "infidelity").n, 1);
  EXPECT_EQ(named(result.findings, "infidelity/random").n, 2);
  EXPECT_EQ(named(result.findings, "road").n, 2);
  EXPECT_THAT(Faithfulness::present(result).warnings,
              testing::Contains(HasSubstr("1 picture is left out")));
}

TEST(Faithfulness, CountsClustersWhereTheDataNameThem) {
  std::vector<Record> records;
  for (int i = 0; i < 30; ++i) {
    records.push_back(record(i, 0.1, i % 3 == 0 ? 0.5 : 0.1));
    records.back().cluster = "camera " + std::to_string(i % 3);
  }
  const auto f = Faithfulness::findings(Faithfulness::summarise(records, small(), kTwo));
  EXPECT_EQ(named(f, "road").n, 3);
  EXPECT_EQ(named(f, "road").interval->method, "bootstrap by cluster");
  EXPECT_EQ(named(f, "max_sensitivity").n, 3);
}

TEST(Faithfulness, CompletenessIsOnlyJudgedWhereItIsPromised) {
  std::vector<Record> records{record(0, 0.1, 0.4)};
  records[0].figures[0].completeness_gap = 0.03;
  Faithfulness::Params params = small();
  auto f = Faithfulness::findings(Faithfulness::summarise(records, params, kTwo));
  EXPECT_THAT(named(f, "completeness_gap").note, HasSubstr("do not promise"));
  params.method = "integrated_gradients";
  f = Faithfulness::findings(Faithfulness::summarise(records, params, kTwo));
  EXPECT_DOUBLE_EQ(named(f, "completeness_gap").value, 0.03);
}

TEST(Faithfulness, ItsRecordsReadBack) {
  Record r = record(3, 0.1, 0.4);
  r.not_randomised = "why";
  const std::string bytes = to_bytes(r);
  EXPECT_EQ(to_bytes(from_bytes<Record>(bytes)), bytes);
}

// ---- from a model to records

constexpr std::int64_t kSide = 12;

at::Tensor waves(std::vector<std::int64_t> shape, double frequency) {
  std::int64_t count = 1;
  for (const std::int64_t d : shape) count *= d;
  return at::arange(count, at::kDouble).mul(frequency).sin().to(at::kFloat).reshape(shape);
}

class FaithfulnessRun : public testing::Test {
 protected:
  FaithfulnessRun() {
    folder_ = std::filesystem::temp_directory_path() /
              ("assay_faithfulness_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "pictures");
    network::configure_numerics();
    for (int i = 0; i < 5; ++i) {
      imaging::Picture picture{static_cast<int>(kSide), static_cast<int>(kSide), 3, 8, {}};
      Stream stream(1, "picture", static_cast<std::uint64_t>(i));
      for (std::int64_t p = 0; p < kSide * kSide * 3; ++p)
        picture.bytes.push_back(static_cast<std::uint8_t>(stream.below(256)));
      write_file(folder_ / "pictures" / (std::to_string(i) + ".png"), imaging::encode_png(picture));
      pictures_.push_back(std::move(picture));
    }
    data_ = imaging::DataSet::unlabelled({(folder_ / "pictures").string()});
  }
  ~FaithfulnessRun() override { std::filesystem::remove_all(folder_); }

  network::Classifier opened(network::Graph graph) const {
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / "model.onnx";
    network::write_onnx(graph, file);
    InputDescription input;
    input.resize = ResizeRule::kSquash;
    input.resize_height = input.resize_width = static_cast<int>(kSide);
    return network::Classifier::open(file, input, {}, {});
  }
  static network::Graph started() {
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, kSide, kSide});
    return graph;
  }
  // z = (w x, −w x)
  static at::Tensor weights() { return waves({1, 3 * kSide * kSide}, 0.37) * 0.3; }
  network::Classifier linear() const {
    network::Graph graph = started();
    graph.add_constant("w", at::cat({weights(), -weights()}));
    graph.add_node(node("Flatten"), {"x"}, {"flat"});
    graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
    return opened(std::move(graph));
  }

  Context context(const network::Classifier& classifier) const {
    Context c;
    at::Tensor input = at::zeros({8, 3, kSide, kSide});
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const at::Tensor bytes = at::from_blob(const_cast<std::uint8_t*>(pictures_[i].bytes.data()),
                                             {kSide, kSide, 3}, at::kByte);
      input[static_cast<std::int64_t>(i)].copy_(bytes.permute({2, 0, 1}).to(at::kFloat) / 255);
    }
    c.input = std::make_shared<const at::Tensor>(input);
    const at::Tensor logits = classifier.forward(input).logits.contiguous();
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      CleanRecord clean;
      clean.row = static_cast<std::int64_t>(i);
      clean.id = data_->rows()[i].id;
      const float* z = logits.data_ptr<float>() + static_cast<std::int64_t>(i) * logits.size(1);
      clean.logits.assign(z, z + logits.size(1));
      c.rows.push_back(clean.row);
      c.clean.push_back(clean);
    }
    c.pictures = pictures_;
    return c;
  }

  std::vector<Record> measured(const network::Classifier& classifier,
                               const Faithfulness::Params& params) const {
    const Subject subject{classifier, *data_, kTwo};
    const auto units = Faithfulness::units(subject, params, {});
    auto records = Faithfulness::measure(subject, params, units, context(classifier));
    for (std::size_t i = 0; i < records.size(); ++i) records[i].row = units[i].row;
    return records;
  }

  std::filesystem::path folder_;
  std::vector<imaging::Picture> pictures_;
  std::optional<imaging::DataSet> data_;
};

TEST_F(FaithfulnessRun, OfExactMapsOfALinearModelIsKnown) {
  const network::Classifier classifier = linear();
  Faithfulness::Params params;
  params.method = "integrated_gradients";
  params.steps = 6;
  const auto records = measured(classifier, params);
  ASSERT_EQ(records.size(), 5u);
  const Context c = context(classifier);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& r = records[i];
    ASSERT_EQ(r.status, Status::kOk);
    const MapFigures& own = r.figures[0];
    EXPECT_NEAR(own.infidelity, 0, 1e-6);
    EXPECT_NEAR(own.completeness_gap, 0, 1e-3);
    // The other class's map is this one with its sign changed.
    EXPECT_NEAR(own.random_logit_similarity, -1, 1e-9);

    // The deletion curve in closed form: what is left of the target's logit when the largest shares
    // w (x − mean) are gone.
    const at::Tensor x = (*c.input)[static_cast<std::int64_t>(i)].to(at::kDouble);
    const at::Tensor w = (r.target == 0 ? 1 : -1) * weights().to(at::kDouble).reshape(x.sizes());
    const at::Tensor mean = x.mean({1, 2}, true);
    const at::Tensor shares =
        std::get<0>(at::sort((w * (x - mean)).sum(0).flatten(), 0, /*descending=*/true));
    const double whole = (w * x).sum().item<double>();
    for (int step = 0; step <= 6; ++step) {
      const std::int64_t removed = kSide * kSide * step / 6;
      const double left = whole - shares.narrow(0, 0, removed).sum().item<double>();
      const double kept =
          (w * mean).sum().item<double>() + shares.narrow(0, 0, removed).sum().item<double>();
      EXPECT_NEAR(own.deletion[static_cast<std::size_t>(step)], 1 / (1 + std::exp(-2 * left)),
                  1e-4);
      EXPECT_NEAR(own.insertion[static_cast<std::size_t>(step)], 1 / (1 + std::exp(-2 * kept)),
                  1e-4);
    }
    for (std::size_t control = 1; control < kRankers; ++control) {
      EXPECT_EQ(r.figures[control].deletion.front(), own.deletion.front());
      EXPECT_EQ(r.figures[control].deletion.back(), own.deletion.back());
      EXPECT_TRUE(std::isnan(r.figures[control].completeness_gap));
    }
  }
  const auto f = Faithfulness::findings(Faithfulness::summarise(records, params, kTwo));
  for (const char* control : {"random", "centre", "edges"})
    for (const char* gain : {"deletion_gain/", "insertion_gain/", "road_gain/", "infidelity_gain/"})
      EXPECT_GT(named(f, std::string(gain) + control).value, 0) << gain << control;
}

TEST_F(FaithfulnessRun, ReadsTheGradientAsSlopes) {
  const network::Classifier classifier = linear();
  Faithfulness::Params params;
  params.method = "gradient";
  params.steps = 2;
  for (const Record& r : measured(classifier, params)) {
    EXPECT_NEAR(r.figures[0].infidelity, 0, 1e-6);
    EXPECT_NEAR(r.figures[0].max_sensitivity, 0, 1e-6);  // the same slopes everywhere
  }
}

TEST_F(FaithfulnessRun, ControlsKnowNothingOfModelAndClass) {
  const network::Classifier classifier = linear();
  Faithfulness::Params params;
  params.method = "gradient_x_input";
  params.steps = 2;
  for (const Record& r : measured(classifier, params)) {
    for (const Ranker ranker : {Ranker::kCentre, Ranker::kEdges}) {
      const MapFigures& control = r.figures[static_cast<std::size_t>(ranker)];
      EXPECT_EQ(control.randomisation_rise, 0);
      EXPECT_NEAR(control.randomisation_similarity, 1, 1e-12);
      EXPECT_NEAR(control.random_logit_similarity, 1, 1e-12);
    }
    EXPECT_EQ(r.figures[static_cast<std::size_t>(Ranker::kCentre)].max_sensitivity, 0);
    // A random ranking is another each time: |Spearman| of 144 pixels below five deviations.
    EXPECT_LT(
        std::abs(r.figures[static_cast<std::size_t>(Ranker::kRandom)].random_logit_similarity),
        5 / std::sqrt(143.0));
    EXPECT_LT(r.figures[0].randomisation_similarity, 0.9);
  }
}

TEST_F(FaithfulnessRun, TakesMapsOfALayer) {
  network::Graph graph = started();
  graph.add_constant("k", waves({6, 3, 3, 3}, 0.7));
  graph.add_constant("w", waves({2, 6}, 1.9));
  graph.add_node(node("Conv", {{"pads", std::vector<std::int64_t>(4, 1)},
                               {"strides", std::vector<std::int64_t>(2, 2)}}),
                 {"x", "k"}, {"conv"});
  graph.add_node(node("Relu"), {"conv"}, {"layer"});
  graph.add_node(node("GlobalAveragePool"), {"layer"}, {"pool"});
  graph.add_node(node("Flatten"), {"pool"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  const network::Classifier classifier = opened(std::move(graph));
  Faithfulness::Params params;
  params.steps = 3;
  params.pictures = 3;
  const auto records = measured(classifier, params);
  ASSERT_EQ(records.size(), 3u);
  for (const Record& r : records) {
    EXPECT_EQ(r.height, kSide / 2);
    EXPECT_EQ(r.map.size(), static_cast<std::size_t>(kSide * kSide / 4));
    EXPECT_TRUE(r.not_randomised.empty());
    EXPECT_TRUE(std::isfinite(r.figures[0].randomisation_rise));
    EXPECT_EQ(r.figures[0].most_first.size(), 2u);
  }
  params.layer = "leyer";
  const Subject subject{classifier, *data_, kTwo};
  EXPECT_THAT([&] { Faithfulness::keep(subject, params); },
              testing::ThrowsMessage<InputError>(HasSubstr("did you mean \"layer\"?")));
}

TEST_F(FaithfulnessRun, SaysWhyAQuantisedModelIsNotRandomised) {
  network::Graph graph = started();
  graph.add_constant("whole",
                     (weights() * 300).round().to(at::kChar).reshape({-1, 1}).repeat({1, 2}));
  graph.add_constant("scale", at::full({2}, 0.01f));
  network::Node dequantise = node("DequantizeLinear", {{"axis", std::int64_t{1}}});
  graph.add_node(std::move(dequantise), {"whole", "scale"}, {"w"});
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("MatMul"), {"flat", "w"}, {"z"});
  const network::Classifier classifier = opened(std::move(graph));
  Faithfulness::Params params;
  params.method = "gradient";
  params.steps = 2;
  const auto f =
      Faithfulness::findings(Faithfulness::summarise(measured(classifier, params), params, kTwo));
  EXPECT_EQ(named(f, "randomisation_rise").status, FindingStatus::kUndefined);
  EXPECT_THAT(named(f, "randomisation_rise").note, HasSubstr("quantised weights"));
  EXPECT_EQ(named(f, "road").status, FindingStatus::kOk);
}

TEST_F(FaithfulnessRun, APictureWithoutALabelHasNoClassToExplain) {
  const network::Classifier classifier = linear();
  Faithfulness::Params params;
  params.method = "gradient";
  params.target = "label";
  const auto records = measured(classifier, params);
  for (const Record& r : records) EXPECT_EQ(r.status, Status::kNoTarget);
  const Section s = Faithfulness::present(Faithfulness::summarise(records, params, kTwo));
  EXPECT_THAT(s.notes, testing::Contains(HasSubstr("5 pictures have no label")));
}

using FaithfulnessOnObjects = CornerWorld;

TEST_F(FaithfulnessOnObjects, SaysWhetherTheMapLiesOnThem) {
  Faithfulness::Params params;
  params.steps = 2;
  params.squares = 1;
  params.samples = 1;
  const auto findings = [&](const std::string& mask) {
    write_pictures(
        8, [](int i) { return i % 2 == 1; }, mask);
    return Faithfulness::findings(Faithfulness::summarise(
        measured<Faithfulness>(corner_reader(), params, kTwo), params, kTwo));
  };
  auto f = findings("box:0 0 4 4");
  EXPECT_EQ(named(f, "pointing_game").value, 1);
  EXPECT_NEAR(named(f, "energy_pointing").value, 1, 1e-6);
  EXPECT_NEAR(named(f, "relevance_rank").value, 1, 1e-6);
  EXPECT_EQ(named(f, "energy_pointing").n, 8);
  EXPECT_GT(named(f, "energy_pointing_gain/random").value, 0.8);
  EXPECT_NEAR(named(f, "relevance_rank/random").value, 1.0 / 16, 0.15);
  f = findings("box:4 0 16 16");
  EXPECT_NEAR(named(f, "energy_pointing").value, 0, 1e-6);
  EXPECT_LT(named(f, "energy_pointing_gain/centre").value, -0.5);
  for (const char* nothing : {"box:0 0 0 0", ""}) {
    f = findings(nothing);
    EXPECT_EQ(named(f, "energy_pointing").status, FindingStatus::kUndefined);
    EXPECT_THAT(named(f, "energy_pointing").note, HasSubstr("no picture has a mask"));
    EXPECT_EQ(named(f, "road").status, FindingStatus::kOk);
  }
}

}  // namespace
}  // namespace assay::checks
