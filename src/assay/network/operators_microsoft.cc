// Operators of ONNX Runtime's own domain that its quantiser and graph optimiser write.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>
#include <functional>
#include "assay/network/operators.h"

#include "assay/network/quantize.h"

namespace assay::network {

namespace {

using Unary = std::function<at::Tensor(const at::Tensor&)>;

// (x, x_scale, x_zero_point, y_scale, y_zero_point): f of the real numbers.
Kernel quantised_unary(const Unary& f) {
  return single([f](const Inputs& in) {
    return quantised(f(real_of(in[0], Steps::of(in, 1))), Steps::of(in, 3), in[0]);
  });
}

// What ONNX's operator of that name does to one input, with this node's attributes.
Unary onnx_unary(const Node& node, std::string_view op) {
  const Kernel kernel = find_operator("", op)->make(node);
  return [kernel](const at::Tensor& x) {
    const at::Tensor* const arguments[] = {&x};
    return kernel(Inputs(arguments))[0];
  };
}

// The function on [N,C,…], where the node may keep its channels last.
Unary channels_first(const Node& node, const Unary& f) {
  if (node.integer("channels_last", 0) == 0) return f;
  return [f](const at::Tensor& x) { return f(x.movedim(-1, 1)).movedim(1, -1); };
}

Kernel qlinear_leaky_relu(const Node& node) {
  return quantised_unary(onnx_unary(node, "LeakyRelu"));
}
Kernel qlinear_sigmoid(const Node& node) { return quantised_unary(onnx_unary(node, "Sigmoid")); }
Kernel qlinear_reduce_mean(const Node& node) {
  return quantised_unary(onnx_unary(node, "ReduceMean"));
}
Kernel qlinear_softmax(const Node& node) {
  Node as_onnx = node;
  as_onnx.opset = static_cast<int>(node.integer("opset", 13));
  return quantised_unary(onnx_unary(as_onnx, "Softmax"));
}
Kernel qlinear_average_pool(const Node& node) {
  return quantised_unary(channels_first(node, onnx_unary(node, "AveragePool")));
}
Kernel qlinear_global_average_pool(const Node& node) {
  return quantised_unary(channels_first(node, onnx_unary(node, "GlobalAveragePool")));
}

// (a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point)
template <at::Tensor (*F)(const at::Tensor&, const at::Tensor&)>
Kernel quantised_binary(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor real = F(real_of(in[0], Steps::of(in, 1)), real_of(in[3], Steps::of(in, 4)));
    return quantised(real, Steps::of(in, 6), follows(in[3]) ? in[3] : in[0]);
  });
}
at::Tensor sum_of_two(const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); }

// (y_scale, y_zero_point, then x, x_scale, x_zero_point for each part)
Kernel qlinear_concat(const Node& node) {
  const std::int64_t axis = node.integer("axis", 1);
  return single([=](const Inputs& in) {
    std::vector<at::Tensor> parts;
    for (std::size_t i = 2; i < in.size(); i += 3)
      parts.push_back(real_of(in[i], Steps::of(in, i + 1)));
    if (parts.empty()) refuse("there is nothing to join");
    return quantised(at::cat(parts, axis_of(axis, parts[0].dim())), Steps::of(in, 0), in[2]);
  });
}

// (condition, x, x_scale, x_zero_point, y, y_scale, y_zero_point, z_scale, z_zero_point)
Kernel qlinear_where(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor real = at::where(in[0].to(at::kBool), real_of(in[1], Steps::of(in, 2)),
                                      real_of(in[4], Steps::of(in, 5)));
    return quantised(real, Steps::of(in, 7), in[1]);
  });
}

// Of stored numbers with scales along rows and columns: the real product, as double.
at::Tensor real_matmul(const at::Tensor& a, const Steps& of_a, const at::Tensor& b,
                       const Steps& of_b) {
  const Steps rows = of_a.along(a, -2), columns = of_b.along(b, -1);
  const at::Tensor sums = exact_matmul(centred(a, rows.zero_point), centred(b, columns.zero_point));
  return at::mul(sums, at::mul(rows.scale.to(at::kDouble), columns.scale.to(at::kDouble)));
}

// (a, a_scale, a_zero_point, b, b_scale, b_zero_point, bias, y_scale, y_zero_point); without
// y_scale the result is real.
Kernel qgemm(const Node& node) {
  const bool transpose_a = node.integer("transA", 0) != 0;
  const bool transpose_b = node.integer("transB", 0) != 0;
  const double alpha = node.number("alpha", 1);
  return single([=](const Inputs& in) {
    if (in[0].dim() != 2 || in[3].dim() != 2) refuse("wanted two matrices");
    const at::Tensor a = transpose_a ? in[0].t() : in[0], b = transpose_b ? in[3].t() : in[3];
    const Steps of_a = Steps::of(in, 1), of_b = Steps::of(in, 4).along(b, -1);
    at::Tensor real = at::mul(real_matmul(a, of_a, b, of_b), alpha);
    if (in.has(6))  // stored in units of alpha * a_scale * b_scale
      real = at::add(real,
                     at::mul(in[6].to(at::kDouble), at::mul(of_a.scale.to(at::kDouble).reshape({}),
                                                            of_b.scale.to(at::kDouble)) *
                                                        alpha));
    return in.has(7) ? quantised(real, Steps::of(in, 7), in[0]) : real.to(at::kFloat);
  });
}

// (a, b, a_scale, b_scale, a_zero_point, b_zero_point, bias)
Kernel matmul_integer_to_float(const Node&) {
  return single([](const Inputs& in) {
    const Steps of_a{in[2], in.has(4) ? in[4] : at::Tensor()};
    const Steps of_b{in[3], in.has(5) ? in[5] : at::Tensor()};
    const at::Tensor real = real_matmul(in[0], of_a, in[1], of_b).to(at::kFloat);
    return in.has(6) ? at::add(real, in[6]) : real;
  });
}

// (a real, b, b_scale, b_zero_point, bias): a is quantised as DynamicQuantizeLinear does.
Kernel dynamic_quantize_matmul(const Node& node) {
  const Kernel quantize = find_operator("", "DynamicQuantizeLinear")->make(node);
  return single([quantize](const Inputs& in) {
    const at::Tensor* const real_a[] = {&in[0]};
    const Outputs a = quantize(Inputs(real_a));
    const at::Tensor real = real_matmul(a[0], {a[1], a[2]}, in[1], Steps::of(in, 2));
    const at::Tensor y = real.to(in[0].scalar_type());
    return in.has(4) ? at::add(y, in[4]) : y;
  });
}

Kernel onnx_quantize(const Node& node) { return find_operator("", "QuantizeLinear")->make(node); }
Kernel onnx_dequantize(const Node& node) {
  return find_operator("", "DequantizeLinear")->make(node);
}

// -- what the graph optimiser fuses

Kernel gelu(const Node&) {
  return single([](const Inputs& in) { return at::gelu(in[0], "none"); });
}
Kernel bias_gelu(const Node&) {
  return single([](const Inputs& in) { return at::gelu(at::add(in[0], in[1]), "none"); });
}
Kernel fast_gelu(const Node&) {
  return single(
      [](const Inputs& in) { return at::gelu(in.has(1) ? at::add(in[0], in[1]) : in[0], "tanh"); });
}
Kernel quick_gelu(const Node& node) {
  const float alpha = node.number("alpha", 1.702f);
  return single(
      [=](const Inputs& in) { return at::mul(in[0], at::sigmoid(at::mul(in[0], alpha))); });
}

// activation(Conv(x, w, b) + z)
Kernel fused_conv(const Node& node) {
  const Kernel conv = find_operator("", "Conv")->make(node);
  const std::string name = node.text("activation", "");
  Node activation = node;
  const std::vector<float> numbers = node.numbers("activation_params");
  const std::vector<std::string> names = name == "Clip" ? std::vector<std::string>{"min", "max"}
                                                        : std::vector<std::string>{"alpha", "beta"};
  for (std::size_t i = 0; i < std::min(numbers.size(), names.size()); ++i)
    activation.attributes[names[i]] = numbers[i];
  activation.opset = kOldestOpset;  // Clip's bounds are attributes
  if (!name.empty() && !find_operator("", name)) refuse("activation " + name + " is unknown");
  const Unary f =
      name.empty() ? Unary([](const at::Tensor& x) { return x; }) : onnx_unary(activation, name);
  return single([=](const Inputs& in) {
    const at::Tensor y = conv(in)[0];
    return f(in.has(3) ? at::add(y, in[3]) : y);
  });
}

Kernel fused_matmul(const Node& node) {
  const float alpha = node.number("alpha", 1);
  const bool transpose_a = node.integer("transA", 0) != 0;
  const bool transpose_b = node.integer("transB", 0) != 0;
  if (node.integer("transBatchA", 0) != 0 || node.integer("transBatchB", 0) != 0)
    refuse("transBatchA and transBatchB are not supported");
  return single([=](const Inputs& in) {
    const at::Tensor a = transpose_a && in[0].dim() > 1 ? in[0].transpose(-1, -2) : in[0];
    const at::Tensor b = transpose_b && in[1].dim() > 1 ? in[1].transpose(-1, -2) : in[1];
    return at::mul(at::matmul(a, b), alpha);
  });
}

// (x, skip, gamma, beta, bias): the layer normalisation of x + skip + bias; output 3 is that sum.
Kernel skip_layer_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-12f);
  return [=](const Inputs& in) -> Outputs {
    at::Tensor x = at::add(in[0], in[1]);
    if (in.has(4)) x = at::add(x, in[4]);
    const at::Tensor beta = in.has(3) ? in[3] : at::Tensor();
    return {at::layer_norm(x, {x.size(-1)}, in[2], beta, epsilon), at::Tensor(), at::Tensor(), x};
  };
}

constexpr auto kThrough = Gradient::kStraightThrough;

constexpr Operator kMicrosoftOperators[] = {
    {"BiasGelu", bias_gelu},
    {"DequantizeLinear", onnx_dequantize},
    {"DynamicQuantizeMatMul", dynamic_quantize_matmul, Reads::kData, kThrough},
    {"FastGelu", fast_gelu},
    {"FusedConv", fused_conv},
    {"FusedMatMul", fused_matmul},
    {"Gelu", gelu},
    {"MatMulIntegerToFloat", matmul_integer_to_float, Reads::kData, kThrough},
    {"QGemm", qgemm, Reads::kData, kThrough},
    {"QLinearAdd", quantised_binary<sum_of_two>, Reads::kData, kThrough},
    {"QLinearAveragePool", qlinear_average_pool, Reads::kData, kThrough},
    {"QLinearConcat", qlinear_concat, Reads::kData, kThrough},
    {"QLinearGlobalAveragePool", qlinear_global_average_pool, Reads::kData, kThrough},
    {"QLinearLeakyRelu", qlinear_leaky_relu, Reads::kData, kThrough},
    {"QLinearMul", quantised_binary<at::mul>, Reads::kData, kThrough},
    {"QLinearReduceMean", qlinear_reduce_mean, Reads::kData, kThrough},
    {"QLinearSigmoid", qlinear_sigmoid, Reads::kData, kThrough},
    {"QLinearSoftmax", qlinear_softmax, Reads::kData, kThrough},
    {"QLinearWhere", qlinear_where, Reads::kData, kThrough},
    {"QuantizeLinear", onnx_quantize, Reads::kData, kThrough},
    {"QuickGelu", quick_gelu},
    {"SkipLayerNormalization", skip_layer_normalization},
};

}  // namespace

std::span<const Operator> microsoft_operators() { return kMicrosoftOperators; }

}  // namespace assay::network
