// Layers with weights: convolution, normalisation, matrix products.
#include <algorithm>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

struct Convolution {
  Numbers strides, pads, dilations, output_padding;
  std::int64_t groups = 1;
  bool transposed = false;
};

// Pads that keep the size at stride 1; the odd one goes behind, as in libtorch.
Numbers same_pads(const Numbers& kernel, const Numbers& dilations) {
  Numbers begin, end;
  for (std::size_t d = 0; d < kernel.size(); ++d) {
    const std::int64_t total = dilations[d] * (kernel[d] - 1);
    begin.push_back(total / 2);
    end.push_back(total - total / 2);
  }
  begin.insert(begin.end(), end.begin(), end.end());
  return begin;
}

Value convolve(Call& c, const Convolution& conv) {
  const Traced weight = c.tensor(1);
  const Numbers kernel(weight.trial.sizes().begin() + 2, weight.trial.sizes().end());
  Attributes attributes = {{"kernel_shape", kernel},
                           {"strides", conv.strides},
                           {"pads", conv.pads},
                           {"dilations", conv.dilations},
                           {"group", conv.groups}};
  const auto is_zero = [](std::int64_t n) { return n == 0; };
  if (conv.transposed &&
      !std::all_of(conv.output_padding.begin(), conv.output_padding.end(), is_zero))
    attributes["output_padding"] = conv.output_padding;
  std::vector<Traced> inputs = {c.tensor(0), weight};
  if (inputs[0].trial.dim() != weight.trial.dim())
    throw OperatorError("a convolution takes an input of " + std::to_string(weight.trial.dim()) +
                        " dimensions, got " + std::to_string(inputs[0].trial.dim()));
  if (c.has(2)) inputs.push_back(c.tensor(2));
  return tensor(c.emit(conv.transposed ? "ConvTranspose" : "Conv", inputs, std::move(attributes)));
}

std::size_t spatial_dims(const Call& c) {
  const std::int64_t rank = c.tensor(1).trial.dim();
  if (rank < 3 || rank > 5)
    throw OperatorError("a kernel of " + std::to_string(rank) + " dimensions");
  return static_cast<std::size_t>(rank - 2);
}

// conv2d(x, weight, bias, stride, padding, dilation, groups); padding may be "same" or "valid".
Value conv(Call& c) {
  const std::size_t dims = spatial_dims(c);
  Convolution conv;
  conv.strides = repeated(c, 3, dims, 1);
  conv.dilations = repeated(c, 5, dims, 1);
  conv.groups = c.integer(6, 1);
  if (const std::string* rule = c.as<std::string>(4)) {
    const auto sizes = c.tensor(1).trial.sizes();
    conv.pads = *rule == "same" ? same_pads({sizes.begin() + 2, sizes.end()}, conv.dilations)
                                : Numbers(2 * dims, 0);
  } else {
    conv.pads = both_sides(repeated(c, 4, dims, 0));
  }
  return convolve(c, conv);
}

// conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)
Value conv_transpose(Call& c) {
  const std::size_t dims = spatial_dims(c);
  return convolve(c, {repeated(c, 3, dims, 1), both_sides(repeated(c, 4, dims, 0)),
                      repeated(c, 7, dims, 1), repeated(c, 5, dims, 0), c.integer(6, 1), true});
}

// convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups, …)
Value general_conv(Call& c) {
  const std::size_t dims = spatial_dims(c);
  return convolve(
      c, {repeated(c, 3, dims, 1), both_sides(repeated(c, 4, dims, 0)), repeated(c, 5, dims, 1),
          repeated(c, 7, dims, 0), c.integer(8, 1), c.flag(6)});
}

// An optional weight or bias of `count` channels.
Traced or_filled(const Call& c, std::size_t i, std::int64_t count, double value) {
  return c.has(i) ? c.tensor(i) : c.graph.constant(at::full({count}, value, at::kFloat));
}

Attributes with_epsilon(double epsilon) { return {{"epsilon", static_cast<float>(epsilon)}}; }

// batch_norm(x, weight, bias, mean, variance, training, momentum, eps, cudnn)
Value batch_norm(Call& c) {
  if (c.flag(5)) throw Untranslated("in training mode; export the model after eval()");
  const Traced mean = c.tensor(3), variance = c.tensor(4);
  const std::int64_t channels = mean.trial.numel();
  return tensor(c.emit(
      "BatchNormalization",
      {c.tensor(0), or_filled(c, 1, channels, 1), or_filled(c, 2, channels, 0), mean, variance},
      with_epsilon(c.real(7, 1e-5))));
}

// instance_norm(x, weight, bias, mean, variance, use_input_stats, momentum, eps, cudnn)
Value instance_norm(Call& c) {
  if (!c.flag(5)) throw Untranslated("with running statistics");
  const Traced x = c.tensor(0);
  const std::int64_t channels = c.graph.decide(c.graph.size(x, 1));
  return tensor(c.emit("InstanceNormalization",
                       {x, or_filled(c, 1, channels, 1), or_filled(c, 2, channels, 0)},
                       with_epsilon(c.real(7, 1e-5))));
}

// group_norm(x, groups, weight, bias, eps): an instance normalisation of groups, then the channels'
// own scale.
Value group_norm(Call& c) {
  const Traced x = c.tensor(0);
  const std::int64_t groups = c.integer(1);
  const Traced grouped = c.emit("Reshape", {x, c.graph.integers({0, groups, -1})});
  const Traced normal =
      c.emit("InstanceNormalization",
             {grouped, c.graph.constant(at::ones({groups})), c.graph.constant(at::zeros({groups}))},
             with_epsilon(c.real(4, 1e-5)));
  Traced y = c.emit("Reshape", {normal, c.graph.shape_of(x)});
  Numbers each(static_cast<std::size_t>(x.trial.dim()) - 1, 1);
  each[0] = -1;  // [C,1,1]
  const auto by_channel = [&](std::size_t i, const char* op) {
    if (c.has(i)) y = c.emit(op, {y, c.emit("Reshape", {c.tensor(i), c.graph.integers(each)})});
  };
  by_channel(2, "Mul");
  by_channel(3, "Add");
  return tensor(y);
}

// layer_norm(x, normalized_shape, weight, bias, eps, cudnn)
Value layer_norm(Call& c) {
  const Numbers shape = c.integers(1);
  std::vector<Traced> inputs = {
      c.tensor(0), c.has(2) ? c.tensor(2) : c.graph.constant(at::ones(shape, at::kFloat))};
  if (c.has(3)) inputs.push_back(c.tensor(3));
  Attributes attributes = with_epsilon(c.real(4, 1e-5));
  attributes["axis"] = -static_cast<std::int64_t>(shape.size());
  return tensor(c.emit("LayerNormalization", inputs, std::move(attributes)));
}

Value linear_layer(Call& c) {
  const Traced bias = c.has(2) ? c.tensor(2) : Traced{};
  return tensor(linear(c, c.tensor(0), c.tensor(1), c.has(2) ? &bias : nullptr));
}

Value matrix_product(Call& c) { return tensor(c.emit("MatMul", {c.tensor(0), c.tensor(1)})); }

// addmm(bias, a, b, beta, alpha)
Value add_product(Call& c) {
  const double beta = c.real(3, 1), alpha = c.real(4, 1);
  const Traced a = c.tensor(1), b = c.tensor(2);
  if (a.trial.dim() == 2)
    return tensor(
        c.emit("Gemm", {a, b, c.tensor(0)},
               {{"alpha", static_cast<float>(alpha)}, {"beta", static_cast<float>(beta)}}));
  Traced product = c.emit("MatMul", {a, b}), bias = c.tensor(0);
  if (alpha != 1) product = c.emit("Mul", {product, c.constant(alpha)});
  if (beta != 1) bias = c.emit("Mul", {bias, c.constant(beta)});
  return tensor(c.emit("Add", {product, bias}));
}

Value einsum(Call& c) { return tensor(c.emit("Einsum", c.tensors(1), {{"equation", c.text(0)}})); }

// embedding(weight, indices, …)
Value embedding(Call& c) {
  return tensor(c.emit("Gather", {c.tensor(0), c.tensor(1)}, {{"axis", std::int64_t{0}}}));
}

constexpr ScriptOperator kScriptLayerOperators[] = {
    {"aten::conv1d", conv},
    {"aten::conv2d", conv},
    {"aten::conv3d", conv},
    {"aten::conv_transpose1d", conv_transpose},
    {"aten::conv_transpose2d", conv_transpose},
    {"aten::conv_transpose3d", conv_transpose},
    {"aten::convolution", general_conv},
    {"aten::_convolution", general_conv},
    {"aten::batch_norm", batch_norm},
    {"aten::instance_norm", instance_norm},
    {"aten::group_norm", group_norm},
    {"aten::layer_norm", layer_norm},
    {"aten::linear", linear_layer},
    {"aten::matmul", matrix_product},
    {"aten::bmm", matrix_product},
    {"aten::mm", matrix_product},
    {"aten::addmm", add_product},
    {"aten::baddbmm", add_product},
    {"aten::einsum", einsum},
    {"aten::embedding", embedding},
};

}  // namespace

Traced swapped(const Call& c, const Traced& x, std::int64_t a, std::int64_t b) {
  Numbers order;
  for (std::int64_t d = 0; d < x.trial.dim(); ++d) order.push_back(d);
  std::swap(order[axis_of(a, x.trial.dim())], order[axis_of(b, x.trial.dim())]);
  return c.emit("Transpose", {x}, {{"perm", order}});
}

Traced linear(const Call& c, const Traced& x, const Traced& weight, const Traced* bias) {
  if (x.trial.dim() == 2 && weight.trial.dim() == 2) {
    std::vector<Traced> inputs = {x, weight};
    if (bias) inputs.push_back(*bias);
    return c.emit("Gemm", inputs, {{"transB", std::int64_t{1}}});
  }
  const Traced product =
      c.emit("MatMul", {x, weight.trial.dim() == 2 ? swapped(c, weight, 0, 1) : weight});
  return bias ? c.emit("Add", {product, *bias}) : product;
}

std::span<const ScriptOperator> layer_translations() { return kScriptLayerOperators; }

}  // namespace assay::network::torchscript
