#include "assay/network/affected_region.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

using Kind = Route::Kind;
using Names = std::unordered_set<std::string_view>;

// Of the first input's item at the same place; the others are parameters without places.
const Names kUnary = {"Relu",     "LeakyRelu",   "Elu",
                      "Selu",     "Celu",        "Sigmoid",
                      "Tanh",     "HardSigmoid", "HardSwish",
                      "Softplus", "Softsign",    "Mish",
                      "Gelu",     "Erf",         "Exp",
                      "Log",      "Sqrt",        "Reciprocal",
                      "Neg",      "Abs",         "Floor",
                      "Ceil",     "Round",       "Sign",
                      "Sin",      "Cos",         "Identity",
                      "Dropout",  "Cast",        "Clip",
                      "Not",      "LRN",         "ThresholdedRelu"};
const Names kBroadcasting = {"Add",         "Sub",   "Mul",     "Div",  "Pow",
                             "Max",         "Min",   "Sum",     "Mean", "PRelu",
                             "Where",       "Equal", "Greater", "Less", "GreaterOrEqual",
                             "LessOrEqual", "And",   "Or",      "Xor"};

class Router {
 public:
  explicit Router(const GraphFacts& facts) : facts_(facts) {}

  Route route(const Node& node) const {
    Route r;
    const Shape& out = shape(node.outputs.empty() ? kNoValue : node.outputs[0]);
    if (!node.domain.empty() || out.size() < 2) return r;
    if (node.op == "GlobalAveragePool" || node.op == "ReduceMean") {
      if (is_mean_over_places(node)) r.kind = Kind::kMean;
      return r;
    }
    if (out.size() < 4) return r;
    r.side[0] = out[out.size() - 2];
    r.side[1] = out[out.size() - 1];
    if (node.op == "Reshape") {
      if (reads_one_plane(node, out)) r.kind = Kind::kReshape;
    } else if (is_pointwise(node, out)) {
      r.kind = Kind::kPointwise;
    } else if (out.size() == 4) {
      route_window(node, r);
    }
    return r;
  }

 private:
  using Shape = std::vector<std::int64_t>;

  const Shape& shape(ValueId id) const {
    static const Shape kNone;
    return id == kNoValue || !facts_.data[id] ? kNone : facts_.shapes[id];
  }
  const at::Tensor* constant(const Node& node, std::size_t i) const {
    if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return nullptr;
    const at::Tensor& t = facts_.constants[node.inputs[i]];
    return t.defined() ? &t : nullptr;
  }

  static bool same_plane(const Shape& a, const Shape& b) {
    return a.size() >= 4 && b.size() >= 4 && std::equal(a.end() - 2, a.end(), b.end() - 2);
  }
  // Only the first input is data, of the output's plane.
  bool reads_one_plane(const Node& node, const Shape& out) const {
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoValue && facts_.data[node.inputs[i]]) return false;
    const Shape& in = shape(node.inputs[0]);
    return same_plane(in, out) && in[0] == out[0];
  }
  // Every input is data of the output's plane, or a constant that is the same at all places.
  bool broadcasts(const Node& node, const Shape& out) const {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id != kNoValue && facts_.data[id]) {
        if (shape(id).size() != out.size() || !same_plane(shape(id), out)) return false;
        continue;
      }
      const at::Tensor* t = constant(node, i);
      if (!t) return false;
      for (std::int64_t d = 1; d <= std::min<std::int64_t>(t->dim(), 2); ++d)
        if (t->size(-d) != 1) return false;
    }
    return true;
  }

  bool is_pointwise(const Node& node, const Shape& out) const {
    const std::string_view op = node.op;
    if (kBroadcasting.count(op)) return broadcasts(node, out);
    const auto rank = static_cast<std::int64_t>(out.size());
    const auto axis = [&](std::int64_t fallback) {
      const std::int64_t a = node.integer("axis", fallback);
      return a < 0 ? a + rank : a;
    };
    if (op == "Concat")
      return axis(1) == 1 && std::all_of(node.inputs.begin(), node.inputs.end(),
                                         [&](ValueId id) { return same_plane(shape(id), out); });
    if (!reads_one_plane(node, out)) return false;
    if (kUnary.count(op)) return true;
    if (op == "BatchNormalization") return node.integer("training_mode", 0) == 0;
    if (op == "QuantizeLinear" || op == "DequantizeLinear") {
      const at::Tensor* scale = constant(node, 1);
      return scale && !node.has("block_size") && (scale->numel() == 1 || axis(1) == 1);
    }
    if (op == "Split") return axis(0) == 1;
    if (op == "Gather") return axis(0) == 1;
    if (op == "Softmax" || op == "LogSoftmax") return node.opset >= 13 && axis(-1) == 1;
    if (op == "Transpose") {
      const auto perm = node.integers("perm");
      return static_cast<std::int64_t>(perm.size()) == rank && perm[0] == 0 &&
             perm[rank - 1] == rank - 1 && perm[rank - 2] == rank - 2;
    }
    return op == "Slice" && slices_channels(node, rank);
  }

  bool slices_channels(const Node& node, std::int64_t rank) const {
    std::vector<std::int64_t> axes = node.integers("axes");
    if (const at::Tensor* t = constant(node, 3)) axes = integers_of(*t);
    return !axes.empty() && std::all_of(axes.begin(), axes.end(), [&](std::int64_t a) {
      const std::int64_t axis = a < 0 ? a + rank : a;
      return axis > 0 && axis < rank - 2;
    });
  }

  bool is_mean_over_places(const Node& node) const {
    if (shape(node.inputs[0]).size() != 4) return false;
    if (node.op == "GlobalAveragePool") return true;
    std::vector<std::int64_t> axes = node.integers("axes");
    if (const at::Tensor* t = constant(node, 1)) axes = integers_of(*t);
    for (auto& axis : axes) axis = axis < 0 ? axis + 4 : axis;
    std::sort(axes.begin(), axes.end());
    return axes == std::vector<std::int64_t>{2, 3};
  }

  void route_window(const Node& node, Route& r) const {
    const Shape& in = shape(node.inputs[0]);
    if (in.size() != 4) return;
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoValue && facts_.data[node.inputs[i]]) return;
    if (node.op == "Conv") {
      const at::Tensor* weight = constant(node, 1);
      if (!weight || weight->dim() != 4) return;
      r.window = Window::of(node).sized(2);
      r.window.kernel.assign(weight->sizes().begin() + 2, weight->sizes().end());
    } else if (node.op == "MaxPool" || node.op == "AveragePool") {
      if (node.outputs.size() > 1) return;
      r.window = Window::of(node).sized(2);
      if (node.op == "MaxPool") r.pad_value = -std::numeric_limits<double>::infinity();
    } else if (node.op != "Pad" || !read_pad(node, r)) {
      return;
    }
    r.pads = r.window.pads_for(at::zeros({1}).expand(in));
    for (std::size_t d = 0; d < 2; ++d) {
      r.pads.end[d] =
          (r.side[d] - 1) * r.window.strides[d] + r.window.reach(d) - in[d + 2] - r.pads.begin[d];
      if (r.pads.begin[d] < 0) return;
    }
    r.kind = Kind::kWindow;
  }

  // A window of one pixel whose pads are the node's.
  bool read_pad(const Node& node, Route& r) const {
    if (node.text("mode", "constant") != "constant" || constant(node, 3)) return false;
    std::vector<std::int64_t> pads = node.integers("pads");
    r.pad_value = node.number("value", 0);
    if (const at::Tensor* t = constant(node, 1)) pads = integers_of(*t);
    if (const at::Tensor* t = constant(node, 2)) r.pad_value = t->item<double>();
    if (pads.size() != 8 || pads[0] || pads[1] || pads[4] || pads[5]) return false;
    r.window = Window{}.sized(2);
    r.window.pads = {pads[2], pads[3], pads[6], pads[7]};
    return true;
  }

  const GraphFacts& facts_;
};

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

std::vector<Route> routes_of(const Graph& graph, const GraphFacts& facts, ValueId entry,
                             ValueId result) {
  std::vector<Route> routes(graph.nodes().size());
  std::vector<bool> leads(graph.value_count(), false), reached(graph.value_count(), false);
  leads[result] = true;
  reached[entry] = true;
  for (std::size_t n = routes.size(); n-- > 0;) {
    const Node& node = graph.nodes()[n];
    const bool any = std::any_of(node.outputs.begin(), node.outputs.end(),
                                 [&](ValueId id) { return id != kNoValue && leads[id]; });
    for (const ValueId id : node.inputs)
      if (any && id != kNoValue) leads[id] = true;
  }
  const Router router(facts);
  for (std::size_t n = 0; n < routes.size(); ++n) {
    const Node& node = graph.nodes()[n];
    const bool any = std::any_of(node.inputs.begin(), node.inputs.end(),
                                 [&](ValueId id) { return id != kNoValue && reached[id]; });
    if (!any) continue;
    bool used = false;
    for (const ValueId id : node.outputs)
      if (id != kNoValue) {
        reached[id] = true;
        used = used || leads[id];
      }
    if (used) routes[n] = router.route(node);
  }
  return routes;
}

std::vector<bool> keeps_place(const Graph& graph, const GraphFacts& facts,
                              const std::vector<Route>& routes, ValueId entry) {
  std::vector<bool> keeps(graph.value_count(), false);
  keeps[entry] = true;
  for (std::size_t n = 0; n < routes.size(); ++n) {
    const Node& node = graph.nodes()[n];
    const auto kind = routes[n].kind;
    if (kind == Kind::kDense || kind == Kind::kMean) continue;
    const bool all = kind == Kind::kPointwise
                         ? std::all_of(node.inputs.begin(), node.inputs.end(),
                                       [&](ValueId id) {
                                         return id == kNoValue || keeps[id] || !facts.data[id];
                                       })
                         : keeps[node.inputs[0]];
    if (!all || node.outputs[0] == entry) continue;
    for (const ValueId id : node.outputs)
      if (id != kNoValue) keeps[id] = true;
  }
  return keeps;
}

std::vector<Interval> reached(const Graph& graph, const std::vector<Route>& routes,
                              const std::vector<bool>& keeps, ValueId entry, Interval changed,
                              int axis) {
  std::vector<Interval> all(graph.value_count());
  all[entry] = changed;
  for (std::size_t n = 0; n < routes.size(); ++n) {
    const Node& node = graph.nodes()[n];
    const Route& r = routes[n];
    if (node.outputs.empty() || node.outputs[0] == kNoValue || !keeps[node.outputs[0]] ||
        node.outputs[0] == entry)
      continue;
    Interval out;
    if (r.kind == Kind::kWindow) {
      const auto d = static_cast<std::size_t>(axis);
      const Interval in = all[node.inputs[0]];
      const std::int64_t stride = r.window.strides[d], pad = r.pads.begin[d];
      out.begin = -floor_divided(-(in.begin + pad - r.window.reach(d) + 1), stride);
      out.end = floor_divided(in.end - 1 + pad, stride) + 1;
      // Pixels between the windows reach nothing; one place is recomputed nevertheless.
      out.begin = std::clamp<std::int64_t>(out.begin, 0, r.side[d] - 1);
      out.end = std::clamp<std::int64_t>(out.end, out.begin + 1, r.side[d]);
    } else {
      out = {std::numeric_limits<std::int64_t>::max(), 0};
      for (const ValueId id : node.inputs)
        if (id != kNoValue && keeps[id])
          out = {std::min(out.begin, all[id].begin), std::max(out.end, all[id].end)};
    }
    for (const ValueId id : node.outputs)
      if (id != kNoValue) all[id] = out;
  }
  return all;
}

}  // namespace assay::network
