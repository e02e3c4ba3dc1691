// Activations and the softmax family.
#include "assay/network/operators.h"

namespace assay::network {

namespace {

template <at::Tensor (*F)(const at::Tensor&)>
Kernel unary(const Node&) {
  return single([](const Inputs& in) { return F(in[0]); });
}

Kernel leaky_relu(const Node& node) {
  const float alpha = node.number("alpha", 0.01f);
  return single([=](const Inputs& in) { return at::leaky_relu(in[0], alpha); });
}

Kernel prelu(const Node&) {
  return single(
      [](const Inputs& in) { return at::where(at::gt(in[0], 0), in[0], at::mul(in[0], in[1])); });
}

Kernel elu(const Node& node) {
  const float alpha = node.number("alpha", 1);
  return single([=](const Inputs& in) { return at::elu(in[0], alpha); });
}

Kernel selu(const Node& node) {
  const float alpha = node.number("alpha", 1.67326319217681884765625f);
  const float gamma = node.number("gamma", 1.05070102214813232421875f);
  return single([=](const Inputs& in) { return at::elu(in[0], alpha, gamma); });
}

Kernel celu(const Node& node) {
  const float alpha = node.number("alpha", 1);
  if (alpha == 0) refuse("alpha must not be zero");
  return single([=](const Inputs& in) { return at::celu(in[0], alpha); });
}

Kernel thresholded_relu(const Node& node) {
  const float alpha = node.number("alpha", 1);
  return single([=](const Inputs& in) { return at::threshold(in[0], alpha, 0); });
}

Kernel hard_sigmoid(const Node& node) {
  const float alpha = node.number("alpha", 0.2f), beta = node.number("beta", 0.5f);
  return single(
      [=](const Inputs& in) { return at::clamp(at::add(at::mul(in[0], alpha), beta), 0, 1); });
}

Kernel hard_swish(const Node&) {
  return single([](const Inputs& in) { return at::hardswish(in[0]); });
}

Kernel softplus(const Node&) {
  return single([](const Inputs& in) { return at::softplus(in[0]); });
}

Kernel softsign(const Node&) {
  return single([](const Inputs& in) { return at::div(in[0], at::add(at::abs(in[0]), 1)); });
}

Kernel gelu(const Node& node) {
  const std::string approximate = node.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    refuse("approximate must be \"none\" or \"tanh\"");
  return single([=](const Inputs& in) { return at::gelu(in[0], approximate); });
}

Kernel swish(const Node& node) {
  const float alpha = node.number("alpha", 1);
  return single(
      [=](const Inputs& in) { return at::mul(in[0], at::sigmoid(at::mul(in[0], alpha))); });
}

Kernel shrink(const Node& node) {
  const float bias = node.number("bias", 0), lambda = node.number("lambd", 0.5f);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const at::Tensor zero = at::zeros_like(x);
    return at::where(at::lt(x, -lambda), at::add(x, bias),
                     at::where(at::gt(x, lambda), at::sub(x, bias), zero));
  });
}

// Before opset 13 the input is first flattened to a matrix at `axis` and the function runs over its
// rows.
template <class F>
Kernel along_axis(const Node& node, F f) {
  const bool flattens = node.opset < 13;
  const std::int64_t axis = node.integer("axis", flattens ? 1 : -1);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    if (!flattens) return f(x, x.dim() == 0 ? 0 : axis_of(axis, x.dim()));
    // axis == rank is legal here: rows of one item
    const std::int64_t from = axis == x.dim() ? axis : axis_of(axis, x.dim());
    if (from == x.dim() - 1) return f(x, from);
    std::int64_t rows = 1, columns = 1;
    for (std::int64_t d = 0; d < x.dim(); ++d) (d < from ? rows : columns) *= x.size(d);
    return f(x.reshape({rows, columns}), 1).reshape(x.sizes());
  });
}

Kernel softmax(const Node& node) {
  return along_axis(node, [](const at::Tensor& x, std::int64_t d) { return at::softmax(x, d); });
}

Kernel log_softmax(const Node& node) {
  return along_axis(node,
                    [](const at::Tensor& x, std::int64_t d) { return at::log_softmax(x, d); });
}

Kernel hardmax(const Node& node) {
  return along_axis(node, [](const at::Tensor& x, std::int64_t d) {
    return at::scatter(at::zeros_like(x), d, at::argmax(x, d, true), 1);
  });
}

constexpr Operator kActivationOperators[] = {
    {"Celu", celu},
    {"Elu", elu, Reads::kData, Gradient::kExact, {.first = 6}},
    {"Gelu", gelu},
    {"HardSigmoid", hard_sigmoid, Reads::kData, Gradient::kExact, {.first = 6}},
    {"HardSwish", hard_swish},
    {"Hardmax", hardmax, Reads::kData, Gradient::kZero},
    {"LeakyRelu", leaky_relu},
    {"LogSoftmax", log_softmax},
    {"Mish", unary<at::mish>},
    {"PRelu", prelu},
    {"Relu", unary<at::relu>},
    {"Selu", selu, Reads::kData, Gradient::kExact, {.first = 6}},
    {"Shrink", shrink},
    {"Sigmoid", unary<at::sigmoid>},
    {"Softmax", softmax},
    {"Softplus", softplus, Reads::kData, Gradient::kExact, {.first = 1}},
    {"Softsign", softsign, Reads::kData, Gradient::kExact, {.first = 1}},
    {"Swish", swish},
    {"Tanh", unary<at::tanh>},
    {"ThresholdedRelu", thresholded_relu},
};

}  // namespace

std::span<const Operator> activation_operators() { return kActivationOperators; }

}  // namespace assay::network
