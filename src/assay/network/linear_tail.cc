#include "assay/network/linear_tail.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "assay/network/fold.h"
#include "assay/network/graph.h"
#include "assay/network/head.h"

namespace assay::network {

namespace {

using Dims = std::vector<std::int64_t>;

bool is_one_of(const std::string& op, std::initializer_list<const char*> list) {
  return std::any_of(list.begin(), list.end(), [&](const char* o) { return op == o; });
}

bool passes_on(const Node& node) { return is_one_of(node.op, {"Identity", "Dropout", "Cast"}); }
bool passes_on_reshaped(const Node& node) {
  return passes_on(node) || is_one_of(node.op, {"Reshape", "Flatten", "Squeeze", "Unsqueeze"});
}

// Walks from the logits back to the layer, gathering z = W y + b as it goes.
class Walk {
 public:
  Walk(const Classifier& classifier, InputSize size) : graph_(classifier.graph()) {
    for (const ValueInfo& value : classifier.values(size))
      shapes_[graph_.find(value.name)] = value.shape;
  }

  TailSearch to(ValueId layer, const Head& head) {
    if (head.kind != OutputKind::kLogits)
      return refuse("the model's output is no linear map's: it gives probabilities");
    const Dims* at_layer = shape_of(layer);
    if (!at_layer || at_layer->size() != 4)
      return refuse("it has not the four dimensions [N,C,h,w]");
    for (ValueId at = head.value; at != layer;) {
      const int producer = graph_.producer(at);
      if (producer < 0) return refuse("the logits do not come from it alone");
      const Node& node = graph_.nodes()[producer];
      const ValueId before = data_input(node);
      if (before == kNoValue || node.outputs[0] != at || !shape_of(at) || !shape_of(before))
        return refuse(standing_between(node));
      if (!step(node, before, at)) return refuse(standing_between(node));
      at = before;
    }
    if (!pooled_) return refuse("no mean over all places stands between it and the logits");
    return finished(at_layer->at(1));
  }

 private:
  static TailSearch refuse(std::string why) { return {std::nullopt, std::move(why)}; }
  static std::string standing_between(const Node& node) {
    return describe(node) + " stands between it and the logits";
  }
  const Dims* shape_of(ValueId value) const {
    const auto found = shapes_.find(value);
    return found == shapes_.end() ? nullptr : &found->second;
  }
  // Of one picture.
  std::int64_t items(ValueId value) const {
    std::int64_t n = 1;
    for (std::size_t d = 1; d < shapes_.at(value).size(); ++d) n *= shapes_.at(value)[d];
    return n;
  }
  // The only input that follows from the picture, kNoValue where there are more.
  ValueId data_input(const Node& node) const {
    ValueId only = kNoValue;
    for (const ValueId id : node.inputs) {
      if (id == kNoValue || !shapes_.count(id)) continue;
      if (only != kNoValue) return kNoValue;
      only = id;
    }
    return only;
  }
  at::Tensor constant_input(const Node& node, std::size_t input) const {
    if (node.inputs.size() <= input || node.inputs[input] == kNoValue) return {};
    const at::Tensor value = constant_value(graph_, node.inputs[input]);
    return value.defined() ? value.to(at::kFloat) : value;
  }

  // Takes the node between `before` and `after` up; false where it is of another kind.
  bool step(const Node& node, ValueId before, ValueId after) {
    if (!node.domain.empty()) return false;
    if (pooled_)
      return pool(node, before, after) || passes_on(node) || keeps_planes(node, before, after);
    if (pool(node, before, after)) return pooled_ = true;
    if (passes_on_reshaped(node)) return items(before) == items(after);
    return linear(node, before, after);
  }

  // [N,C,h,w] to [N,C,h·w].
  bool keeps_planes(const Node& node, ValueId before, ValueId after) const {
    const Dims &from = shapes_.at(before), &to = shapes_.at(after);
    return node.op == "Reshape" && from.size() > 2 && to.size() > 2 && from[0] == to[0] &&
           from[1] == to[1] && items(before) == items(after);
  }

  // A mean over places, each channel's its own.
  bool pool(const Node& node, ValueId before, ValueId after) const {
    const Dims& from = shapes_.at(before);
    if (from.size() < 3) return false;
    if (node.op == "GlobalAveragePool") return true;
    if (node.op == "AveragePool") {
      const Dims pads = node.integers("pads");
      return node.integers("kernel_shape") == Dims(from.begin() + 2, from.end()) &&
             items(after) == from[1] &&
             std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; }) &&
             node.text("auto_pad", "NOTSET") != "SAME_UPPER" &&
             node.text("auto_pad", "NOTSET") != "SAME_LOWER";
    }
    if (node.op != "ReduceMean") return false;
    Dims axes = node.integers("axes");
    if (node.inputs.size() > 1 && node.inputs[1] != kNoValue) {
      const at::Tensor given = constant_value(graph_, node.inputs[1]);
      if (!given.defined()) return false;
      const at::Tensor flat = given.to(at::kLong).flatten().contiguous();
      axes.assign(flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel());
    }
    const auto rank = static_cast<std::int64_t>(from.size());
    return !axes.empty() && std::all_of(axes.begin(), axes.end(), [&](std::int64_t a) {
      return (a < 0 ? a + rank : a) >= 2;
    });
  }

  bool linear(const Node& node, ValueId before, ValueId after) {
    const bool data_first = node.inputs[0] == before;
    if (node.op == "Add") {
      const at::Tensor added = constant_input(node, data_first ? 1 : 0);
      if (!added.defined() || items(before) != items(after)) return false;
      if (added.numel() != 1 && added.numel() != items(after)) return false;
      return through({}, added.flatten().expand({items(after)}));
    }
    if (!data_first) return false;
    const at::Tensor factor = constant_input(node, 1), added = constant_input(node, 2);
    if (!factor.defined()) return false;
    if (node.op == "MatMul")
      return factor.dim() == 2 && factor.size(0) == items(before) && through(factor.t(), {});
    if (node.op == "Gemm") {
      if (node.integer("transA", 0) != 0) return false;
      const float alpha = node.number("alpha", 1), beta = node.number("beta", 1);
      const at::Tensor rows = node.integer("transB", 0) != 0 ? factor : factor.t();
      at::Tensor bias;
      if (added.defined()) {
        if (added.numel() != 1 && added.numel() != rows.size(0)) return false;
        bias = (added.flatten() * beta).expand({rows.size(0)});
      } else if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
        return false;
      }
      return through(alpha == 1 ? rows : rows * alpha, bias);
    }
    if (node.op != "Conv" || factor.dim() != 4 || factor.size(2) != 1 || factor.size(3) != 1)
      return false;
    if (node.integer("group", 1) != 1 || items(before) != factor.size(1) ||
        items(after) != factor.size(0))
      return false;
    return through(factor.flatten(1), added);
  }

  // What was z = W y + b, of y = V x + c; an undefined V is the identity, an undefined c zero.
  bool through(const at::Tensor& factor, const at::Tensor& added) {
    if (added.defined()) {
      const at::Tensor seen = weights_.defined() ? weights_.mv(added) : added;
      bias_ = bias_.defined() ? bias_ + seen : seen;
    }
    if (factor.defined()) weights_ = weights_.defined() ? weights_.mm(factor) : factor;
    return true;
  }

  TailSearch finished(std::int64_t channels) const {
    LinearTail tail{weights_.defined() ? weights_ : at::eye(channels), bias_};
    if (!tail.bias.defined()) tail.bias = at::zeros({tail.weights.size(0)});
    if (tail.weights.size(1) != channels)
      return refuse("the linear map behind the mean does not fit its channels");
    if (tail.weights.size(0) == 1) {  // one column z: the classes' logits are (0, z)
      tail.weights = at::cat({at::zeros_like(tail.weights), tail.weights});
      tail.bias = at::cat({at::zeros_like(tail.bias), tail.bias});
    }
    return {std::move(tail), ""};
  }

  const Graph& graph_;
  std::unordered_map<ValueId, Dims> shapes_;  // of what follows from the picture
  at::Tensor weights_, bias_;                 // so far; undefined: the identity, zero
  bool pooled_ = false;
};

}  // namespace

TailSearch find_linear_tail(const Classifier& classifier, const std::string& layer,
                            InputSize size) {
  const at::NoGradGuard no_grad;
  const ValueId id = classifier.graph().find(layer);
  return Walk(classifier, size).to(id, classifier.head());
}

}  // namespace assay::network
