// Where an operator's meaning changed between operator sets: values by hand on both sides.
// Clip, Softmax, Split, Slice, Squeeze, the axes of reductions, Upsample and the pads' inputs are in
// operators_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/network/number_format.h"
#include "assay/network/operator_run_test.h"
#include "assay/network/operators.h"

namespace assay::network {
namespace {

using Floats = std::vector<float>;

at::Tensor row(const Floats& values) {
  return at::tensor(values).reshape({1, 1, 1, static_cast<std::int64_t>(values.size())});
}

void add_tensor(OnnxBuilder& b, const std::string& name, int type, const Dims& dims,
                const std::vector<int>& values) {
  auto& t = *b.model.mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(type);
  for (const std::int64_t d : dims) t.add_dims(d);
  for (const int v : values) t.add_int32_data(v);
}

TEST(Opset11, ResizeCountsFromPixelCentresWhereItCountedFromCorners) {
  const at::Tensor x = row({0, 1});
  OnnxBuilder old = taking(x, 10);
  old.floats("scales", {4}, {1, 1, 1, 2});
  set(old.node("Resize", {"x", "scales"}, {"y"}), "mode", std::string("linear"));
  EXPECT_EQ(list(run(old, x)[0]), (Floats{0, .5, 1, 1}));
  OnnxBuilder now = taking(x, 11);
  now.floats("scales", {4}, {1, 1, 1, 2}).floats("roi", {0}, {});
  set(now.node("Resize", {"x", "roi", "scales"}, {"y"}), "mode", std::string("linear"));
  EXPECT_EQ(list(run(now, x)[0]), (Floats{0, .25, .75, 1}));
}

TEST(Opset13, ResizeNeedsNoRoi) {
  const at::Tensor x = row({0, 1});
  OnnxBuilder b = taking(x, 13);
  b.ints("sizes", {4}, {1, 1, 1, 4}).node("Resize", {"x", "", "", "sizes"}, {"y"});
  EXPECT_EQ(list(run(b, x)[0]), (Floats{0, 0, 1, 1}));
}

TEST(Opset18, ResizeMayKeepTheAspectAndNameItsAxes) {
  const at::Tensor x = at::arange(8, at::kFloat).reshape({1, 1, 2, 4});
  for (const auto& [policy, height, width] : {std::tuple<std::string, int, int>{"not_larger", 2, 4},
                                              {"not_smaller", 4, 8},
                                              {"stretch", 4, 4}}) {
    OnnxBuilder b = taking(x, 18);
    b.ints("sizes", {2}, {4, 4});
    auto& node = b.node("Resize", {"x", "", "", "sizes"}, {"y"});
    set(node, "axes", Dims{2, 3});
    set(node, "keep_aspect_ratio_policy", policy);
    EXPECT_EQ(run(b, x)[0].sizes(), (at::IntArrayRef{1, 1, height, width})) << policy;
  }
}

TEST(Opset19, ResizeKeepsTheCentreWhenTheSizeIsRounded) {
  // 5 items by 0.5 make 2 where 2.5 were meant: half_pixel reads at 0.5 and 2.5, the symmetric form
  // half an item later.
  const at::Tensor x = row({0, 10, 20, 30, 40});
  for (const auto& [mode, expected] : {std::pair<std::string, Floats>{"half_pixel", {5, 25}},
                                       {"half_pixel_symmetric", {10, 30}}}) {
    OnnxBuilder b = taking(x, 19);
    b.floats("scales", {4}, {1, 1, 1, .5});
    auto& node = b.node("Resize", {"x", "", "scales"}, {"y"});
    set(node, "mode", std::string("linear"));
    set(node, "coordinate_transformation_mode", mode);
    EXPECT_EQ(list(run(b, x)[0]), expected) << mode;
  }
}

TEST(Resize, DividesByTheRoundedSizeWhenCornersAreAligned) {
  const at::Tensor x = row({0, 10, 20, 30});
  OnnxBuilder b = taking(x, 13);
  b.floats("scales", {4}, {1, 1, 1, .6f});
  auto& node = b.node("Resize", {"x", "", "scales"}, {"y"});
  set(node, "mode", std::string("linear"));
  set(node, "coordinate_transformation_mode", std::string("align_corners"));
  EXPECT_EQ(list(run(b, x)[0]), (Floats{0, 30}));
}

TEST(Opset12, DropoutTakesItsRatioAsAnInput) {
  const at::Tensor x = at::ones({3});
  OnnxBuilder old = taking(x, 10, {"y", "mask"});
  set(old.node("Dropout", {"x"}, {"y", "mask"}), "ratio", .5f);
  EXPECT_EQ(list(run(old, x)[0]), (Floats{1, 1, 1}));
  EXPECT_EQ(run(old, x)[1].scalar_type(), at::kBool);
  OnnxBuilder now = taking(x, 12);
  now.floats("ratio", {}, {.5}).node("Dropout", {"x", "ratio"}, {"y"});
  EXPECT_EQ(list(run(now, x)[0]), (Floats{1, 1, 1}));
}

TEST(Opset14, BatchNormalizationGivesWhatItGaveBefore) {
  const at::Tensor x = row({1, 3});
  for (const int opset : {7, 9, 14, 15}) {
    OnnxBuilder b = taking(x, opset);
    b.floats("s", {1}, {2}).floats("b", {1}, {10}).floats("m", {1}, {1}).floats("v", {1}, {4});
    set(b.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}), "epsilon", 0.f);
    EXPECT_EQ(list(run(b, x)[0]), (Floats{10, 12})) << opset;
  }
  OnnxBuilder spatial = taking(x, 8);  // gone with 9: one statistic a pixel
  spatial.floats("s", {1}, {1});
  set(spatial.node("BatchNormalization", {"x", "s", "s", "s", "s"}, {"y"}), "spatial",
      std::int64_t{0});
  EXPECT_THROW(run(spatial, x), InputError);
}

TEST(Opset18, ReductionsMayDoNothingWithoutAxes) {
  const at::Tensor x = at::arange(4, at::kFloat).reshape({2, 2});
  for (const std::int64_t nothing : {0, 1}) {
    OnnxBuilder b = taking(x, 18);
    auto& node = b.node("ReduceMean", {"x"}, {"y"});
    set(node, "noop_with_empty_axes", nothing);
    EXPECT_EQ(list(run(b, x)[0]), nothing ? (Floats{0, 1, 2, 3}) : (Floats{1.5}));
  }
}

TEST(Opset19, PadsMayWrapAround) {
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f});
  for (const auto& [mode, expected] : {std::pair<std::string, Floats>{"wrap", {2, 3, 1, 2, 3, 1}},
                                       {"reflect", {3, 2, 1, 2, 3, 2}},
                                       {"edge", {1, 1, 1, 2, 3, 3}}}) {
    OnnxBuilder b = taking(x, 19);
    b.ints("pads", {2}, {2, 1});
    set(b.node("Pad", {"x", "pads"}, {"y"}), "mode", mode);
    EXPECT_EQ(list(run(b, x)[0]), expected) << mode;
  }
}

TEST(Opset10, TopKTakesKAsAnInputAndFrom11MayTakeTheSmallest) {
  const at::Tensor x = at::tensor({3.f, 1.f, 4.f, 1.f});
  OnnxBuilder old = taking(x, 9, {"y", "i"});
  set(old.node("TopK", {"x"}, {"y", "i"}), "k", std::int64_t{2});
  EXPECT_EQ(list(run(old, x)[0]), (Floats{4, 3}));
  OnnxBuilder input = taking(x, 10, {"y", "i"});
  input.ints("k", {1}, {2}).node("TopK", {"x", "k"}, {"y", "i"});
  EXPECT_EQ(list(run(input, x)[1]), (Floats{2, 0}));
  OnnxBuilder smallest = taking(x, 11, {"y", "i"});
  smallest.ints("k", {1}, {2});
  set(smallest.node("TopK", {"x", "k"}, {"y", "i"}), "largest", std::int64_t{0});
  EXPECT_EQ(list(run(smallest, x)[1]), (Floats{1, 3}));  // of equals the first
}

TEST(Opset19, CastToFloat8SaturatesUnlessToldNotTo) {
  const at::Tensor x = at::tensor({1000.f, 0.3f, -1000.f});
  for (const std::int64_t saturate : {1, 0}) {
    OnnxBuilder b = taking(x, 19);
    auto& node = b.node("Cast", {"x"}, {"y"});
    set(node, "to", onnx_type::kFloat8E4m3fn);
    set(node, "saturate", saturate);
    const Floats y = list(run(b, x)[0]);
    EXPECT_EQ(y[1], 0.3125f);  // the nearest multiple of 1/32
    if (saturate)
      EXPECT_EQ(y, (Floats{448, 0.3125, -448}));
    else
      EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[2]));
  }
}

TEST(Cast, ToHalfPrecisionRoundsAndComputesOnInFloat) {
  const at::Tensor x = at::tensor({1.0004f, 1.0006f, 70000.f});
  OnnxBuilder b = taking(x, 13);
  set(b.node("Cast", {"x"}, {"y"}), "to", onnx_type::kFloat16);
  EXPECT_EQ(list(run(b, x)[0]), (Floats{1, 1.0009765625, INFINITY}));
}

TEST(Opset21, GroupNormalizationScalesChannelsWhereItScaledGroups) {
  const at::Tensor x = at::tensor({-1.f, 1.f, -1.f, 1.f}).reshape({1, 4, 1});
  OnnxBuilder old = taking(x, 18);
  old.floats("s", {2}, {1, 10}).floats("b", {2}, {0, 0});
  auto& node = old.node("GroupNormalization", {"x", "s", "b"}, {"y"});
  set(node, "num_groups", std::int64_t{2});
  set(node, "epsilon", 0.f);
  EXPECT_EQ(list(run(old, x)[0]), (Floats{-1, 1, -10, 10}));
  OnnxBuilder now = taking(x, 21);
  now.floats("s", {4}, {1, 2, 3, 4}).floats("b", {4}, {0, 0, 0, 5});
  auto& later = now.node("GroupNormalization", {"x", "s", "b"}, {"y"});
  set(later, "num_groups", std::int64_t{2});
  set(later, "epsilon", 0.f);
  EXPECT_EQ(list(run(now, x)[0]), (Floats{-1, 2, -3, 9}));
}

TEST(Opset13, HardmaxAndLogSoftmaxRunAlongOneAxisWhereTheyFlattened) {
  const at::Tensor x = at::arange(4, at::kFloat).reshape({1, 2, 2});
  for (const auto& [opset, expected] :
       {std::pair<int, Floats>{11, {0, 0, 0, 1}}, {13, {0, 1, 0, 1}}}) {
    OnnxBuilder b = taking(x, opset);
    b.node("Hardmax", {"x"}, {"y"});
    EXPECT_EQ(list(run(b, x)[0]), expected) << opset;
    OnnxBuilder l = taking(x, opset);
    l.node("LogSoftmax", {"x"}, {"y"});
    EXPECT_NEAR(at::sum(at::exp(run(l, x)[0])).item<float>(), opset == 11 ? 1 : 2, 1e-6);
  }
}

TEST(Opset12, ArgMaxMayTakeTheLastOfEquals) {
  const at::Tensor x = at::tensor({5.f, 1.f, 5.f});
  OnnxBuilder old = taking(x, 11);
  old.node("ArgMax", {"x"}, {"y"});
  EXPECT_EQ(list(run(old, x)[0]), (Floats{0}));
  OnnxBuilder now = taking(x, 12);
  set(now.node("ArgMax", {"x"}, {"y"}), "select_last_index", std::int64_t{1});
  EXPECT_EQ(list(run(now, x)[0]), (Floats{2}));
}

TEST(Opset14, ReshapeMayMeanAZero) {
  const at::Tensor x = at::zeros({0, 3});
  OnnxBuilder old = taking(x, 13);
  old.ints("shape", {2}, {3, 0});
  old.node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_THROW(run(old, x), InputError);  // 3 × 3 items out of none
  OnnxBuilder now = taking(x, 14);
  now.ints("shape", {2}, {3, 0});
  set(now.node("Reshape", {"x", "shape"}, {"y"}), "allowzero", std::int64_t{1});
  EXPECT_EQ(run(now, x)[0].sizes(), (at::IntArrayRef{3, 0}));
}

TEST(Opset15, ShapeMayBeCut) {
  const at::Tensor x = at::zeros({2, 3, 4});
  OnnxBuilder old = taking(x, 13);
  old.node("Shape", {"x"}, {"y"});
  EXPECT_EQ(list(run(old, x)[0]), (Floats{2, 3, 4}));
  OnnxBuilder now = taking(x, 15);
  auto& node = now.node("Shape", {"x"}, {"y"});
  set(node, "start", std::int64_t{-2});
  set(node, "end", std::int64_t{-1});
  EXPECT_EQ(list(run(now, x)[0]), (Floats{3}));
}

TEST(Opset16, ScatterElementsMayAdd) {
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f});
  OnnxBuilder old = taking(x, 9);
  old.ints("i", {2}, {2, 0}).floats("u", {2}, {10, 20}).node("Scatter", {"x", "i", "u"}, {"y"});
  EXPECT_EQ(list(run(old, x)[0]), (Floats{20, 2, 10}));
  for (const auto& [reduction, opset, expected] :
       {std::tuple<std::string, int, Floats>{"none", 13, {20, 2, 10}},
        {"add", 16, {21, 2, 13}},
        {"max", 18, {20, 2, 10}}}) {
    OnnxBuilder b = taking(x, opset);
    b.ints("i", {2}, {2, 0}).floats("u", {2}, {10, 20});
    set(b.node("ScatterElements", {"x", "i", "u"}, {"y"}), "reduction", reduction);
    EXPECT_EQ(list(run(b, x)[0]), expected) << reduction;
  }
  OnnxBuilder gone = taking(x, 13);
  gone.ints("i", {1}, {0}).floats("u", {1}, {0}).node("Scatter", {"x", "i", "u"}, {"y"});
  try {
    run(gone, x);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("Scatter of operator set 13, known up to 10"));
  }
}

TEST(Opset11, DepthToSpaceMayReadColumnsFirst) {
  const at::Tensor x = at::arange(8, at::kFloat).reshape({1, 8, 1, 1});
  OnnxBuilder old = taking(x, 10);
  set(old.node("DepthToSpace", {"x"}, {"y"}), "blocksize", std::int64_t{2});
  EXPECT_EQ(list(run(old, x)[0]), (Floats{0, 2, 4, 6, 1, 3, 5, 7}));
  OnnxBuilder now = taking(x, 11);
  auto& node = now.node("DepthToSpace", {"x"}, {"y"});
  set(node, "blocksize", std::int64_t{2});
  set(node, "mode", std::string("CRD"));
  EXPECT_EQ(list(run(now, x)[0]), (Floats{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Opset20, DftTakesItsAxisAsAnInput) {
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f, 4.f}).reshape({1, 2, 2, 1});
  OnnxBuilder old = taking(x, 17);
  old.node("DFT", {"x"}, {"y"});  // along axis 1
  EXPECT_EQ(list(run(old, x)[0].select(-1, 0)), (Floats{4, 6, -2, -2}));
  OnnxBuilder now = taking(x, 20);
  now.node("DFT", {"x"}, {"y"});  // along the last one
  EXPECT_EQ(list(run(now, x)[0].select(-1, 0)), (Floats{3, -1, 7, -1}));
}

TEST(Opset19, AveragePoolMayBeDilated) {
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f, 4.f}).reshape({1, 1, 4});
  for (const auto& [opset, expected] :
       {std::pair<int, Floats>{11, {1.5, 2.5, 3.5}}, {19, {2, 3}}}) {
    OnnxBuilder b = taking(x, opset);
    auto& node = b.node("AveragePool", {"x"}, {"y"});
    set(node, "kernel_shape", Dims{2});
    if (opset == 19) set(node, "dilations", Dims{2});
    EXPECT_EQ(list(run(b, x)[0]), expected) << opset;
  }
}

TEST(QuantizeLinear, ScalesTensorsThenAxesThenBlocks) {
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f, 4.f}).reshape({2, 2});
  OnnxBuilder tensor = taking(x, 10);
  tensor.floats("s", {}, {2});
  add_tensor(tensor, "z", onnx_type::kUint8, {}, {10});
  tensor.node("QuantizeLinear", {"x", "s", "z"}, {"y"});
  EXPECT_EQ(list(run(tensor, x)[0]), (Floats{10, 11, 12, 12}));  // halves to even: 0.5→0, 1.5→2
  OnnxBuilder axis = taking(x, 13);
  axis.floats("s", {2}, {1, .5});
  add_tensor(axis, "z", onnx_type::kInt8, {2}, {0, -1});
  set(axis.node("QuantizeLinear", {"x", "s", "z"}, {"y"}), "axis", std::int64_t{0});
  EXPECT_EQ(list(run(axis, x)[0]), (Floats{1, 2, 5, 7}));
  EXPECT_EQ(run(axis, x)[0].scalar_type(), at::kChar);
  OnnxBuilder blocks = taking(x, 21);
  blocks.floats("s", {2, 1}, {1, .5});
  auto& node = blocks.node("QuantizeLinear", {"x", "s"}, {"y"});
  set(node, "axis", std::int64_t{1});
  set(node, "block_size", std::int64_t{2});
  set(node, "output_dtype", onnx_type::kInt16);
  EXPECT_EQ(list(run(blocks, x)[0]), (Floats{1, 2, 6, 8}));
  EXPECT_EQ(run(blocks, x)[0].scalar_type(), at::kShort);
}

TEST(QuantizeLinear, BoundsToTheTypeOfTheZeroPointEvenWhereItIsKeptInAWiderOne) {
  const at::Tensor x = at::tensor({-5.f, 9.f, 99.f, 1e6f});
  for (const auto& [type, expected] :
       {std::pair<std::int64_t, Floats>{onnx_type::kInt4, {-5, 7, 7, 7}},
        {onnx_type::kUint4, {0, 9, 15, 15}},
        {onnx_type::kUint16, {0, 9, 99, 65535}}}) {
    OnnxBuilder b = taking(x, 21);
    b.floats("s", {}, {1});
    add_tensor(b, "z", static_cast<int>(type), {}, {0});
    b.node("QuantizeLinear", {"x", "s", "z"}, {"y"});
    EXPECT_EQ(list(run(b, x)[0]), expected) << type;
  }
}

TEST(QLinearConv, SumsExactlyWhereFloatWouldNot) {
  // 300 products of 255 × 127 plus one of 1: beyond 2^24 a float loses the last.
  const std::int64_t channels = 600;
  const at::Tensor x = at::full({1, channels, 1, 1}, 255, at::kByte);
  x[0][channels - 1] = 1;
  OnnxBuilder b(13);
  b.input("x", {1, channels, 1, 1}, onnx::TensorProto::UINT8).output("y");
  std::vector<int> weights(static_cast<std::size_t>(channels), 127);
  weights.back() = 1;
  add_tensor(b, "w", onnx_type::kInt8, {1, channels, 1, 1}, weights);
  b.node("ConvInteger", {"x", "w"}, {"y"});
  EXPECT_EQ(run(b, x)[0].item<std::int64_t>(), 255LL * 127 * (channels - 1) + 1);
}

}  // namespace
}  // namespace assay::network
