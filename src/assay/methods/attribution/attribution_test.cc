// Every method on networks whose maps are known: linear, blind and saturated ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/methods/attribution/cam.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/occlusion.h"
#include "assay/network/gradient.h"
#include "assay/network/graph.h"
#include "assay/network/linear_tail.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::methods {
namespace {

using testing::AllOf;
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

// The classifier of a graph from "x" [N,3,12,12] to "z" [N,3].
network::Classifier opened(network::Graph graph) {
  network::configure_numerics();
  graph.add_output("z");
  graph.finish();
  const std::string file = std::filesystem::temp_directory_path() /
                           ("assay_attribution_" + std::to_string(::getpid()) + ".onnx");
  network::write_onnx(graph, file);
  InputDescription input;
  input.resize = ResizeRule::kSquash;
  input.resize_height = input.resize_width = kSide;
  auto classifier = network::Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  return classifier;
}

network::Graph started() {
  network::Graph graph("test");
  graph.add_input("x", "float32", true, {network::kFree, 3, kSide, kSide});
  return graph;
}

at::Tensor weights() {
  return at::arange(kClasses * 3 * kSide * kSide, at::kDouble).mul(0.37).sin().to(at::kFloat);
}

// z = W x
network::Classifier linear(double scale = 1) {
  network::Graph graph = started();
  graph.add_constant("w", weights().mul(scale).reshape({kClasses, -1}));
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  return opened(std::move(graph));
}

// z = W mean(ReLU(conv(x))): the head that makes Grad-CAM exact.
network::Classifier pooled() {
  network::Graph graph = started();
  graph.add_constant(
      "k", at::arange(6 * 3 * 9, at::kDouble).mul(0.7).sin().to(at::kFloat).reshape({6, 3, 3, 3}));
  graph.add_constant("w", weights().narrow(0, 0, kClasses * 6).reshape({kClasses, 6}));
  graph.add_node(node("Conv", {{"pads", std::vector<std::int64_t>(4, 1)}}), {"x", "k"}, {"conv"});
  graph.add_node(node("Relu"), {"conv"}, {"layer"});
  graph.add_node(node("GlobalAveragePool"), {"layer"}, {"pool"});
  graph.add_node(node("Flatten"), {"pool"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  return opened(std::move(graph));
}

// The same logits for every picture, though they are computed from it.
network::Classifier constant() {
  network::Graph graph = started();
  graph.add_constant("zero", at::zeros({1}));
  graph.add_constant("w", weights().reshape({kClasses, -1}));
  graph.add_node(node("Mul"), {"x", "zero"}, {"nothing"});
  graph.add_node(node("Flatten"), {"nothing"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  return opened(std::move(graph));
}

Question question(const network::Classifier& classifier, std::vector<std::int64_t> targets,
                  const std::string& layer = "") {
  const auto n = static_cast<std::int64_t>(targets.size());
  Question q{classifier, {}, std::move(targets), {}, layer, {}, 7};
  q.input = at::arange(n * 3 * kSide * kSide, at::kDouble)
                .mul(1.3)
                .cos()
                .to(at::kFloat)
                .reshape({n, 3, kSide, kSide});
  for (std::int64_t i = 0; i < n; ++i) q.pictures.push_back("picture " + std::to_string(i));
  if (layer.empty()) return q;
  const std::vector<std::string> keep{layer};
  q.value = classifier.plain_forward(q.input, keep).values.at(layer);
  return q;
}

Attribution explained(const std::string& method, const Question& q, const Settings& settings = {}) {
  return attribution_named(method, "--method").explain(q, settings);
}

void expect_near(const at::Tensor& got, const at::Tensor& wanted, double tolerance) {
  ASSERT_EQ(got.sizes(), wanted.sizes());
  EXPECT_LE(at::max(at::abs(got - wanted)).item<double>(), tolerance);
}

at::Tensor weights_of(std::int64_t target) {
  return weights().reshape({kClasses, 3, kSide, kSide})[target];
}

TEST(Attribution, OfALinearClassifierIsItsWeights) {
  const auto classifier = linear();
  const Question q = question(classifier, {2, 0});
  for (std::int64_t i = 0; i < 2; ++i) {
    const at::Tensor w = weights_of(q.targets[static_cast<std::size_t>(i)]),
                     product = w * q.input[i];
    expect_near(explained("gradient", q).channels[i], w, 1e-6);
    expect_near(explained("gradient_x_input", q).channels[i], product, 1e-6);
    expect_near(explained("smooth_grad", q, {{"samples", std::int64_t{5}}}).channels[i], w, 1e-6);
    expect_near(explained("var_grad", q, {{"samples", std::int64_t{5}}}).channels[i],
                at::zeros_like(w), 1e-10);
    const Attribution path = explained("integrated_gradients", q, {{"steps", std::int64_t{2}}});
    expect_near(path.channels[i], product, 1e-5);
    EXPECT_LE(path.gaps[static_cast<std::size_t>(i)], 1e-5);
    expect_near(path.map[i], path.channels[i].sum(0), 1e-6);
  }
}

TEST(Attribution, OcclusionOfALinearClassifierIsWhatItCovers) {
  const auto classifier = linear();
  const Question q = question(classifier, {1});
  const Settings tiles{{"window_px", std::int64_t{4}},
                       {"stride_px", std::int64_t{4}},
                       {"cover", std::string("zero")},
                       {"score", std::string("logit")}};
  const at::Tensor product = (weights_of(1) * q.input[0]).sum(0);
  const at::Tensor sums = at::avg_pool2d(product.unsqueeze(0), {4, 4}) * 16;
  expect_near(explained("occlusion", q, tiles).map,
              at::upsample_nearest2d(sums.unsqueeze(0), {kSide, kSide})[0], 1e-4);
  // Covers of one pixel, one after the other: the product itself, whatever the size's name.
  expect_near(explained("occlusion", q,
                        {{"sizes", std::string("0.01")},
                         {"cover", std::string("zero")},
                         {"score", std::string("logit")}})
                  .map[0],
              product, 1e-4);
}

TEST(Attribution, EveryPixelIsCoveredWhateverTheStride) {
  const auto classifier = linear();
  const Question q = question(classifier, {1});
  for (const auto& [window, stride] : {std::pair{5, 5}, {7, 4}, {12, 3}, {1, 1}})
    EXPECT_TRUE(at::isfinite(explained("occlusion", q,
                                       {{"window_px", std::int64_t{window}},
                                        {"stride_px", std::int64_t{stride}}})
                                 .map)
                    .all()
                    .item<bool>())
        << window << " " << stride;
}

TEST(Attribution, RiseFindsTheQuadrantThatALinearClassifierReads) {
  network::Graph graph = started();
  at::Tensor w = at::zeros({kClasses, 3, kSide, kSide});
  w[0].slice(1, 0, kSide / 2).slice(2, kSide / 2, kSide).fill_(0.05);
  graph.add_constant("w", w.reshape({kClasses, -1}));
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  const auto classifier = opened(std::move(graph));
  Question q = question(classifier, {0});
  q.input.fill_(1);
  const at::Tensor map = explained("rise", q,
                                   {{"samples", std::int64_t{400}},
                                    {"cells", std::int64_t{4}},
                                    {"score", std::string("logit")}})
                             .map[0];
  const double inside = map.slice(0, 0, 6).slice(1, 6, 12).mean().item<double>();
  const double left = map.slice(1, 0, 4).abs().mean().item<double>();
  EXPECT_GT(inside, 5 * left);
}

TEST(Attribution, OfPoolingAndALinearHeadAllGradientCamsAgree) {
  const auto classifier = pooled();
  const Question q = question(classifier, {0, 1, 2}, "layer");
  const at::Tensor hires = explained("hires_cam", q).map;
  expect_near(explained("grad_cam", q).map, hires, 1e-6);
  // XGrad-CAM: the weights' gradient is the same at every place.
  expect_near(explained("xgrad_cam", q).map, hires, 1e-5);
  // The sum of the map is the logit, which has no bias.
  const at::Tensor logits = classifier.plain_forward(q.input).logits;
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(hires[i].sum().item<double>(), logits[i][i].item<double>(), 1e-4);
  // Without a channel the logit loses just that channel's part.
  const at::Tensor ablation = explained("ablation_cam", q).map;
  EXPECT_TRUE(at::isfinite(ablation).all().item<bool>());
}

// What the closed form replaces: the logit differentiated by autograd.
at::Tensor gradient_by_autograd(const Question& q) {
  const at::AutoGradMode record(true);
  const at::Tensor value = q.value.detach().requires_grad_(true);
  const at::Tensor logits = q.classifier.logits_from(q.input, q.layer, value);
  at::Tensor sum = at::zeros({});
  for (std::size_t i = 0; i < q.targets.size(); ++i)
    sum = sum + logits[static_cast<std::int64_t>(i)][q.targets[i]];
  return network::gradient(sum, value);
}

TEST(Attribution, OfPoolingAndALinearHeadTheGradientIsKnownWithoutAutograd) {
  const auto classifier = pooled();
  const Question q = question(classifier, {0, 1, 2}, "layer");
  ASSERT_TRUE(network::find_linear_tail(classifier, "layer").tail.has_value());
  expect_near(layer_gradient(q), gradient_by_autograd(q), 1e-8);
  EXPECT_FALSE(layer_gradient(q).requires_grad());
}

TEST(Attribution, CamGivesTheMapsOfAllClassesWhichSumToTheirLogits) {
  const auto classifier = pooled();
  const Question q = question(classifier, {0, 1, 2}, "layer");
  const at::Tensor all = attribution_named("cam", "").explain_all(q, {});
  ASSERT_EQ(all.sizes(), (at::IntArrayRef{3, kClasses, kSide, kSide}));
  expect_near(all.sum(at::IntArrayRef{2, 3}), classifier.plain_forward(q.input).logits, 1e-5);
  const at::Tensor own = explained("cam", q).map;
  for (std::int64_t i = 0; i < 3; ++i) expect_near(own[i], all[i][i], 1e-7);
  // Other methods go through the classes one by one.
  expect_near(attribution_named("hires_cam", "").explain_all(q, {}), all, 1e-6);
}

TEST(Attribution, NoEvidenceStaysZero) {
  const auto classifier = constant();
  for (const Method& method : attribution_methods()) {
    if (method.info.resolution != Resolution::kInput || method.info.name == "guided_backprop")
      continue;
    SCOPED_TRACE(method.info.name);
    const Attribution made = method.explain(question(classifier, {1}), {});
    EXPECT_EQ(at::max(at::abs(made.map)).item<double>(), 0);
  }
}

TEST(Attribution, IsTheSameInAnyBatch) {
  const auto classifier = pooled();
  const Question all = question(classifier, {2, 0, 1}, "layer");
  for (const Method& method : attribution_methods()) {
    if (method.info.resolution == Resolution::kTokens) continue;  // attention_maps_test.cc
    SCOPED_TRACE(method.info.name);
    Settings settings;
    for (const FieldInfo& field : method.fields())
      if (field.name == "samples") settings.emplace_back("samples", std::int64_t{6});
    const at::Tensor together = method.explain(all, settings).map;
    EXPECT_EQ(together.dim(), 3);
    for (std::int64_t i = 0; i < 3; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const Question own{
          classifier, all.input.narrow(0, i, 1), {all.targets[at]}, {all.pictures[at]},
          "layer",    all.value.narrow(0, i, 1), all.seed};
      EXPECT_TRUE(at::equal(method.explain(own, settings).map[0], together[i]));
    }
  }
}

TEST(Attribution, DrawsDependOnTheSeedAndThePicture) {
  const auto classifier = pooled();
  Question q = question(classifier, {1, 1});
  q.input[1].copy_(q.input[0]);
  const Settings few{{"samples", std::int64_t{4}}};
  for (const char* method : {"smooth_grad", "rise"}) {
    const at::Tensor map = explained(method, q, few).map;
    EXPECT_FALSE(at::equal(map[0], map[1])) << method;
    q.seed = 8;
    EXPECT_FALSE(at::equal(explained(method, q, few).map[0], map[0])) << method;
    q.seed = 7;
    EXPECT_TRUE(at::equal(explained(method, q, few).map, map)) << method;
  }
}

TEST(Attribution, StepsAreDoubledUntilTheSumIsComplete) {
  network::Graph graph = started();  // a saturated path: the gradient at the picture is almost none
  graph.add_constant("w", weights().reshape({kClasses, -1}));
  graph.add_constant("gain", at::full({1}, 40.0F));
  graph.add_node(node("Mul"), {"x", "gain"}, {"loud"});
  graph.add_node(node("Tanh"), {"loud"}, {"flatter"});
  graph.add_node(node("Flatten"), {"flatter"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  const auto classifier = opened(std::move(graph));
  const Question q = question(classifier, {0});
  const Settings two{{"steps", std::int64_t{2}}};
  Settings never = two;
  never.emplace_back("tolerance", 0.0);
  EXPECT_GT(explained("integrated_gradients", q, never).gaps[0], 0.1);
  EXPECT_LE(explained("integrated_gradients", q, two).gaps[0], 0.01);
}

TEST(Attribution, GuidedBackpropLetsPassWhatIsPositiveBothWays) {
  const auto classifier = pooled();
  const Question q = question(classifier, {1}, "layer");
  const at::Tensor plain = explained("gradient", q).channels,
                   guided = explained("guided_backprop", q).channels;
  EXPECT_FALSE(at::allclose(plain, guided));
  // By hand: only channels that the class weighs above 0 flow back.
  const at::Tensor w =
      weights().narrow(0, 6, 6).clamp_min(0).reshape({1, 6, 1, 1}) / (kSide * kSide);
  const at::Tensor flow = (q.value > 0).to(at::kFloat) * w;
  const at::Tensor kernel =
      at::arange(6 * 3 * 9, at::kDouble).mul(0.7).sin().to(at::kFloat).reshape({6, 3, 3, 3});
  expect_near(guided, at::conv_transpose2d(flow, kernel, {}, {1, 1}, {1, 1}), 1e-6);
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "taken";
}

TEST(Attribution, RefusesWhatItCannotDo) {
  const auto flat = linear();
  EXPECT_THAT(refusal([&] { explained("guided_backprop", question(flat, {0})); }),
              HasSubstr("no ReLU"));
  EXPECT_THAT(refusal([&] { explained("hires_cam", question(flat, {0}, "flat")); }),
              HasSubstr("2 dimensions"));
  const auto curved = pooled();
  EXPECT_THAT(refusal([&] { explained("cam", question(curved, {0}, "conv")); }),
              AllOf(HasSubstr("layer conv"), HasSubstr("Relu"), HasSubstr("hires_cam")));
  EXPECT_THAT(refusal([] { attribution_named("lime", "--method"); }), HasSubstr("no method"));
  EXPECT_THAT(refusal([] { attribution_named("grad-cm", "--method"); }), HasSubstr("grad_cam"));
  EXPECT_EQ(attribution_named("GradCAM", "--method").info.name, "grad_cam");
  const auto sizes = [](const char* text) {
    return refusal([&] {
      Occlusion::Params params;
      params.sizes = text;
      Occlusion::windows(params, 100, 200);
    });
  };
  for (const char* text : {"", "0", "1.5", "a", "0.1,", "0.1;0.2", "-0.1", "nan"})
    EXPECT_THAT(sizes(text), HasSubstr("share of the picture's side")) << text;
  EXPECT_EQ(sizes("0.1,1"), "taken");
  EXPECT_THAT(refusal([&] {
                explained("occlusion", question(flat, {0}), {{"window_px", std::int64_t{13}}});
              }),
              HasSubstr("larger than the model's input"));
  EXPECT_THAT(refusal([&] {
                explained("occlusion", question(flat, {0}),
                          {{"window_px", std::int64_t{3}}, {"stride_px", std::int64_t{4}}});
              }),
              HasSubstr("uncovered"));
}

}  // namespace
}  // namespace assay::methods
