#include "assay/network/randomised_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/gradient.h"
#include "assay/network/pass.h"
#include "assay/network/small_onnx_models_test.h"
#include "assay/network/small_torchscript_models_test.h"
#include "assay/network/torch.h"

namespace assay::network {
namespace {

using testing::HasSubstr;

InputDescription eight_pixels() {
  InputDescription input;
  input.resize = ResizeRule::kSquash;
  input.resize_height = input.resize_width = 8;
  return input;
}

Classifier opened(const OnnxBuilder& model) {
  const TestFolder folder;
  return Classifier::open(model.write(folder), eight_pixels(), {}, {});
}

at::Tensor pictures() {
  return at::arange(3 * 3 * 64, at::kDouble).mul(0.7).sin().to(at::kFloat).reshape({3, 3, 8, 8});
}

at::Tensor sorted(const at::Tensor& t) { return std::get<0>(at::sort(t.reshape({-1}))); }

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(RandomisedWeights, HoldTheSameNumbersInAnotherOrder) {
  const Classifier c = opened(convolutional_model());
  const Graph& before = c.graph();
  const Graph after = with_randomised_weights(before, 5);
  for (const std::string name : {"w", "w2", "head"}) {
    const at::Tensor& own = *before.constant(before.find(name));
    const at::Tensor& drawn = *after.constant(after.find(name));
    EXPECT_EQ(own.sizes(), drawn.sizes()) << name;
    EXPECT_FALSE(at::equal(own, drawn)) << name;
    EXPECT_TRUE(at::equal(sorted(own), sorted(drawn))) << name;
  }
}

TEST(RandomisedWeights, LeaveNormsAndSharedConstantsAreDrawnOnce) {
  const Classifier c = opened(convolutional_model());
  const Graph& before = c.graph();
  const Graph after = with_randomised_weights(before, 5);
  for (const std::string name : {"mean", "var"})
    EXPECT_TRUE(at::equal(*before.constant(before.find(name)), *after.constant(after.find(name))));
  OnnxBuilder twice;  // one matrix read by two products, once through a Transpose
  twice.input("x", {-1, 3, 8, 8}).floats("w", {192, 192}, weights(192 * 192));
  twice.floats("head", {192, 4}, weights(192 * 4));
  twice.node("Flatten", {"x"}, {"f"});
  twice.node("MatMul", {"f", "w"}, {"a"});
  set(twice.node("Transpose", {"w"}, {"wt"}), "perm", Dims{1, 0});
  twice.node("MatMul", {"a", "wt"}, {"b"});
  twice.node("MatMul", {"b", "head"}, {"y"});
  const Classifier shared = opened(twice.output("y"));
  const auto drawn = shared.randomised(5);
  const Graph& g = drawn->graph();
  const at::Tensor& w = *g.constant(g.find("w"));
  const at::Tensor x = pictures().flatten(1);
  const at::Tensor by_hand =
      at::matmul(at::matmul(at::matmul(x, w), w.t()), *g.constant(g.find("head")));
  const double largest = at::max(at::abs(by_hand)).item<double>();
  EXPECT_TRUE(at::allclose(drawn->forward(pictures()).logits, by_hand, 0, 1e-5 * largest));
}

TEST(RandomisedClassifier, GivesOtherLogitsTheSameForTheSameSeed) {
  for (const OnnxBuilder& model : {convolutional_model(), attention_model()}) {
    const Classifier c = opened(model), again = opened(model);
    const at::Tensor own = c.forward(pictures()).logits;
    const at::Tensor five = c.randomised(5)->forward(pictures()).logits;
    EXPECT_EQ(own.sizes(), five.sizes());
    EXPECT_FALSE(at::allclose(own, five, 1e-2, 1e-3));
    EXPECT_TRUE(at::equal(again.randomised(5)->forward(pictures()).logits, five));
    EXPECT_FALSE(at::allclose(c.randomised(6)->forward(pictures()).logits, five, 1e-2, 1e-3));
    EXPECT_TRUE(at::equal(c.randomised(5)->forward(pictures()).logits, five));
  }
}

TEST(RandomisedClassifier, OfATorchScriptFileToo) {
  const TestFolder folder;
  const Classifier c = Classifier::open(
      folder.write("model.pt", small_torchscript_models()[0].bytes), eight_pixels(), {}, {});
  EXPECT_FALSE(at::allclose(c.randomised(5)->forward(pictures()).logits,
                            c.forward(pictures()).logits, 1e-2, 1e-3));
}

TEST(RandomisedClassifier, CountsItsPassesAsTheOriginals) {
  const Classifier c = opened(convolutional_model());
  const auto random = c.randomised(5);
  const std::int64_t before = c.pictures_run();
  random->forward(pictures());
  EXPECT_EQ(c.pictures_run(), before + c.micro_batch());
}

TEST(RandomisedClassifier, IsKeptWhileTheSeedStays) {
  const Classifier c = opened(convolutional_model());
  const auto five = c.randomised(5);
  EXPECT_EQ(c.randomised(5), five);
  EXPECT_NE(c.randomised(6), five);
}

TEST(RandomisedClassifier, HasOneNetworkBehindItsFastAndItsDifferentiablePasses) {
  const Classifier c = opened(convolutional_model());
  const auto random = c.randomised(1);
  const at::Tensor fast = random->forward(pictures()).logits;
  const double largest = at::max(at::abs(fast)).item<double>();
  EXPECT_TRUE(at::allclose(fast, random->plain_forward(pictures()).logits, 0, 1e-4 * largest));
  // The gradient of its logit by central differences.
  const at::Tensor x = pictures().narrow(0, 0, 1).clone().requires_grad_(true);
  const at::Tensor gradient = network::gradient(random->logits(x).select(1, 2).sum(), x);
  const at::Tensor step = at::zeros_like(x);
  constexpr double kStep = 1e-2;
  step.data_ptr<float>()[70] = kStep;
  const at::Tensor ends =
      random->plain_forward(at::cat({x.detach() + step, x.detach() - step})).logits.select(1, 2);
  EXPECT_NEAR((ends[0] - ends[1]).item<double>() / (2 * kStep),
              gradient.reshape({-1})[70].item<double>(), 1e-3);
}

TEST(RandomisedClassifier, LeavesTheOriginalAsItWas) {
  const Classifier c = opened(convolutional_model());
  const std::uint64_t fingerprint = c.fingerprint();
  const at::Tensor before = c.forward(pictures()).logits;
  EXPECT_NE(c.randomised(5)->fingerprint(), fingerprint);
  EXPECT_EQ(c.fingerprint(), fingerprint);
  EXPECT_TRUE(at::equal(c.forward(pictures()).logits, before));
}

TEST(RandomisedClassifier, RefusesQuantisedWeights) {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8}).floats("scale", {}, {0.5f});
  auto& whole = *b.model.mutable_graph()->add_initializer();
  whole.set_name("w");
  whole.set_data_type(onnx::TensorProto::INT8);
  whole.add_dims(192);
  whole.add_dims(4);
  whole.set_raw_data(std::string(192 * 4, '\2'));
  b.node("Flatten", {"x"}, {"f"});
  b.node("DequantizeLinear", {"w", "scale"}, {"real"});
  b.node("MatMul", {"f", "real"}, {"y"});
  const Classifier c = opened(b.output("y"));
  EXPECT_THAT(
      refusal([&] { c.randomised(1); }),
      HasSubstr("MatMul \"MatMul_of_y\" has quantised weights, which cannot be randomised"));
}

TEST(RandomisedClassifier, RefusesANetworkWithoutWeightsAndABlackBox) {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.node("GlobalAveragePool", {"x"}, {"p"});
  b.node("Flatten", {"p"}, {"y"});
  const Classifier c = opened(b.output("y"));
  EXPECT_THAT(refusal([&] { c.randomised(1); }), HasSubstr("no weights"));

  const TestFolder folder;
  const Classifier opaque =
      Classifier::open(folder.write("model.pt", small_torchscript_models()[0].bytes),
                       eight_pixels(), {}, {}, Reading::kOpaque);
  EXPECT_THAT(refusal([&] { opaque.randomised(1); }), HasSubstr("black box"));
}

}  // namespace
}  // namespace assay::network
