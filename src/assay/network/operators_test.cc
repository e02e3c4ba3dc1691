// What ONNX's own tests (conformance_test.cc) do not show: how operators differ between operator
// sets, and forms that exporters emit.
#include "assay/network/operators.h"

#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/network/operator_run_test.h"

namespace assay::network {
namespace {

TEST(Softmax, FlattensBeforeOpset13) {
  const at::Tensor x = at::arange(12, at::kFloat).reshape({1, 2, 3, 2});
  OnnxBuilder old = taking(x, 11);
  old.node("Softmax", {"x"}, {"y"});
  EXPECT_NEAR(at::sum(run(old, x)[0]).item<float>(), 1, 1e-6);  // one row of 12
  OnnxBuilder now = taking(x, 13);
  now.node("Softmax", {"x"}, {"y"});
  EXPECT_NEAR(at::sum(run(now, x)[0]).item<float>(), 6, 1e-6);  // rows along the last axis
}

TEST(Clip, BoundsWereAttributesBeforeOpset11) {
  const at::Tensor x = at::tensor({-9.f, 0.5f, 9.f});
  OnnxBuilder old = taking(x, 6 + 1);
  auto& node = old.node("Clip", {"x"}, {"y"});
  set(node, "min", -1.f);
  set(node, "max", 1.f);
  EXPECT_EQ(list(run(old, x)[0]), (std::vector<float>{-1, 0.5, 1}));
  OnnxBuilder now = taking(x, 11);
  now.floats("high", {}, {6}).node("Clip", {"x", "", "high"}, {"y"});
  EXPECT_EQ(list(run(now, x)[0]), (std::vector<float>{-9, 0.5, 6}));
}

TEST(Reductions, AxesAreAttributesOrInputs) {
  const at::Tensor x = at::arange(6, at::kFloat).reshape({2, 3});
  for (const auto& [op, opset, attribute] :
       {std::tuple<std::string, int, bool>{"ReduceSum", 11, true},
        {"ReduceSum", 13, false},
        {"ReduceMax", 17, true},
        {"ReduceMax", 18, false}}) {
    OnnxBuilder b = taking(x, opset);
    if (!attribute) b.ints("axes", {1}, {1});
    auto& node = b.node(
        op, attribute ? std::vector<std::string>{"x"} : std::vector<std::string>{"x", "axes"},
        {"y"});
    if (attribute) set(node, "axes", Dims{1});
    set(node, "keepdims", std::int64_t{0});
    const auto expected = op == "ReduceSum" ? std::vector<float>{3, 12} : std::vector<float>{2, 5};
    EXPECT_EQ(list(run(b, x)[0]), expected) << op << opset;
  }
}

TEST(Split, MayBeUnevenFromOpset18) {
  const at::Tensor x = at::arange(7, at::kFloat);
  OnnxBuilder old = taking(x, 13, {"a", "b"});
  old.node("Split", {"x"}, {"a", "b"});
  EXPECT_THROW(run(old, x), InputError);
  OnnxBuilder now = taking(x, 18, {"a", "b"});
  set(now.node("Split", {"x"}, {"a", "b"}), "num_outputs", std::int64_t{2});
  EXPECT_EQ(run(now, x)[0].size(0), 4);
  EXPECT_EQ(run(now, x)[1].size(0), 3);
  OnnxBuilder sizes = taking(x, 11, {"a", "b"});
  set(sizes.node("Split", {"x"}, {"a", "b"}), "split", Dims{1, 6});
  EXPECT_EQ(run(sizes, x)[1].size(0), 6);
}

TEST(Slice, AttributesThenInputsThenSteps) {
  const at::Tensor x = at::arange(10, at::kFloat);
  OnnxBuilder old = taking(x, 9);
  auto& node = old.node("Slice", {"x"}, {"y"});
  set(node, "starts", Dims{-3});
  set(node, "ends", Dims{INT64_MAX});
  EXPECT_EQ(list(run(old, x)[0]), (std::vector<float>{7, 8, 9}));
  OnnxBuilder back = taking(x, 13);
  back.ints("from", {1}, {-1}).ints("to", {1}, {INT64_MIN}).ints("axes", {1}, {0});
  back.ints("steps", {1}, {-4}).node("Slice", {"x", "from", "to", "axes", "steps"}, {"y"});
  EXPECT_EQ(list(run(back, x)[0]), (std::vector<float>{9, 5, 1}));
}

TEST(SqueezeAndUnsqueeze, AxesBecameInputsWithOpset13) {
  const at::Tensor x = at::zeros({2, 1, 3, 1});
  OnnxBuilder old = taking(x, 11);
  set(old.node("Squeeze", {"x"}, {"s"}), "axes", Dims{1, -1});
  set(old.node("Unsqueeze", {"s"}, {"y"}), "axes", Dims{0});
  EXPECT_EQ(run(old, x)[0].sizes(), (at::IntArrayRef{1, 2, 3}));
  OnnxBuilder now = taking(x, 13);
  now.ints("a", {2}, {1, -1}).ints("b", {1}, {0});
  now.node("Squeeze", {"x", "a"}, {"s"});
  now.node("Unsqueeze", {"s", "b"}, {"y"});
  EXPECT_EQ(run(now, x)[0].sizes(), (at::IntArrayRef{1, 2, 3}));
}

TEST(Reshape, CopiesAndInfersSizes) {
  const at::Tensor x = at::zeros({4, 3, 2});
  OnnxBuilder b = taking(x, 13);
  b.ints("shape", {2}, {0, -1}).node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_EQ(run(b, x)[0].sizes(), (at::IntArrayRef{4, 6}));
  OnnxBuilder wrong = taking(x, 13);
  wrong.ints("shape", {2}, {5, -1}).node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_THROW(run(wrong, x), InputError);
}

TEST(Pad, AttributesThenInputsThenAxes) {
  const at::Tensor x = at::ones({1, 2});
  OnnxBuilder old = taking(x, 10);
  auto& node = old.node("Pad", {"x"}, {"y"});
  set(node, "pads", Dims{0, 1, 0, 2});
  set(node, "value", 5.f);
  EXPECT_EQ(list(run(old, x)[0]), (std::vector<float>{5, 1, 1, 5, 5}));
  OnnxBuilder now = taking(x, 18);
  now.ints("pads", {2}, {1, 0}).ints("axes", {1}, {-1}).floats("value", {}, {7});
  now.node("Pad", {"x", "pads", "value", "axes"}, {"y"});
  EXPECT_EQ(list(run(now, x)[0]), (std::vector<float>{7, 1, 1}));
}

TEST(Pad, RefusesToTakeAllMemory) {
  const at::Tensor x = at::ones({1, 2});
  OnnxBuilder b = taking(x, 13);
  b.ints("pads", {4}, {0, INT64_MAX, 0, INT64_MAX}).node("Pad", {"x", "pads"}, {"y"});
  EXPECT_THROW(run(b, x), InputError);
  OnnxBuilder tiled = taking(x, 13);
  tiled.ints("times", {2}, {1LL << 40, 1LL << 40}).node("Tile", {"x", "times"}, {"y"});
  EXPECT_THROW(run(tiled, x), InputError);
  OnnxBuilder filled = taking(x, 13);
  filled.ints("shape", {2}, {1LL << 40, 1LL << 40}).node("ConstantOfShape", {"shape"}, {"y"});
  EXPECT_THROW(run(filled, x), InputError);
}

TEST(Upsample, ScalesWereAnAttributeAtOpset7) {
  const at::Tensor x = at::arange(4, at::kFloat).reshape({1, 1, 2, 2});
  OnnxBuilder b = taking(x, 9);
  b.floats("scales", {4}, {1, 1, 1, 2}).node("Upsample", {"x", "scales"}, {"y"});
  EXPECT_EQ(list(run(b, x)[0]), (std::vector<float>{0, 0, 1, 1, 2, 2, 3, 3}));
  OnnxBuilder old = taking(x, 7);
  auto& a = *old.node("Upsample", {"x"}, {"y"}).add_attribute();
  a.set_name("scales");
  a.set_type(onnx::AttributeProto::FLOATS);
  for (const float s : {1.f, 1.f, 1.f, 2.f}) a.add_floats(s);
  EXPECT_EQ(list(run(old, x)[0]), (std::vector<float>{0, 0, 1, 1, 2, 2, 3, 3}));
}

TEST(Resize, LinearAgreesWithLibtorch) {
  const at::Tensor x = at::randn({1, 2, 7, 5});
  for (const std::string mode : {"half_pixel", "align_corners"}) {
    OnnxBuilder b = taking(x, 13);
    b.ints("sizes", {4}, {1, 2, 13, 11});
    auto& node = b.node("Resize", {"x", "", "", "sizes"}, {"y"});
    set(node, "mode", std::string("linear"));
    set(node, "coordinate_transformation_mode", mode);
    const at::Tensor expected =
        at::upsample_bilinear2d(x, {13, 11}, mode == "align_corners", c10::nullopt, c10::nullopt);
    EXPECT_TRUE(at::allclose(run(b, x)[0], expected, 1e-5, 1e-6)) << mode;
  }
}

TEST(Resize, AntialiasedLinearAgreesWithLibtorch) {
  const at::Tensor x = at::randn({1, 2, 17, 23});
  OnnxBuilder b = taking(x, 18);
  b.ints("sizes", {4}, {1, 2, 6, 7});
  auto& node = b.node("Resize", {"x", "", "", "sizes"}, {"y"});
  set(node, "mode", std::string("linear"));
  set(node, "antialias", std::int64_t{1});
  set(node, "exclude_outside", std::int64_t{1});
  const at::Tensor expected =
      at::_upsample_bilinear2d_aa(x, {6, 7}, false, c10::nullopt, c10::nullopt);
  EXPECT_TRUE(at::allclose(run(b, x)[0], expected, 1e-5, 1e-5));
}

TEST(Conv, AsymmetricPadsEqualPaddingFirst) {
  const at::Tensor x = at::randn({2, 2, 6, 5});
  std::vector<float> weights(3 * 2 * 3 * 3);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<float>(i));
  OnnxBuilder b = taking(x, 13);
  b.floats("w", {3, 2, 3, 3}, weights);
  auto& node = b.node("Conv", {"x", "w"}, {"y"});
  set(node, "pads", Dims{0, 1, 2, 0});
  set(node, "strides", Dims{2, 1});
  const at::Tensor w = at::tensor(weights).reshape({3, 2, 3, 3});
  const at::Tensor expected = at::conv2d(at::constant_pad_nd(x, {1, 0, 0, 2}), w, {}, {2, 1});
  EXPECT_TRUE(at::allclose(run(b, x)[0], expected, 1e-5, 1e-5));
}

TEST(Conv, AutoPadPutsTheOddPixelWhereItSays) {
  const at::Tensor x = at::ones({1, 1, 1, 4});
  for (const auto& [mode, expected] :
       {std::pair<std::string, std::vector<float>>{"SAME_UPPER", {2, 2, 2, 1}},
        {"SAME_LOWER", {1, 2, 2, 2}},
        {"VALID", {2, 2, 2}}}) {
    OnnxBuilder b = taking(x, 13);
    b.floats("w", {1, 1, 1, 2}, {1, 1});
    set(b.node("Conv", {"x", "w"}, {"y"}), "auto_pad", mode);
    EXPECT_EQ(list(run(b, x)[0]), expected) << mode;
  }
}

TEST(MaxPool, CeilModeAddsNoWindowThatStartsInThePadding) {
  const at::Tensor x = at::neg(at::arange(1, 6, at::kFloat)).reshape({1, 1, 5});
  OnnxBuilder b = taking(x, 13);
  auto& node = b.node("MaxPool", {"x"}, {"y"});
  set(node, "kernel_shape", Dims{2});
  set(node, "strides", Dims{3});
  set(node, "pads", Dims{0, 2});
  set(node, "ceil_mode", std::int64_t{1});
  EXPECT_EQ(list(run(b, x)[0]), (std::vector<float>{-1, -4}));
}

TEST(AveragePool, CountsThePadsItIsToldTo) {
  const at::Tensor x = at::ones({1, 1, 3});
  for (const bool counts : {false, true}) {
    OnnxBuilder b = taking(x, 13);
    auto& node = b.node("AveragePool", {"x"}, {"y"});
    set(node, "kernel_shape", Dims{2});
    set(node, "pads", Dims{0, 1});  // on one side, so libtorch's own pooling cannot
    set(node, "count_include_pad", std::int64_t{counts});
    EXPECT_EQ(list(run(b, x)[0]),
              counts ? (std::vector<float>{1, 1, 0.5}) : (std::vector<float>{1, 1, 1}));
  }
}

TEST(Dropout, PassesItsInputOnAndRefusesTraining) {
  const at::Tensor x = at::ones({3});
  const auto train = [&](const char* ratio) {
    OnnxBuilder b = taking(x, 13);
    auto& mode = *b.model.mutable_graph()->add_initializer();
    mode.set_name("training");
    mode.set_data_type(onnx::TensorProto::BOOL);
    mode.add_int32_data(1);
    b.floats("none", {}, {0}).floats("half", {}, {.5});
    b.node("Dropout", {"x", ratio, "training"}, {"y"});
    return run(b, x)[0];
  };
  OnnxBuilder b = taking(x, 13);
  b.node("Dropout", {"x"}, {"y"});
  EXPECT_TRUE(run(b, x)[0].is_same(x));
  EXPECT_THROW(train(""), InputError);
  EXPECT_THROW(train("half"), InputError);
  EXPECT_TRUE(train("none").is_same(x));
}

TEST(IntegerDivision, ByZeroAndOfTheSmallestNumberDoesNotKillTheProgram) {
  const at::Tensor x = at::ones({1});
  for (const char* op : {"Div", "Mod"})
    for (const std::int64_t divisor : {0, -1}) {
      OnnxBuilder b = taking(x, 13);
      b.ints("a", {1}, {INT64_MIN}).ints("b", {1}, {divisor}).node(op, {"a", "b"}, {"y"});
      if (divisor == 0)
        EXPECT_THROW(run(b, x), InputError) << op;
      else
        EXPECT_NO_THROW(run(b, x)) << op;
    }
}

TEST(Cast, HalfAndDoubleAreComputedAsFloat) {
  const at::Tensor x = at::ones({2});
  for (const std::int64_t type : {1, 10, 11, 16}) {
    OnnxBuilder b = taking(x, 13);
    set(b.node("Cast", {"x"}, {"y"}), "to", type);
    EXPECT_EQ(run(b, x)[0].scalar_type(), at::kFloat) << type;
  }
}

TEST(BatchNormalization, RefusesTraining) {
  const at::Tensor x = at::ones({1, 1, 2, 2});
  OnnxBuilder b = taking(x, 15);
  b.floats("one", {1}, {1});
  set(b.node("BatchNormalization", {"x", "one", "one", "one", "one"}, {"y"}), "training_mode",
      std::int64_t{1});
  EXPECT_THROW(run(b, x), InputError);
}

TEST(Attributes, OfTheWrongTypeAreRefused) {
  const at::Tensor x = at::ones({1, 1, 2, 2});
  OnnxBuilder b = taking(x, 13);
  b.floats("w", {1, 1, 1, 1}, {1});
  set(b.node("Conv", {"x", "w"}, {"y"}), "strides", 2.f);
  EXPECT_THROW(run(b, x), InputError);
  OnnxBuilder zero = taking(x, 13);
  zero.floats("w", {1, 1, 1, 1}, {1});
  set(zero.node("Conv", {"x", "w"}, {"y"}), "strides", Dims{0, 1});
  EXPECT_THROW(run(zero, x), InputError);
}

}  // namespace
}  // namespace assay::network
