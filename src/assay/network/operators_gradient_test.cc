// Every operator whose gradient is the derivative, against central differences in double.
#include <algorithm>

#include "assay/network/gradient_case_test.h"

namespace assay::network {
namespace {

GraphPointer body(
    const std::vector<std::string>& own, const std::vector<std::string>& outer,
    const std::vector<std::string>& outputs,
    const std::vector<std::tuple<std::string, std::vector<std::string>, std::string>>& nodes) {
  auto graph = std::make_shared<Graph>("body");
  for (const std::string& name : own) graph->add_input(name, "inner", false, {});
  for (const std::string& name : outer) graph->add_input(name, std::string(kOuterInput), false, {});
  for (const auto& [op, in, out] : nodes) {
    Node node;
    node.op = op;
    node.opset = 13;
    graph->add_node(std::move(node), in, {out});
  }
  for (const std::string& name : outputs) graph->add_output(name);
  graph->finish();
  return graph;
}

}  // namespace

std::vector<Case> exact_gradient_cases() {
  const auto i = [](std::int64_t v) { return Attribute(v); };
  const auto s = [](const char* v) { return Attribute(std::string(v)); };
  const auto l = [](Dims v) { return Attribute(std::move(v)); };
  const auto f = [](float v) { return Attribute(v); };
  const at::Tensor truths = at::tensor({1, 0, 0, 1, 1, 0}, at::kLong).reshape({2, 3}).to(at::kBool);
  const at::Tensor scales = at::tensor({0.5, 0.25}, at::kDouble);
  const auto lengths = at::tensor({2, 1}, at::kInt);
  std::vector<double> pixels;  // of grids over 4 or 5 pixels
  for (int k = 0; k <= 5; ++k) {
    pixels.push_back((2 * k + 1) / 4.0 - 1);
    pixels.push_back((2 * k + 1) / 5.0 - 1);
  }
  const std::vector<double> whole = {-3, -2, -1, 0, 1, 2, 3};
  std::vector<Case> all = {
      {"Abs", 13, {}, {x({2, 3})}, {0}},
      {"Acos", 13, {}, {x({6}, -.9, .9)}, {}},
      {"Acosh", 13, {}, {x({6}, 1.2, 3)}, {}},
      {"Add", 13, {}, {x({2, 3}), x({3})}, {}},
      {"Asin", 13, {}, {x({6}, -.9, .9)}, {}},
      {"Asinh", 13, {}, {x({6})}, {}},
      {"Atan", 13, {}, {x({6})}, {}},
      {"Atanh", 13, {}, {x({6}, -.9, .9)}, {}},
      {"Clip",
       13,
       {},
       {x({9}), fixed(at::scalar_tensor(-1., at::kDouble)),
        fixed(at::scalar_tensor(.5, at::kDouble))},
       {-1, .5}},
      {"Clip", 7, {{"min", f(-1)}, {"max", f(1)}}, {x({9})}, {-1, 1}},
      {"Cos", 13, {}, {x({6})}, {}},
      {"Cosh", 13, {}, {x({6})}, {}},
      {"Div", 13, {}, {x({2, 3}), x({2, 1}, .5, 2)}, {}},
      {"Erf", 13, {}, {x({6})}, {}},
      {"Exp", 13, {}, {x({6})}, {}},
      {"Log", 13, {}, {x({6}, .2, 2)}, {}},
      {"Max", 13, {}, {x({2, 3}), x({2, 3}), x({3})}, {}},
      {"Mean", 13, {}, {x({2, 3}), x({3})}, {}},
      {"Min", 13, {}, {x({2, 3}), x({2, 3})}, {}},
      {"Mod", 13, {{"fmod", i(1)}}, {x({4}, .1, .9), x({4}, 1.1, 1.9)}, {}},
      {"Mod", 13, {}, {x({4}, 2.1, 2.9), x({4}, 1.1, 1.9)}, {}},
      {"Mul", 13, {}, {x({2, 3}), x({3})}, {}},
      {"Neg", 13, {}, {x({6})}, {}},
      {"Pow", 13, {}, {x({2, 3}, .3, 2), x({3})}, {}},
      {"Pow", 13, {}, {x({6}), number(2)}, {}},
      {"Reciprocal", 13, {}, {x({6}, .5, 2)}, {}},
      {"Sin", 13, {}, {x({6})}, {}},
      {"Sinh", 13, {}, {x({6})}, {}},
      {"Sqrt", 13, {}, {x({6}, .2, 2)}, {}},
      {"Sub", 13, {}, {x({2, 3}), x({2, 1})}, {}},
      {"Sum", 13, {}, {x({2, 3}), x({3}), x({2, 1})}, {}},
      {"Tan", 13, {}, {x({6}, -1, 1)}, {}},
      {"Where", 13, {}, {fixed(truths), x({2, 3}), x({3})}, {}},

      {"Celu", 13, {{"alpha", f(.7f)}}, {x({8})}, {0}},
      {"Elu", 13, {{"alpha", f(.7f)}}, {x({8})}, {0}},
      {"Gelu", 20, {}, {x({8})}, {}},
      {"Gelu", 20, {{"approximate", s("tanh")}}, {x({8})}, {}},
      {"HardSigmoid", 13, {}, {x({9}, -4, 4)}, {-2.5, 2.5}},
      {"HardSwish", 14, {}, {x({9}, -4, 4)}, {-3, 3}},
      {"LeakyRelu", 13, {}, {x({8})}, {0}},
      {"LogSoftmax", 13, {{"axis", i(1)}}, {x({2, 3, 2})}, {}},
      {"LogSoftmax", 11, {}, {x({2, 3, 2})}, {}},
      {"Mish", 18, {}, {x({8})}, {}},
      {"PRelu", 16, {}, {x({2, 3, 2}), x({3, 1}, .1, .4)}, {0}},
      {"Relu", 13, {}, {x({8})}, {0}},
      {"Selu", 13, {}, {x({8})}, {0}},
      {"Shrink", 13, {{"bias", f(.3f)}}, {x({9})}, {-.5, .5}},
      {"Sigmoid", 13, {}, {x({8})}, {}},
      {"Softmax", 13, {}, {x({2, 3})}, {}},
      {"Softmax", 11, {}, {x({2, 3, 2})}, {}},
      {"Softplus", 13, {}, {x({8})}, {}},
      {"Softsign", 13, {}, {x({8})}, {0}},
      {"Tanh", 13, {}, {x({8})}, {}},
      {"ThresholdedRelu", 13, {}, {x({9})}, {1}},

      {"Conv",
       13,
       {{"pads", l({1, 0, 0, 1})}, {"strides", l({2, 1})}, {"group", i(2)}},
       {x({2, 4, 5, 4}), x({4, 2, 3, 2}), x({4})},
       {}},
      {"Conv", 13, {{"auto_pad", s("SAME_UPPER")}}, {x({1, 2, 5}), x({3, 2, 2})}, {}},
      {"ConvTranspose",
       13,
       {{"strides", l({2, 2})}, {"output_padding", l({1, 0})}},
       {x({1, 2, 3, 2}), x({2, 2, 3, 2}), x({2})},
       {}},
      {"ConvTranspose",
       13,
       {{"strides", l({2})}, {"pads", l({0, 1})}},
       {x({1, 2, 3}), x({2, 2, 3})},
       {}},

      {"AveragePool",
       13,
       {{"kernel_shape", l({3, 2})}, {"pads", l({1, 0, 1, 0})}},
       {x({1, 2, 5, 4})},
       {}},
      {"AveragePool",
       19,
       {{"kernel_shape", l({2})}, {"pads", l({0, 1})}, {"dilations", l({2})}},
       {x({1, 2, 7})},
       {}},
      {"GlobalAveragePool", 13, {}, {x({2, 3, 2, 2})}, {}},
      {"GlobalLpPool", 13, {}, {x({2, 3, 2, 2})}, {0}},
      {"GlobalMaxPool", 13, {}, {x({2, 3, 2, 2})}, {}},
      {"LpPool", 18, {{"kernel_shape", l({2, 2})}, {"p", i(3)}}, {x({1, 2, 4, 3})}, {0}},
      {"MaxPool",
       13,
       {{"kernel_shape", l({3, 3})}, {"strides", l({2, 2})}, {"pads", l({1, 1, 1, 1})}},
       {x({1, 2, 5, 5})},
       {}},
      {"MaxPool", 13, {{"kernel_shape", l({2})}, {"pads", l({0, 1})}}, {x({1, 2, 5})}, {}},
      {"MaxUnpool",
       13,
       {{"kernel_shape", l({2, 2})}, {"strides", l({2, 2})}},
       {x({1, 1, 2, 2}), fixed(at::tensor({0, 3, 9, 14}, at::kLong).reshape({1, 1, 2, 2}))},
       {}},

      {"BatchNormalization", 15, {}, {x({2, 3, 2, 2}), x({3}), x({3}), x({3}), x({3}, .5, 2)}, {}},
      {"GroupNormalization", 18, {{"num_groups", i(2)}}, {x({2, 4, 3}), x({2}), x({2})}, {}},
      {"GroupNormalization", 21, {{"num_groups", i(2)}}, {x({2, 4, 3}), x({4}), x({4})}, {}},
      {"InstanceNormalization", 13, {}, {x({2, 3, 2, 2}), x({3}), x({3})}, {}},
      {"LRN", 13, {{"size", i(3)}, {"alpha", f(.5f)}}, {x({1, 5, 2, 2})}, {}},
      {"LayerNormalization", 17, {}, {x({2, 3, 4}), x({4}), x({4})}, {}},
      {"LayerNormalization", 17, {{"axis", i(1)}}, {x({2, 3, 2}), x({3, 2})}, {}, 3},
      {"LpNormalization", 13, {}, {x({2, 3})}, {0}},
      {"LpNormalization", 13, {{"p", i(1)}}, {x({2, 3})}, {0}},
      {"MeanVarianceNormalization", 13, {}, {x({2, 3, 2, 2})}, {}},

      // Samples of 3×3 are evenly spaced, so singular up to rounding.
      {"Det", 13, {}, {x({2, 2, 2})}, {}},
      {"Det", 13, {}, {x({2, 3, 3})}, {}},
      {"Einsum", 13, {{"equation", s("bij,bkj->bik")}}, {x({2, 2, 3}), x({2, 4, 3})}, {}},
      {"Gemm",
       13,
       {{"alpha", f(.5f)}, {"beta", f(2)}, {"transB", i(1)}},
       {x({2, 3}), x({4, 3}), x({4})},
       {}},
      {"MatMul", 13, {}, {x({2, 2, 3}), x({3, 4})}, {}},

      {"CumSum", 14, {{"exclusive", i(1)}, {"reverse", i(1)}}, {x({2, 4}), number(1)}, {}},
      {"ReduceL1", 18, {}, {x({2, 3}), ints({1})}, {0}},
      {"ReduceL2", 18, {}, {x({2, 3}), ints({0})}, {}},
      {"ReduceLogSum", 18, {}, {x({2, 3}, .5, 2), ints({1})}, {}},
      {"ReduceLogSumExp", 18, {}, {x({2, 3}), ints({1})}, {}},
      {"ReduceMax", 18, {}, {x({2, 3}), ints({1})}, {}},
      {"ReduceMean", 18, {{"keepdims", i(0)}}, {x({2, 3, 2}), ints({0, 2})}, {}},
      {"ReduceMin", 11, {{"axes", l({0})}}, {x({2, 3})}, {}},
      {"ReduceProd", 18, {}, {x({2, 3}), ints({1})}, {0}},
      {"ReduceSum", 13, {}, {x({2, 3}), ints({1})}, {}},
      {"ReduceSumSquare", 18, {}, {x({2, 3}), ints({1})}, {}},
      {"TopK", 11, {}, {x({2, 5}), ints({3})}, {}, 2},

      {"DepthToSpace", 13, {{"blocksize", i(2)}}, {x({1, 4, 2, 3})}, {}},
      {"Dropout", 13, {}, {x({4})}, {}},
      {"Expand", 13, {}, {x({2, 1}), ints({2, 3})}, {}},
      {"Flatten", 13, {}, {x({2, 3, 2})}, {}},
      {"Identity", 13, {}, {x({4})}, {}},
      {"Reshape", 13, {}, {x({2, 3}), ints({3, -1})}, {}},
      {"SpaceToDepth", 13, {{"blocksize", i(2)}}, {x({1, 1, 4, 2})}, {}},
      {"Squeeze", 13, {}, {x({2, 1, 3}), ints({1})}, {}},
      {"Tile", 13, {}, {x({2, 3}), ints({2, 1})}, {}},
      {"Transpose", 13, {{"perm", l({2, 0, 1})}}, {x({2, 3, 2})}, {}},
      {"Unsqueeze", 13, {}, {x({2, 3}), ints({0, 3})}, {}},

      {"CenterCropPad", 18, {}, {x({3, 5}), ints({4, 2})}, {}},
      {"Concat", 13, {{"axis", i(1)}}, {x({2, 3}), x({2, 1})}, {}},
      {"Pad", 13, {}, {x({2, 3}), ints({0, 1, 1, 2})}, {}},
      {"Pad", 13, {{"mode", s("reflect")}}, {x({3, 4}), ints({1, 2, 0, 1})}, {}},
      {"Pad", 19, {{"mode", s("wrap")}}, {x({3, 4}), ints({1, 2, 0, 1})}, {}},
      {"Slice", 13, {}, {x({3, 5}), ints({0, 4}), ints({2, 0}), ints({0, 1}), ints({1, -2})}, {}},
      {"Split", 13, {}, {x({5, 2}), ints({2, 3})}, {}, 2},

      {"Compress", 13, {{"axis", i(1)}}, {x({2, 3}), fixed(truths.select(0, 0))}, {}},
      {"Gather", 13, {{"axis", i(1)}}, {x({2, 4}), ints({-1, 0, 0})}, {}},
      {"GatherElements", 13, {}, {x({2, 3}), fixed(truths.to(at::kLong))}, {}},
      {"GatherND", 13, {}, {x({2, 3}), fixed(truths.to(at::kLong).reshape({3, 2}))}, {}},
      {"OneHot", 13, {}, {ints({0, 2}), number(3), x({2})}, {}},
      {"ReverseSequence", 13, {}, {x({2, 2, 2}), fixed(lengths)}, {}},
      {"Scatter", 9, {}, {x({2, 3}), fixed(truths.to(at::kLong).narrow(0, 0, 1)), x({1, 3})}, {}},
      {"ScatterElements",
       16,
       {{"reduction", s("add")}},
       {x({2, 3}), fixed(truths.to(at::kLong)), x({2, 3})},
       {}},
      {"ScatterElements",
       18,
       {{"reduction", s("max")}},
       {x({2, 3}), fixed(at::tensor({0, 1, 0, 1, 0, 1}, at::kLong).reshape({2, 3})), x({2, 3})},
       {}},
      {"ScatterND",
       13,
       {},
       {x({4, 2}), fixed(at::tensor({2, 0}, at::kLong).reshape({2, 1})), x({2, 2})},
       {}},
      {"ScatterND",
       16,
       {{"reduction", s("mul")}},
       {x({4, 2}), fixed(at::tensor({2, 0}, at::kLong).reshape({2, 1})), x({2, 2})},
       {0}},
      {"Unique", 13, {}, {x({5})}, {}, 4},
      {"Trilu", 14, {{"upper", i(0)}}, {x({3, 4})}, {}},

      {"Resize",
       13,
       {{"mode", s("linear")}},
       {x({1, 2, 4, 3}), none(), none(), ints({1, 2, 7, 2})},
       {}},
      {"Resize",
       18,
       {{"mode", s("cubic")}, {"antialias", i(1)}},
       {x({1, 1, 6, 5}), none(), none(), ints({1, 1, 3, 4})},
       {}},
      {"Resize", 13, {}, {x({1, 1, 4, 3}), none(), none(), ints({1, 1, 6, 5})}, {}},
      {"Upsample",
       9,
       {{"mode", s("linear")}},
       {x({1, 1, 3, 2}), fixed(at::tensor({1., 1., 2., 2.}, at::kFloat))},
       {}},
      {"AffineGrid", 20, {}, {x({2, 2, 3}), ints({2, 1, 3, 4})}, {}},
      {"Col2Im", 18, {{"pads", l({1, 0, 0, 1})}}, {x({1, 8, 9}), ints({3, 3}), ints({2, 2})}, {}},
      {"DeformConv",
       19,
       {{"pads", l({1, 0, 1, 0})}, {"offset_group", i(2)}},
       {x({1, 2, 3, 3}), x({2, 2, 2, 2}), x({1, 16, 4, 2}, -.9, .9), x({2}), x({1, 8, 4, 2})},
       whole},
      {"GridSample", 16, {}, {x({1, 2, 5, 4}), x({1, 2, 3, 2}, -.95, .95)}, pixels},
      {"GridSample",
       20,
       {{"mode", s("cubic")}, {"padding_mode", s("border")}},
       {x({1, 1, 5, 4}), x({1, 2, 3, 2}, -.95, .95)},
       pixels},

      {"Swish", 24, {{"alpha", f(1.5f)}}, {x({6})}, {}},
      {"RMSNormalization", 23, {}, {x({2, 3}), x({3})}, {}},
      {"Attention",
       23,
       {{"is_causal", i(1)}, {"q_num_heads", i(2)}, {"kv_num_heads", i(1)}, {"softcap", f(3)}},
       {x({1, 3, 4}), x({1, 3, 2}), x({1, 3, 2}), x({3, 3})},
       {}},
      {"RotaryEmbedding", 23, {}, {x({1, 2, 3, 4}), x({1, 3, 2}), x({1, 3, 2})}, {}},
      {"DequantizeLinear",
       13,
       {},
       {x({2, 2}, 0, 9), fixed(scales), fixed(at::tensor({3, 4}, at::kByte))},
       {}},
      {"GRU",
       14,
       {{"hidden_size", i(2)}},
       {x({2, 2, 3}), x({1, 6, 3}), x({1, 6, 2}), x({1, 12})},
       {},
       2},
      {"GRU",
       14,
       {{"hidden_size", i(2)}, {"linear_before_reset", i(1)}},
       {x({2, 2, 3}), x({1, 6, 3}), x({1, 6, 2}), x({1, 12})},
       {},
       2},
      {"LSTM",
       14,
       {{"hidden_size", i(2)}, {"direction", s("bidirectional")}},
       {x({2, 2, 3}), x({2, 8, 3}), x({2, 8, 2}), x({2, 16}), fixed(lengths), none(), none(),
        x({2, 6})},
       {},
       3},
      {"RNN",
       14,
       {{"hidden_size", i(2)}, {"direction", s("reverse")}},
       {x({3, 2, 2}), x({1, 2, 2}), x({1, 2, 2}), none(), none(), x({1, 2, 2})},
       {},
       2},
      {"DFT", 17, {{"onesided", i(1)}}, {x({1, 5, 1})}, {}},
      {"STFT", 17, {}, {x({1, 8, 1}), number(2), x({4})}, {}},
      {"If",
       13,
       {{"then_branch", body({}, {"a"}, {"y"}, {{"Exp", {"a"}, "y"}})},
        {"else_branch", body({}, {"b"}, {"z"}, {{"Neg", {"b"}, "z"}})}},
       {fixed(at::scalar_tensor(true, at::kBool)), x({3}), fixed(at::ones({3}))},
       {}},
      {"Loop",
       13,
       {{"body", body({"n", "c", "v"}, {"w"}, {"d", "u", "t"},
                      {{"Identity", {"c"}, "d"}, {"Mul", {"v", "w"}, "u"}, {"Sin", {"u"}, "t"}})}},
       {number(3), none(), x({2}), x({2})},
       {},
       2},
      {"Scan",
       13,
       {{"num_scan_inputs", i(1)},
        {"body",
         body({"s", "e"}, {}, {"t", "o"}, {{"Mul", {"s", "e"}, "t"}, {"Exp", {"t"}, "o"}})}},
       {x({2}), x({3, 2})},
       {},
       2},

      {"BiasGelu", 1, {}, {x({2, 3}), x({3})}, {}, 1, "com.microsoft"},
      {"DequantizeLinear",
       1,
       {},
       {x({2, 2}, 0, 9), fixed(scales), fixed(at::tensor({3, 4}, at::kByte))},
       {},
       1,
       "com.microsoft"},
      {"FastGelu", 1, {}, {x({2, 3}), x({3})}, {}, 1, "com.microsoft"},
      {"FusedConv",
       1,
       {{"activation", s("LeakyRelu")}, {"activation_params", Attribute(std::vector<float>{.2f})}},
       {x({1, 2, 4, 3}), x({2, 2, 2, 2}), x({2})},
       {},
       1,
       "com.microsoft"},
      {"FusedMatMul",
       1,
       {{"transB", i(1)}, {"alpha", f(.5f)}},
       {x({2, 3}), x({2, 3})},
       {},
       1,
       "com.microsoft"},
      {"Gelu", 1, {}, {x({6})}, {}, 1, "com.microsoft"},
      {"QuickGelu", 1, {}, {x({6})}, {}, 1, "com.microsoft"},
      {"SkipLayerNormalization",
       1,
       {},
       {x({2, 3}), x({2, 3}), x({3}), x({3}), x({3})},
       {},
       1,
       "com.microsoft"},
  };
  return all;
}

namespace {

std::string label(const testing::TestParamInfo<Case>& info) {
  std::string domain = info.param.domain;
  std::replace(domain.begin(), domain.end(), '.', '_');
  return (domain.empty() ? "" : domain + "_") + info.param.op + "_" + std::to_string(info.index);
}

class ExactGradient : public testing::TestWithParam<Case> {};

TEST_P(ExactGradient, IsTheSlopeThatCentralDifferencesFind) {
  const Case& c = GetParam();
  ASSERT_EQ(find_operator(c.domain, c.op)->gradient, Gradient::kExact);
  const Kernel kernel = kernel_of(c);
  const std::vector<at::Tensor> at_point = samples(c);
  for (const at::Tensor& y : run(kernel, at_point))
    if (y.defined() && at::isFloatingType(y.scalar_type())) {
      EXPECT_EQ(y.scalar_type(), at::kDouble) << "doubles must stay doubles";
    }
  const auto found = gradients_of(c, at_point, [&](const auto& t) { return run(kernel, t); });
  std::size_t leaf = 0;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    if (!is_random(c.inputs[i])) continue;
    const at::Tensor analytic = found[leaf++];
    ASSERT_TRUE(analytic.defined()) << "input " << i;
    std::vector<double> slopes;
    for (std::int64_t k = 0; k < at_point[i].numel(); ++k) {
      const auto moved = [&](double by) {
        std::vector<at::Tensor> tensors = at_point;
        tensors[i] = at_point[i].clone();
        tensors[i].view({-1})[k].add_(by);
        return mixture(run(kernel, tensors)).item<double>();
      };
      slopes.push_back((moved(kStep) - moved(-kStep)) / (2 * kStep));
    }
    const at::Tensor numeric = at::tensor(slopes, at::kDouble).reshape(at_point[i].sizes());
    const double largest = at::abs(analytic).max().item<double>();
    EXPECT_LE(at::abs(at::sub(analytic, numeric)).max().item<double>(), 1e-6 * largest)
        << "input " << i << "\n"
        << analytic << "\nby differences\n"
        << numeric;
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, ExactGradient, testing::ValuesIn(exact_gradient_cases()),
                         label);

}  // namespace
}  // namespace assay::network
