#include "assay/network/torchscript_trial.h"

#include <algorithm>
#include <string_view>

#include "assay/network/window.h"

namespace assay::network::torchscript {

namespace {

using Shape = std::vector<std::int64_t>;

// Whose output has the input's shape, whatever their other inputs.
constexpr std::string_view kShapeKeeping[] = {
    "Relu", "Sigmoid",  "Tanh",       "Erf",  "HardSwish", "HardSigmoid", "LeakyRelu",
    "Elu",  "Softplus", "Clip",       "Exp",  "Sqrt",      "Neg",         "Abs",
    "Log",  "Softmax",  "LogSoftmax", "Selu", "Softsign",  "Reciprocal"};

Shape shape_of(const Traced& x) { return {x.trial.sizes().begin(), x.trial.sizes().end()}; }

std::optional<Shape> of_conv(const Node& node, const std::vector<Traced>& in) {
  const at::Tensor &x = in[0].trial, &w = in[1].trial;
  if (x.dim() < 3 || w.dim() != x.dim()) return std::nullopt;
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || w.size(1) * groups != x.size(1) || w.size(0) % groups != 0 || x.size(0) < 1)
    return std::nullopt;
  if (in.size() > 2 && (in[2].trial.dim() != 1 || in[2].trial.size(0) != w.size(0)))
    return std::nullopt;
  const Window window = Window::of(node).sized(x.dim() - 2);
  const Pads pads = window.pads_for(x);
  Shape shape = {x.size(0), w.size(0)};
  for (std::size_t d = 0; d < window.kernel.size(); ++d) {
    const auto dim = static_cast<std::int64_t>(d) + 2;
    const std::int64_t room = x.size(dim) + pads.begin[d] + pads.end[d] - window.reach(d);
    if (room < 0 || window.kernel[d] != w.size(dim)) return std::nullopt;
    shape.push_back(room / window.strides[d] + 1);
  }
  return shape;
}

std::optional<Shape> of_matmul(const std::vector<Traced>& in) {
  const at::Tensor &a = in[0].trial, &b = in[1].trial;
  if (a.dim() < 2 || b.dim() < 2 || a.size(-1) != b.size(-2)) return std::nullopt;
  Shape shape = at::infer_size(a.sizes().slice(0, static_cast<std::size_t>(a.dim()) - 2),
                               b.sizes().slice(0, static_cast<std::size_t>(b.dim()) - 2));
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  return shape;
}

// As `linear` emits it: x [N,K] and weight [M,K], transposed.
std::optional<Shape> of_gemm(const Node& node, const std::vector<Traced>& in) {
  const at::Tensor &x = in[0].trial, &w = in[1].trial;
  if (node.integer("transA", 0) != 0 || node.integer("transB", 0) != 1 || x.dim() != 2 ||
      w.dim() != 2 || x.size(1) != w.size(1))
    return std::nullopt;
  if (in.size() > 2 && (in[2].trial.dim() != 1 || in[2].trial.size(0) != w.size(0)))
    return std::nullopt;
  return Shape{x.size(0), w.size(0)};
}

std::optional<Shape> of_batch_norm(const std::vector<Traced>& in) {
  for (std::size_t i = 1; i < in.size(); ++i)
    if (in[0].trial.dim() < 2 || in[i].trial.dim() != 1 ||
        in[i].trial.size(0) != in[0].trial.size(1))
      return std::nullopt;
  return shape_of(in[0]);
}

std::optional<Shape> of_layer_norm(const std::vector<Traced>& in) {
  const auto sizes = in[0].trial.sizes();
  for (std::size_t i = 1; i < in.size(); ++i) {
    const auto own = in[i].trial.sizes();
    if (own.size() > sizes.size() || own != sizes.slice(sizes.size() - own.size()))
      return std::nullopt;
  }
  return shape_of(in[0]);
}

}  // namespace

std::optional<Shape> trial_shape(const Node& node, const std::vector<Traced>& in) {
  if (in.empty() || node.outputs.size() != 1 || !at::isFloatingType(in[0].trial.scalar_type()))
    return std::nullopt;
  for (const Traced& input : in)
    if (input.name.empty()) return std::nullopt;
  if (std::find(std::begin(kShapeKeeping), std::end(kShapeKeeping), node.op) !=
      std::end(kShapeKeeping))
    return shape_of(in[0]);
  const std::size_t least = node.op == "BatchNormalization" ? 5 : 2;
  if (in.size() < least) return std::nullopt;
  for (const Traced& input : in)
    if (input.trial.scalar_type() != in[0].trial.scalar_type()) return std::nullopt;
  if (node.op == "Conv") return of_conv(node, in);
  if (node.op == "MatMul") return of_matmul(in);
  if (node.op == "Gemm") return of_gemm(node, in);
  if (node.op == "BatchNormalization") return of_batch_norm(in);
  if (node.op == "LayerNormalization") return of_layer_norm(in);
  return std::nullopt;
}

}  // namespace assay::network::torchscript
