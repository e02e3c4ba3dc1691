#include "assay/network/randomised_weights.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace assay::network {

namespace {

bool has_weights(const Node& node) {
  constexpr std::array<std::string_view, 10> kSorted = {
      "Conv", "ConvTranspose", "Einsum", "FusedConv", "FusedMatMul",
      "GRU",  "Gemm",          "LSTM",   "MatMul",    "RNN"};
  return std::binary_search(kSorted.begin(), kSorted.end(), node.op);
}

bool has_quantised_weights(const Node& node) {
  constexpr std::array<std::string_view, 7> kSorted = {
      "ConvInteger", "DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat",
      "QGemm",       "QLinearConv",           "QLinearMatMul"};
  return std::binary_search(kSorted.begin(), kSorted.end(), node.op);
}

// Control flow whose branches hold weights.
bool hides_weights(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const auto& attribute) {
    const auto* body = std::get_if<GraphPointer>(&attribute.second);
    return body && *body &&
           std::any_of((*body)->nodes().begin(), (*body)->nodes().end(), [](const Node& inner) {
             return has_weights(inner) || has_quantised_weights(inner) || hides_weights(inner);
           });
  });
}

[[noreturn]] void refuse(const Graph& graph, const Node& node, const std::string& why) {
  throw InputError(graph.file(), describe(node) + " has " + why + ", which cannot be randomised");
}

// The weights of one graph, gathered from the nodes that read them back to the constants.
class Weights {
 public:
  explicit Weights(const Graph& graph) : graph_(graph), data_(graph.value_count(), false) {
    for (const GraphInput& input : graph.inputs()) data_[input.value] = true;
    for (const Node& node : graph.nodes()) {
      const bool follows = std::any_of(node.inputs.begin(), node.inputs.end(),
                                       [&](ValueId id) { return id != kNoValue && data_[id]; });
      for (const ValueId id : node.outputs)
        if (id != kNoValue) data_[id] = follows;
    }
    for (const Node& node : graph.nodes()) {
      if (has_quantised_weights(node)) refuse(graph, node, "quantised weights");
      if (hides_weights(node)) refuse(graph, node, "weights inside its branches");
      if (!has_weights(node)) continue;
      for (const ValueId id : node.inputs) gather(node, id);
    }
  }
  const std::set<ValueId>& found() const { return found_; }

 private:
  void gather(const Node& reader, ValueId value) {
    std::vector<ValueId> open = {value};
    while (!open.empty()) {
      const ValueId id = open.back();
      open.pop_back();
      if (id == kNoValue || data_[id] || !seen_.insert(id).second) continue;
      if (const at::Tensor* constant = graph_.constant(id)) {
        if (at::isFloatingType(constant->scalar_type())) found_.insert(id);
        continue;
      }
      if (graph_.producer(id) < 0) continue;
      const Node& maker = graph_.nodes()[graph_.producer(id)];
      if (maker.op == "DequantizeLinear") refuse(graph_, reader, "quantised weights");
      open.insert(open.end(), maker.inputs.begin(), maker.inputs.end());
    }
  }

  const Graph& graph_;
  std::vector<bool> data_;  // by ValueId: follows from the picture
  std::set<ValueId> seen_, found_;
};

at::Tensor permuted(const at::Tensor& weight, Stream stream) {
  at::Tensor order = at::arange(weight.numel(), at::kLong);
  auto* place = order.data_ptr<std::int64_t>();
  for (auto left = static_cast<std::uint64_t>(order.numel()); left > 1; --left)  // Fisher-Yates
    std::swap(place[left - 1], place[stream.below(left)]);
  return weight.detach().reshape({-1}).index_select(0, order).reshape(weight.sizes());
}

}  // namespace

Graph with_randomised_weights(const Graph& graph, std::uint64_t seed) {
  const Weights weights(graph);
  if (weights.found().empty())
    throw InputError(graph.file(),
                     "has no weights of convolutions or matrix products to randomise");
  Graph randomised = graph;
  for (const ValueId id : weights.found())
    randomised.set_constant(
        id, permuted(*graph.constant(id), Stream(seed, "randomised", hash_name(graph.name(id)))));
  return randomised;
}

}  // namespace assay::network
