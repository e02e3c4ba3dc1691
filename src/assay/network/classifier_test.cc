#include "assay/network/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/network/gradient.h"
#include "assay/network/graph.h"
#include "assay/network/input_preset.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

using testing::HasSubstr;

InputDescription squashed(int size, Channels channels = Channels::kRgb) {
  InputDescription d;
  d.channels = channels;
  d.resize = ResizeRule::kSquash;
  d.resize_height = d.resize_width = size;
  return d;
}

std::vector<float> some_weights(std::size_t n) {
  std::vector<float> w(n);
  for (std::size_t i = 0; i < n; ++i) w[i] = std::sin(1.7f * static_cast<float>(i) + 0.3f);
  return w;
}

// Conv 3→4, Relu, Conv 4→4 + residual, global pooling, `classes` scores called "scores" [N,K].
OnnxBuilder small_network(int classes = 5, std::int64_t batch = -1) {
  OnnxBuilder b;
  b.input("pictures", {batch, 3, 6, 6});
  b.floats("w1", {4, 3, 3, 3}, some_weights(108)).floats("w2", {4, 4, 3, 3}, some_weights(144));
  b.floats("head", {classes, 4}, some_weights(4 * classes));
  set(b.node("Conv", {"pictures", "w1"}, {"c1"}), "pads", Dims{1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  set(b.node("Conv", {"r1", "w2"}, {"c2"}), "pads", Dims{1, 1, 1, 1});
  b.node("Add", {"c2", "r1"}, {"sum"});
  b.node("GlobalAveragePool", {"sum"}, {"pooled"});
  b.node("Flatten", {"pooled"}, {"flat"});
  set(b.node("Gemm", {"flat", "head"}, {"scores"}), "transB", std::int64_t{1});
  return b;
}

Classifier open(const OnnxBuilder& b, OutputKind kind = OutputKind::kLogits,
                const std::string& value = "") {
  const TestFolder folder;
  return Classifier::open(b.write(folder), squashed(6), {value, kind}, {});
}

std::string refusal(const OnnxBuilder& b, const InputDescription& input = squashed(6),
                    const OutputDescription& output = {}, std::vector<std::string> labels = {}) {
  const TestFolder folder;
  try {
    Classifier::open(b.write(folder), input, output, std::move(labels));
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

at::Tensor pictures(std::int64_t n) {
  at::manual_seed(static_cast<std::uint64_t>(n));
  return at::rand({n, 3, 6, 6});
}

bool close(const at::Tensor& a, const at::Tensor& b, double tolerance = 1e-5) {
  return a.sizes() == b.sizes() && at::allclose(a, b, 0, tolerance);
}

TEST(Classifier, TellsWhatItIs) {
  const Classifier c = open(small_network().output("scores"));
  EXPECT_EQ(c.classes(), 5);
  EXPECT_EQ(c.labels(), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(c.micro_batch(), 8);
  EXPECT_EQ(c.input_size().channels, 3);
  EXPECT_EQ(c.input_size().height, 6);
  EXPECT_EQ(c.last_spatial_value(), "sum");
  EXPECT_EQ(c.sha256().size(), 64u);
  std::vector<std::string> names;
  for (const ValueInfo& v : c.values()) names.push_back(v.name);
  EXPECT_EQ(names, (std::vector<std::string>{"pictures", "c1", "r1", "c2", "sum", "pooled", "flat",
                                             "scores"}));
  EXPECT_EQ(c.values()[1].op, "Conv");
  EXPECT_EQ(c.values()[1].shape, (Dims{8, 4, 6, 6}));
}

TEST(Classifier, ARowIsTheSameWhateverPicturesAreBesideIt) {
  const Classifier c = open(small_network().output("scores"));
  const at::Tensor x = pictures(19);
  const std::vector<std::string> keep = {"r1"};
  const Pass whole = c.forward(x, keep);
  ASSERT_EQ(whole.logits.sizes(), (at::IntArrayRef{19, 5}));
  ASSERT_EQ(whole.values.at("r1").sizes(), (at::IntArrayRef{19, 4, 6, 6}));
  for (const std::int64_t i : {0, 7, 8, 18}) {
    const Pass one = c.forward(x.narrow(0, i, 1), keep);
    EXPECT_TRUE(close(one.logits, whole.logits.narrow(0, i, 1), 1e-6)) << i;
    EXPECT_TRUE(close(one.values.at("r1"), whole.values.at("r1").narrow(0, i, 1), 1e-6)) << i;
  }
  // At the same place in a micro-batch to the last bit.
  EXPECT_TRUE(at::equal(c.forward(x.narrow(0, 8, 8)).logits, whole.logits.narrow(0, 8, 8)));
  EXPECT_TRUE(at::equal(c.forward(x.narrow(0, 16, 3)).logits, whole.logits.narrow(0, 16, 3)));
}

TEST(Classifier, LogitsFromAnyValueAreThoseOfTheWhole) {
  const Classifier c = open(small_network().output("scores"));
  const at::Tensor x = pictures(11);
  const std::vector<std::string> keep = {"c1", "r1", "c2", "sum", "pooled", "flat", "scores"};
  const Pass pass = c.forward(x, keep);
  for (const std::string& name : keep) {
    EXPECT_TRUE(close(c.logits_from(x, name, pass.values.at(name)), pass.logits)) << name;
    if (name == "c2") continue;  // the residual path from r1 goes round c2
    EXPECT_TRUE(close(c.logits_from({}, name, pass.values.at(name)), pass.logits)) << name;
  }
  EXPECT_TRUE(close(c.logits_from({}, "pictures", x), pass.logits));
  EXPECT_TRUE(at::equal(c.logits_from({}, "pictures", x), c.logits(x)));
}

TEST(Classifier, GradientsAtAValueAreThoseThroughTheWhole) {
  const Classifier c = open(small_network().output("scores"));
  const at::Tensor x = pictures(3);
  const std::vector<std::string> keep = {"sum"};
  const at::Tensor value = c.forward(x, keep).values.at("sum").requires_grad_(true);
  const at::Tensor part = c.logits_from(x, "sum", value);
  const at::Tensor gradient = network::gradient(at::sum(part.select(1, 2)), value);
  // Pooling and a linear layer: the gradient is weight / pixels.
  const std::vector<float> head = some_weights(20);
  for (std::int64_t channel = 0; channel < 4; ++channel)
    EXPECT_NEAR(gradient[1][channel][3][2].item<float>(), head[2 * 4 + channel] / 36, 1e-7);
  at::Tensor input = x.clone().requires_grad_(true);
  EXPECT_EQ(network::gradient(at::sum(c.logits(input)), input).sizes(), x.sizes());
  EXPECT_FALSE(c.forward(input).logits.requires_grad());
}

TEST(Classifier, ThreadsShareOneClassifier) {
  const Classifier c = open(small_network().output("scores"));
  const at::Tensor x = pictures(8), expected = c.forward(x).logits;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      enter_kernel_thread();
      for (int i = 0; i < 50; ++i)
        if (!at::equal(c.forward(x).logits, expected)) ++wrong;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Classifier, ASoftmaxAtTheEndIsUndoneByReadingItsInput) {
  OnnxBuilder b = small_network();
  b.ints("four", {4}, {0, -1, 1, 1}).output("p");
  set(b.node("Softmax", {"scores"}, {"soft"}), "axis", std::int64_t{1});
  b.node("Reshape", {"soft", "four"}, {"p"});  // [N,5,1,1]
  const Classifier plain = open(small_network().output("scores"));
  const Classifier soft = open(b, OutputKind::kProbabilities);
  const at::Tensor x = pictures(4);
  EXPECT_TRUE(at::equal(soft.forward(x).logits, plain.forward(x).logits));
  EXPECT_EQ(soft.classes(), 5);
}

TEST(Classifier, ProbabilitiesWithoutASoftmaxGiveTheirLogarithm) {
  OnnxBuilder b = small_network();
  b.node("Exp", {"scores"}, {"e"});
  auto& sum = b.node("ReduceSum", {"e", "axis"}, {"z"});
  (void)sum;
  b.ints("axis", {1}, {1}).output("p");
  b.node("Div", {"e", "z"}, {"p"});
  const Classifier c = open(b, OutputKind::kProbabilities);
  const at::Tensor x = pictures(4);
  EXPECT_TRUE(close(c.forward(x).logits,
                    at::log_softmax(open(small_network().output("scores")).forward(x).logits, 1)));
}

TEST(Classifier, ASoftmaxOverAnotherAxisIsNotUndone) {
  OnnxBuilder b = small_network();
  b.output("p");
  set(b.node("Softmax", {"scores"}, {"p"}), "axis", std::int64_t{0});
  const at::Tensor x = pictures(8);
  const Classifier c = open(b, OutputKind::kProbabilities);
  EXPECT_EQ(c.micro_batch(), 1);  // its rows depend on each other
  EXPECT_EQ(at::max(at::abs(c.forward(x).logits)).item<float>(), 0);  // log 1
}

TEST(Classifier, ProbabilitiesOfExactlyZeroStayFinite) {
  OnnxBuilder b = small_network(3);
  b.floats("zero", {}, {0}).output("p");
  b.node("Mul", {"scores", "zero"}, {"p"});
  const at::Tensor logits = open(b, OutputKind::kProbabilities).forward(pictures(2)).logits;
  EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
  EXPECT_NEAR(logits[0][0].item<float>(), -87.34, 0.01);
}

TEST(Classifier, OneColumnBecomesTwoClasses) {
  const at::Tensor x = pictures(4);
  const at::Tensor z = open(small_network(1).output("scores")).forward(x).logits;
  ASSERT_EQ(z.sizes(), (at::IntArrayRef{4, 2}));
  EXPECT_EQ(at::max(at::abs(z.select(1, 0))).item<float>(), 0);
  OnnxBuilder sigmoid = small_network(1);
  sigmoid.output("p").node("Sigmoid", {"scores"}, {"p"});
  for (const OutputKind kind : {OutputKind::kSigmoid, OutputKind::kProbabilities})
    EXPECT_TRUE(at::equal(open(sigmoid, kind).forward(x).logits, z));
  // A sigmoid that cannot be seen as one: 1 / (1 + exp(-z))
  OnnxBuilder hidden = small_network(1);
  hidden.floats("one", {}, {1}).output("p").node("Neg", {"scores"}, {"n"});
  hidden.node("Exp", {"n"}, {"e"});
  hidden.node("Add", {"e", "one"}, {"d"});
  hidden.node("Div", {"one", "d"}, {"p"});
  EXPECT_TRUE(close(open(hidden, OutputKind::kSigmoid).forward(x).logits, z, 1e-4));
}

TEST(Classifier, LogProbabilitiesAreLogits) {
  OnnxBuilder b = small_network();
  b.output("lp");
  set(b.node("LogSoftmax", {"scores"}, {"lp"}), "axis", std::int64_t{1});
  const at::Tensor x = pictures(4);
  EXPECT_TRUE(close(open(b, OutputKind::kLogProbabilities).forward(x).logits,
                    at::log_softmax(open(small_network().output("scores")).forward(x).logits, 1)));
}

TEST(Classifier, SeveralOutputsNeedAName) {
  OnnxBuilder b = small_network().output("scores").output("flat");
  const std::string message = refusal(b);
  for (const char* part : {"2 outputs", "\"scores\"", "\"flat\""})
    EXPECT_THAT(message, HasSubstr(part));
  EXPECT_EQ(open(b, OutputKind::kLogits, "scores").classes(), 5);
  EXPECT_EQ(open(b, OutputKind::kLogits, "flat").classes(), 4);
  EXPECT_THAT(refusal(b, squashed(6), {"scorse", OutputKind::kLogits}),
              HasSubstr("did you mean \"scores\"?"));
}

// The small network with a batch of one baked into its Reshapes, as exporters do.
OnnxBuilder baked(bool provable) {
  OnnxBuilder b;
  b.input("pictures", {1, 3, 6, 6}).floats("w", {5, 54}, some_weights(270)).output("scores");
  b.ints("split", {5}, {1, 3, 2, 3, 6}).ints("back", {2}, {1, provable ? 108 : -1});
  b.node("Reshape", {"pictures", "split"}, {"a"});
  set(b.node("Transpose", {"a"}, {"t"}), "perm", Dims{0, 2, 1, 3, 4});
  b.node("Reshape", {"t", "back"}, {"flat"});
  b.ints("from", {1}, {0}).ints("to", {1}, {54}).ints("axis", {1}, {1});
  b.node("Slice", {"flat", "from", "to", "axis"}, {"half"});
  if (!provable) {  // joins rows with a row of its own, which only one picture fits
    b.floats("row", {1, 54}, some_weights(54));
    set(b.node("Concat", {"half", "row"}, {"two"}), "axis", std::int64_t{0});
    b.node("ReduceSum", {"two", "zero"}, {"one"});
    b.ints("zero", {1}, {0});
  }
  set(b.node("Gemm", {provable ? "half" : "one", "w"}, {"scores"}), "transB", std::int64_t{1});
  return b;
}

TEST(Classifier, ABatchOfOneIsFreedWhereEveryRowIsShownToBeItsOwn) {
  const Classifier c = open(baked(true));
  EXPECT_EQ(c.micro_batch(), 8);
  const at::Tensor x = pictures(8);
  const at::Tensor logits = c.forward(x).logits;
  const at::Tensor w = at::tensor(some_weights(270)).reshape({5, 54});
  // The transposition puts the three channels' upper halves first.
  const at::Tensor half = x.narrow(2, 0, 3).reshape({8, 54});
  EXPECT_TRUE(close(logits, at::matmul(half, w.t()), 1e-4));
}

TEST(Classifier, ABatchOfOneThatCannotBeFreedRunsPictureByPicture) {
  const Classifier c = open(baked(false));
  EXPECT_EQ(c.micro_batch(), 1);
  const at::Tensor x = pictures(5);
  const at::Tensor logits = c.forward(x).logits;
  ASSERT_EQ(logits.sizes(), (at::IntArrayRef{5, 5}));
  for (std::int64_t i = 0; i < 5; ++i)
    EXPECT_TRUE(at::equal(c.forward(x.narrow(0, i, 1)).logits[0], logits[i])) << i;
}

TEST(Classifier, HalfPrecisionFilesTakeFloatPictures) {
  OnnxBuilder b;
  b.input("pictures", {-1, 3, 6, 6}, onnx::TensorProto::FLOAT16).output("scores");
  auto& w = *b.model.mutable_graph()->add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT16);
  for (const std::int64_t d : {2, 3, 6, 6}) w.add_dims(d);
  for (int i = 0; i < 216; ++i) w.add_int32_data(i < 108 ? 0x3c00 : 0xbc00);  // 1, -1
  b.node("Conv", {"pictures", "w"}, {"scores"});                              // [N,2,1,1]
  const at::Tensor x = pictures(3);
  const at::Tensor logits = open(b).forward(x).logits;
  // The file sees the pictures rounded to half precision.
  const at::Tensor sums = at::sum(x.to(at::kHalf).to(at::kFloat), at::IntArrayRef{1, 2, 3});
  EXPECT_TRUE(close(logits, at::stack({sums, at::neg(sums)}, 1), 1e-4));
  EXPECT_FALSE(close(logits.select(1, 0), at::sum(x, at::IntArrayRef{1, 2, 3}), 1e-5));
  at::Tensor input = x.clone().requires_grad_(true);
  const at::Tensor first = at::sum(open(b).logits(input).select(1, 0));
  EXPECT_TRUE(close(network::gradient(first, input), at::ones_like(x), 0));
}

TEST(Classifier, Uint8FilesTakePixels) {
  OnnxBuilder b;
  b.input("pictures", {-1, 6, 6, 3}, onnx::TensorProto::UINT8).output("scores");
  set(b.node("Cast", {"pictures"}, {"f"}), "to", std::int64_t{1});
  b.node("ReduceMean", {"f"}, {"scores"});
  auto& node = *b.model.mutable_graph()->mutable_node(1);
  set(node, "axes", Dims{1, 2});
  set(node, "keepdims", std::int64_t{0});
  InputDescription d = squashed(6);
  d.layout = Layout::kNhwc;
  const TestFolder folder;
  const Classifier c = Classifier::open(b.write(folder), d, {}, {});
  EXPECT_TRUE(c.input_size().uint8);
  const at::Tensor x = at::mul(at::rand({3, 6, 6, 3}), 256).to(at::kByte);
  EXPECT_TRUE(close(c.forward(x).logits, at::mean(x.to(at::kFloat), at::IntArrayRef{1, 2}), 1e-3));
}

TEST(Classifier, PicturesThatMayDifferInSizeRunOneByOne) {
  OnnxBuilder b;
  b.input("pictures", {-1, 3, -1, -1}).output("scores");
  b.node("GlobalAveragePool", {"pictures"}, {"p"});
  b.node("Flatten", {"p"}, {"scores"});
  const TestFolder folder;
  InputDescription d;
  const Classifier any = Classifier::open(b.write(folder), d, {}, {});
  EXPECT_EQ(any.micro_batch(), 1);
  EXPECT_EQ(any.forward(at::rand({2, 3, 9, 4})).logits.sizes(), (at::IntArrayRef{2, 3}));
  EXPECT_EQ(any.values({3, 10, 20}).front().shape, (Dims{1, 3, 10, 20}));
  EXPECT_EQ(Classifier::open(b.write(folder), squashed(6), {}, {}).micro_batch(), 8);
}

TEST(Classifier, ContradictionsWithTheFileAreRefused) {
  const OnnxBuilder b = small_network().output("scores");
  EXPECT_THAT(refusal(b, squashed(7)), HasSubstr("height of 7 px"));
  EXPECT_THAT(refusal(b, squashed(6, Channels::kGray)), HasSubstr("1 channel (gray)"));
  InputDescription nhwc = squashed(6);
  nhwc.layout = Layout::kNhwc;
  EXPECT_THAT(refusal(b, nhwc), HasSubstr("wants 6; is its layout the other one"));
  EXPECT_THAT(refusal(b, squashed(6), {}, {"a", "b"}),
              HasSubstr("5 classes, but 2 labels are given"));
  OnnxBuilder two = small_network().output("scores");
  two.input("mask", {-1, 1});
  EXPECT_THAT(refusal(two), HasSubstr("2 inputs (\"pictures\", \"mask\")"));
  OnnxBuilder none;
  none.floats("w", {1}, {1}).output("y").node("Neg", {"w"}, {"y"});
  EXPECT_THAT(refusal(none), HasSubstr("no input"));
  OnnxBuilder vector;
  vector.input("x", {-1, 10}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_THAT(refusal(vector), HasSubstr("wanted [N,C,H,W]"));
  EXPECT_THAT(refusal(small_network().output("sum")), HasSubstr("wanted one row of class scores"));
  OnnxBuilder constant = small_network();
  constant.output("k").node("Neg", {"w1"}, {"k"});
  EXPECT_THAT(refusal(constant), HasSubstr("does not depend on the picture"));
}

TEST(Classifier, CallsThatDoNotFitAreRefusedByName) {
  const Classifier c = open(small_network().output("scores"));
  const auto message = [](auto f) -> std::string {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  const std::vector<std::string> unknown = {"sumn"}, weight = {"w1"};
  EXPECT_THAT(message([&] { c.forward(at::rand({1, 3, 5, 6})); }), HasSubstr("[1,3,5,6]"));
  EXPECT_THAT(message([&] { c.forward(pictures(1), unknown); }), HasSubstr("sumn"));
  EXPECT_THAT(message([&] { c.forward(pictures(1), weight); }), HasSubstr("depend"));
  EXPECT_THAT(message([&] { c.value_named("sumn"); }), HasSubstr("did you mean \"sum\"?"));
  EXPECT_EQ(c.value_named("r1"), "r1");
}

TEST(Guess, FindsKindClassesAndSize) {
  const TestFolder folder;
  OnnxBuilder soft = small_network();
  soft.output("p");
  set(soft.node("Softmax", {"scores"}, {"p"}), "axis", std::int64_t{1});
  const Guess g = guess_description(soft.write(folder));
  EXPECT_EQ(g.output.kind, OutputKind::kProbabilities);
  EXPECT_EQ(g.classes, 5);
  EXPECT_EQ(g.input.resize, ResizeRule::kSquash);
  EXPECT_EQ(g.input.resize_height, 6);
  EXPECT_FALSE(g.guessed.empty());
  EXPECT_EQ(guess_description(small_network().output("scores").write(folder)).output.kind,
            OutputKind::kLogits);
  OnnxBuilder sigmoid = small_network(1);
  sigmoid.output("p").node("Sigmoid", {"scores"}, {"p"});
  const Guess two = guess_description(sigmoid.write(folder));
  EXPECT_EQ(two.output.kind, OutputKind::kSigmoid);
  EXPECT_EQ(two.classes, 2);
}

TEST(Guess, WhatItFindsOpens) {
  const TestFolder folder;
  OnnxBuilder b;
  b.input("pictures", {-1, -1, -1, 3}, onnx::TensorProto::UINT8).output("scores").output("f");
  set(b.node("Cast", {"pictures"}, {"f"}), "to", std::int64_t{1});
  auto& mean = b.node("ReduceMean", {"f"}, {"scores"});
  set(mean, "axes", Dims{1, 2});
  set(mean, "keepdims", std::int64_t{0});
  const std::string path = b.write(folder);
  const Guess g = guess_description(path);
  EXPECT_EQ(g.input.layout, Layout::kNhwc);
  EXPECT_EQ(g.output.value, "scores");
  const Classifier c = Classifier::open(path, g.input, g.output, {});
  EXPECT_EQ(c.classes(), g.classes);
}

// -- real models and what other tools said of them

std::filesystem::path shared() {
  const char* set = std::getenv("ASSAY_SHARED");
  return set ? set : ASSAY_SOURCE_DIR "/../shared";
}

TEST(Classifier, AgreesWithOnnxRuntimeOnPreparedPictures) {
  const auto crops = shared() / "reference/preprocess";
  if (!std::filesystem::exists(crops)) GTEST_SKIP() << "no " << crops;
  const Classifier c = Classifier::open(shared() / "data/models/shufflenetv2_x1_0_float_op12.onnx",
                                        input_preset("imagenet"), {}, {});
  EXPECT_EQ(c.micro_batch(), 8);  // the exporter baked a batch of one in
  const NpyArray logits =
      read_npy(shared() / "reference/logits/shufflenetv2_x1_0_float_op12.onnx/logits.npy");
  const std::vector<float> expected = logits.values<float>();
  // Rows of the reference for three of its pictures, found by their place among the 100 sorted
  // names.
  const InputDescription d = c.input();
  for (const auto& [name, top] : {std::pair<std::string, int>{"n02112137_chow", 260},
                                  {"n04125021_safe", 771},
                                  {"n01641577_bullfrog", 30}}) {
    const std::vector<float> pixels = read_npy(crops / (name + ".npy")).values<float>();
    at::Tensor x = at::tensor(pixels).reshape({1, 224, 224, 3}).permute({0, 3, 1, 2}) / 255.0;
    x = (x - at::tensor(d.mean, at::kFloat).reshape({1, 3, 1, 1})) /
        at::tensor(d.std, at::kFloat).reshape({1, 3, 1, 1});
    const at::Tensor row = c.forward(x).logits[0];
    EXPECT_EQ(at::argmax(row).item<int>(), top) << name;
    // The row of that picture is the reference's nearest by far.
    const at::Tensor all = at::tensor(expected).reshape({-1, 1000});
    const double scale = at::max(at::abs(all)).item<double>();
    const double nearest = at::min(at::amax(at::abs(at::sub(all, row)), {1})).item<double>();
    EXPECT_LT(nearest / scale, 1e-4) << name;
  }
}

TEST(Classifier, KnowsTheDefaultLayersOfRealNetworks) {
  const auto models = shared() / "data/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "no " << models;
  for (const auto& [file, layer] :
       {std::pair<std::string, std::string>{"neu_smallcnn_op13.onnx", "/5/5.2/Relu_output_0"},
        {"cifar10_resnet20_op13.onnx", "/layer3/layer3.2/relu2/Relu_output_0"}}) {
    const Guess g = guess_description(models / file);
    EXPECT_EQ(Classifier::open(models / file, g.input, g.output, {}).last_spatial_value(), layer);
  }
}

}  // namespace
}  // namespace assay::network
