// Activation functions, written as PyTorch's own exporter writes them.
#include <cmath>

#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

Value plain(Call& c, const char* op, Attributes attributes = {}) {
  return tensor(c.emit(op, {c.tensor(0)}, std::move(attributes)));
}

Traced times(const Call& c, const Traced& a, const Traced& b) { return c.emit("Mul", {a, b}); }
Traced times(const Call& c, const Traced& a, double b) {
  return c.emit("Mul", {a, c.constant(b, a.trial.scalar_type())});
}
Traced plus(const Call& c, const Traced& a, double b) {
  return c.emit("Add", {a, c.constant(b, a.trial.scalar_type())});
}

Value clip(Call& c, double low, double high) {
  const Traced x = c.tensor(0);
  const auto type = x.trial.scalar_type();
  return tensor(c.emit("Clip", {x, c.constant(low, type), c.constant(high, type)}));
}

Attributes with_alpha(double alpha) { return {{"alpha", static_cast<float>(alpha)}}; }

Value leaky_relu(Call& c) { return plain(c, "LeakyRelu", with_alpha(c.real(1, 0.01))); }

// elu(x, alpha, scale, input_scale)
Value elu(Call& c) {
  const double scale = c.real(2, 1), input_scale = c.real(3, 1);
  if (input_scale != 1) throw Untranslated("with an input_scale");
  const Traced y = c.emit("Elu", {c.tensor(0)}, with_alpha(c.real(1, 1)));
  return tensor(scale == 1 ? y : times(c, y, scale));
}

// x Φ(x), or its approximation by tanh.
Value gelu(Call& c) {
  const Traced x = c.tensor(0);
  Traced gate;
  if (c.has(1) && c.text(1) == "tanh") {
    const Traced cube = times(c, times(c, times(c, x, x), x), 0.044715);
    gate = c.emit("Tanh", {times(c, c.emit("Add", {x, cube}), std::sqrt(2 / M_PI))});
  } else {
    gate = c.emit("Erf", {c.emit("Div", {x, c.constant(std::sqrt(2.0))})});
  }
  return tensor(times(c, times(c, x, plus(c, gate, 1)), 0.5));
}

Value silu(Call& c) {
  const Traced x = c.tensor(0);
  return tensor(times(c, x, c.emit("Sigmoid", {x})));
}

Value mish(Call& c) {
  const Traced x = c.tensor(0);
  return tensor(times(c, x, c.emit("Tanh", {c.emit("Softplus", {x})})));
}

// log(1 + exp(beta x)) / beta; beyond `threshold` libtorch takes x itself, which differs by less
// than float32 resolves.
Value softplus(Call& c) {
  const double beta = c.real(1, 1);
  if (c.real(2, 20) < 16) throw Untranslated("with a threshold below 16");
  if (beta == 1) return plain(c, "Softplus");
  return tensor(times(c, c.emit("Softplus", {times(c, c.tensor(0), beta)}), 1 / beta));
}

Value log_sigmoid(Call& c) {
  return tensor(c.emit("Neg", {c.emit("Softplus", {c.emit("Neg", {c.tensor(0)})})}));
}

Value tanh_shrink(Call& c) {
  return tensor(c.emit("Sub", {c.tensor(0), c.emit("Tanh", {c.tensor(0)})}));
}

Value hard_sigmoid(Call& c) {
  return plain(c, "HardSigmoid", {{"alpha", 1.0f / 6}, {"beta", 0.5f}});
}

// One slope, or one a channel (dimension 1).
Value prelu(Call& c) {
  const Traced x = c.tensor(0);
  Traced slope = c.tensor(1);
  if (slope.trial.numel() != 1) {
    Numbers shape = {-1};
    shape.resize(static_cast<std::size_t>(std::max<std::int64_t>(x.trial.dim() - 1, 1)), 1);
    slope = c.emit("Reshape", {slope, c.graph.integers(shape)});
  }
  return tensor(c.emit("PRelu", {x, slope}));
}

// a sigmoid(b) for the halves a, b along a dimension.
Value glu(Call& c) {
  const Traced x = c.tensor(0);
  const std::int64_t axis = c.axis(1, x.trial.dim());
  if (x.trial.size(axis) % 2 != 0) throw Untranslated("of an odd size");
  const std::int64_t half = x.trial.size(axis) / 2;
  const auto halves =
      c.graph.emit_all("Split", {x, c.graph.integers({half, half})}, {{"axis", axis}}, 2);
  if (x.shape != Follows::kConstants) c.graph.note_decision();
  return tensor(times(c, halves[0], c.emit("Sigmoid", {halves[1]})));
}

Value threshold(Call& c) {  // x where x > threshold, else value
  const Traced x = c.tensor(0);
  const auto type = x.trial.scalar_type();
  const Traced above = c.emit("Greater", {x, c.graph.scalar(c.number(1), type)});
  return tensor(c.emit("Where", {above, x, c.graph.scalar(c.number(2), type)}));
}

// As at inference; a file exported in training mode would answer differently each time.
Value nothing_dropped(Call& c) {
  if (c.flag(2) && c.real(1, 0) != 0)
    throw Untranslated("in training mode; export the model after eval()");
  return c.cell(0);
}
// Kept as a node that passes its input on: dropout.h makes it active again.
Value dropout(Call& c) {
  Value same = nothing_dropped(c);
  if (c.real(1, 0) == 0) return same;
  return tensor(c.emit("Dropout", {c.tensor(0), c.graph.scalar(c.number(1), at::kFloat)}));
}

Value softmax_of(Call& c, const char* op) {
  Traced x = c.tensor(0);
  if (const auto type = c.type(2)) x = c.graph.cast(x, *type);
  return tensor(c.emit(op, {x}, {{"axis", c.axis(1, x.trial.dim())}}));
}

constexpr ScriptOperator kScriptActivationOperators[] = {
    {"aten::relu", [](Call& c) { return plain(c, "Relu"); }},
    {"aten::relu6", [](Call& c) { return clip(c, 0, 6); }},
    {"aten::sigmoid", [](Call& c) { return plain(c, "Sigmoid"); }},
    {"aten::softsign", [](Call& c) { return plain(c, "Softsign"); }},
    {"aten::selu", [](Call& c) { return plain(c, "Selu"); }},
    {"aten::celu", [](Call& c) { return plain(c, "Celu", with_alpha(c.real(1, 1))); }},
    {"aten::hardswish", [](Call& c) { return plain(c, "HardSwish"); }},
    {"aten::hardsigmoid", hard_sigmoid},
    {"aten::leaky_relu", leaky_relu},
    {"aten::elu", elu},
    {"aten::gelu", gelu},
    {"aten::silu", silu},
    {"aten::mish", mish},
    {"aten::softplus", softplus},
    {"aten::log_sigmoid", log_sigmoid},
    {"aten::tanhshrink", tanh_shrink},
    {"aten::prelu", prelu},
    {"aten::glu", glu},
    {"aten::threshold", threshold},
    {"aten::softmax", [](Call& c) { return softmax_of(c, "Softmax"); }},
    {"aten::_softmax",
     [](Call& c) { return tensor(softmax(c, c.tensor(0), c.axis(1, c.tensor(0).trial.dim()))); }},
    {"aten::log_softmax", [](Call& c) { return softmax_of(c, "LogSoftmax"); }},
    {"aten::dropout", dropout},
    {"aten::feature_dropout", nothing_dropped},
    {"aten::alpha_dropout", nothing_dropped},
    {"aten::feature_alpha_dropout", nothing_dropped},
};

}  // namespace

Traced softmax(const Call& c, const Traced& x, std::int64_t axis) {
  return c.emit("Softmax", {x}, {{"axis", axis}});
}

std::span<const ScriptOperator> activation_translations() { return kScriptActivationOperators; }

}  // namespace assay::network::torchscript
