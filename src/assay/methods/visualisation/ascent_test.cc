// Ascents on classifiers whose best picture is known: linear ones, one that sees a quadrant, and
// those without a way up.

#include "assay/methods/visualisation/ascent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "assay/base/error.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"

namespace assay::methods {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSide = 12, kClasses = 3;

network::Node node(const std::string& op,
                   std::map<std::string, network::Attribute> attributes = {}) {
  network::Node n;
  n.op = op;
  n.opset = 17;
  n.attributes = std::move(attributes);
  return n;
}

network::Graph started(std::int64_t channels = 3) {
  network::Graph graph("test");
  graph.add_input("x", "float32", true, {network::kFree, channels, kSide, kSide});
  return graph;
}

network::Classifier opened(network::Graph graph, InputDescription input = {}) {
  network::configure_numerics();
  graph.add_output("z");
  graph.finish();
  const std::string file = std::filesystem::temp_directory_path() /
                           ("assay_visualise_" + std::to_string(::getpid()) + ".onnx");
  network::write_onnx(graph, file);
  auto classifier = network::Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  return classifier;
}

// Smooth weights, as a picture's: [K,C,H,W].
at::Tensor weights(std::int64_t channels = 3) {
  const at::Tensor places = at::arange(kSide, at::kDouble);
  std::vector<at::Tensor> all;
  for (std::int64_t i = 0; i < kClasses * channels; ++i) {
    const at::Tensor wave = (places * (0.3 + 0.07 * static_cast<double>(i))).sin();
    all.push_back(at::ger(wave, (places * 0.4 + static_cast<double>(i)).cos()));
  }
  return at::stack(all).reshape({kClasses, channels, kSide, kSide}).to(at::kFloat);
}

network::Classifier linear(const at::Tensor& w, InputDescription input = {}) {
  network::Graph graph = started(w.size(1));
  graph.add_constant("w", w.reshape({kClasses, -1}));
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  return opened(std::move(graph), std::move(input));
}

// Class k is the mean of x² or of ReLU(-1 - x²), which is 0, or of √(x - 2), which is NaN, over all.
network::Classifier composed(const std::vector<std::pair<const char*, std::string>>& nodes) {
  network::Graph graph = started();
  graph.add_constant("minus", at::full({1}, -2.0));
  graph.add_constant("w", weights().sum({2, 3}));
  std::string last = "x";
  for (const auto& [op, other] : nodes) {
    std::vector<std::string> inputs = {last};
    if (!other.empty()) inputs.push_back(other);
    graph.add_node(node(op), inputs, {last + op});
    last += op;
  }
  graph.add_node(node("GlobalAveragePool"), {last}, {"pool"});
  graph.add_node(node("Flatten"), {"pool"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  return opened(std::move(graph));
}

AscentTask task_of(std::int64_t channel, std::int64_t channels = 3) {
  return {{"", channel}, "test " + std::to_string(channel), channels, kSide, kSide, 5, {}, {}};
}

Visualisation::Params still(int steps) {
  Visualisation::Params params;
  params.steps = steps;
  params.jitter = params.scale = params.turn_deg = 0;
  return params;
}

Ascent run(const network::Classifier& classifier, const AscentTask& task,
           const Visualisation::Params& params) {
  Ascent ascent(classifier, task, params);
  while (!ascent.finished()) ascent.step();
  return ascent;
}

double correlation(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = (a - a.mean()).flatten(), y = (b - b.mean()).flatten();
  return (at::dot(x, y) / (x.norm() * y.norm())).item<double>();
}

TEST(Ascent, OfALinearClassifierGrowsTheWeightsPattern) {
  const at::Tensor w = weights(1);
  InputDescription gray;
  gray.channels = Channels::kGray;
  const auto classifier = linear(w, gray);
  for (std::int64_t k = 0; k < kClasses; ++k) {
    const Ascent ascent = run(classifier, task_of(k, 1), still(600));
    // The best picture is white where the weight is positive and black where it is negative.
    const double most = w[k].clamp_min(0).sum().item<double>();
    EXPECT_LE(ascent.curve().back(), most * (1 + 1e-6));
    EXPECT_GT(ascent.curve().back(), 0.9 * most);
    const at::Tensor right = ((ascent.pixels()[0] > 0.5) == (w[k] > 0)).to(at::kFloat);
    EXPECT_GT((right * w[k].abs()).sum().item<double>(), 0.95 * w[k].abs().sum().item<double>());
    for (std::int64_t other = 0; other < kClasses; ++other)
      EXPECT_LE(correlation(ascent.pixels()[0], w[other]), correlation(ascent.pixels()[0], w[k]));
  }
}

TEST(Ascent, FeedsThePixelsAsTheInputIsDescribed) {
  InputDescription input;
  input.channels = Channels::kBgr;
  input.range = 255;
  input.mean = {10, 20, 30};
  input.std = {2, 3, 4};
  const auto classifier = linear(weights(), input);
  const at::Tensor pixels = at::rand({2, 3, kSide, kSide});
  const at::Tensor fed = model_input(classifier, pixels);
  EXPECT_NEAR(fed[1][0][3][4].item<double>(), (255 * pixels[1][2][3][4].item<double>() - 10) / 2,
              1e-4);
  EXPECT_LE(at::max(at::abs(pixels_of_input(classifier, fed) - pixels)).item<double>(), 1e-5);
}

TEST(Ascent, PutsItsEnergyWhereTheClassifierLooks) {
  // Weights of high frequency, or the middle grey could not be left anywhere else.
  at::Tensor w = at::zeros({kClasses, 3, kSide, kSide});
  constexpr std::int64_t kHalf = kSide / 2;
  w.narrow(2, 0, kHalf)
      .narrow(3, kHalf, kHalf)
      .copy_(weights().narrow(2, 0, kHalf).narrow(3, kHalf, kHalf));
  const Ascent ascent = run(linear(w), task_of(1), still(60));
  const at::Tensor energy = (ascent.pixels()[0] - 0.5).square().sum(0);
  const double inside = energy.narrow(0, 0, kHalf).narrow(1, kHalf, kHalf).sum().item<double>();
  EXPECT_GT(inside / energy.sum().item<double>(), 0.5);  // a quarter would be chance
}

TEST(Ascent, TowardsATargetOfALinearModelEndsAtTheProjectionInClosedForm) {
  const at::Tensor w = weights() * 0.3;
  const auto classifier = linear(w);
  AscentTask task = task_of(2);
  task.near = (weights()[0] * 0.1 + 0.5).unsqueeze(0);
  const double a0 = (w[2] * task.near[0]).sum().item<double>();
  const double power = w[2].square().sum().item<double>();
  for (const double rise : {2.0, -1.5}) {
    task.target = a0 + rise;
    Visualisation::Params params = still(3000);
    params.near_weight = 0.05;
    const Ascent ascent = run(classifier, task, params);
    EXPECT_LT(ascent.steps(), 3000);
    // x = x₀ + w (A − a₀) / |w|², whatever the weight.
    const at::Tensor expected = task.near + w[2].unsqueeze(0) * (rise / power);
    const at::Tensor got = ascent.pixels();
    const double far = (expected - task.near).norm().item<double>();
    // The ascent ends when it gains less than 0.1 % in 20 steps; the sum is quadratic around its
    // least, where a distance of 3 % is 0.1 % of it.
    EXPECT_LE((got - expected).norm().item<double>(), 0.03 * far) << rise;
    EXPECT_NEAR((w[2] * got[0]).sum().item<double>(), a0 + rise, 0.01 * std::abs(rise));
  }
}

TEST(Ascent, WithoutANearPictureStopsAsSoonAsTheTargetIsReached) {
  AscentTask task = task_of(0);
  task.target = 1.5;
  Visualisation::Params params = still(500);
  const auto classifier = linear(weights() * 0.1);
  const Ascent ascent = run(classifier, task, params);
  EXPECT_LT(ascent.steps(), 500);
  const double way = std::abs(1.5 - ascent.curve().front());
  const double near = params.tolerance / 2 * way;
  EXPECT_LE(std::abs(ascent.curve().back() - 1.5), near);
  EXPECT_GT(std::abs(ascent.curve()[ascent.curve().size() - 2] - 1.5), near);
}

TEST(Ascent, SavedAndLoadedGoesOnToTheSameBytes) {
  const auto classifier = linear(weights());
  for (const bool towards : {false, true}) {
    AscentTask task = task_of(1);
    if (towards) {
      task.target = 3;
      task.near = at::full({1, 3, kSide, kSide}, 0.4);
    }
    Visualisation::Params params;
    params.steps = 30;
    const Ascent whole = run(classifier, task, params);
    Ascent first(classifier, task, params);
    for (int i = 0; i < 11; ++i) first.step();
    Ascent second(classifier, task, params);
    second.load(first.save());
    while (!second.finished()) second.step();
    EXPECT_EQ(second.save(), whole.save());
    EXPECT_TRUE(at::equal(second.pixels(), whole.pixels()));
  }
}

TEST(Ascent, RefusesADamagedState) {
  const auto classifier = linear(weights());
  Ascent ascent(classifier, task_of(1), still(3));
  ascent.step();
  const std::string saved = ascent.save();
  for (std::size_t size = 0; size < saved.size(); size += 97)
    EXPECT_THROW(ascent.load(saved.substr(0, size)), InputError) << size;
  AscentTask smaller = task_of(1);
  smaller.height = 8;
  Ascent other(classifier, smaller, still(3));
  EXPECT_THROW(other.load(saved), InputError);
}

TEST(Ascent, OfAChannelIsThatOfItsMean) {
  network::Graph graph = started();
  const at::Tensor k = weights().narrow(2, 0, 3).narrow(3, 0, 3).contiguous();
  graph.add_constant("k", k);
  graph.add_node(node("Conv", {{"pads", std::vector<std::int64_t>(4, 1)}}), {"x", "k"}, {"layer"});
  graph.add_node(node("GlobalMaxPool"), {"layer"}, {"pool"});
  graph.add_node(node("Flatten"), {"pool"}, {"z"});
  const auto classifier = opened(std::move(graph));
  const at::Tensor input = at::rand({2, 3, kSide, kSide});
  const at::Tensor expected = at::conv2d(input, k, {}, 1, 1).mean({2, 3});
  for (const at::Tensor& got : {recorded_activations(classifier, input, "layer"),
                                clean_activations(classifier, input, "layer")})
    EXPECT_LE(at::max(at::abs(got - expected)).item<double>(), 1e-5);
  EXPECT_THROW(recorded_activations(classifier, input, "k"), InputError);
}

TEST(Ascent, SaysWhereThereIsNoWayUp) {
  const auto dead = composed({{"Mul", "x"}, {"Neg", ""}, {"Relu", ""}});
  const Ascent ascent = run(dead, task_of(0), still(100));
  EXPECT_EQ(ascent.status(), AscentStatus::kFlat);
  EXPECT_EQ(ascent.steps(), 16);
}

TEST(Ascent, StopsAtTheLastPictureBeforeNaN) {
  const auto nan = composed({{"Add", "minus"}, {"Sqrt", ""}});
  const Ascent ascent = run(nan, task_of(0), still(100));
  EXPECT_EQ(ascent.status(), AscentStatus::kNonfinite);
  EXPECT_TRUE(at::isfinite(ascent.pixels()).all().item<bool>());
}

TEST(Ascent, RefusesAValueWithoutGradientsByName) {
  network::Graph graph = started();
  graph.add_constant("w", weights().reshape({kClasses, -1}));
  network::Node cast = node("Cast", {{"to", std::int64_t{6}}}),
                back = node("Cast", {{"to", std::int64_t{1}}});
  graph.add_node(std::move(cast), {"x"}, {"whole"});
  graph.add_node(std::move(back), {"whole"}, {"steps"});
  graph.add_node(node("Flatten"), {"steps"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  const auto classifier = opened(std::move(graph));
  AscentTask of_value = task_of(0);
  of_value.objective.value = "steps";
  for (const auto& [task, name] : {std::pair{task_of(0), "the logits"}, {of_value, "\"steps\""}}) {
    Ascent ascent(classifier, task, still(3));
    try {
      ascent.step();
      FAIL() << "was not refused";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
}

TEST(Ascent, OfOneClassDoesNotDependOnTheOthers) {
  const auto classifier = linear(weights());
  Visualisation::Params params;
  params.steps = 5;
  const at::Tensor alone = run(classifier, task_of(1), params).pixels();
  AscentTask other = task_of(1);
  other.name = "another";
  EXPECT_TRUE(at::equal(run(classifier, task_of(1), params).pixels(), alone));
  EXPECT_FALSE(at::equal(run(classifier, other, params).pixels(), alone));
}

}  // namespace
}  // namespace assay::methods
