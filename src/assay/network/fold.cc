#include "assay/network/fold.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace assay::network {

namespace {

// What is known of a value from its node and that node's inputs.
struct Known {
  Follows items = Follows::kConstants;  // what its items follow from
  Follows shape = Follows::kConstants;  // what its shape follows from; never more than the items do
};

Known known_of(const Node& node, Reads reads, const std::vector<Known>& known) {
  Known result;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const Known& input = known[node.inputs[i]];
    if (reads == Reads::kShapeOnly) {
      // A constant shape is known at load only where the tensor is; elsewhere it is computed with
      // the other shapes.
      if (input.items != Follows::kConstants)
        result.items = std::max({result.items, input.shape, Follows::kShapes});
      continue;  // its own shape follows from the rank, which does not change
    }
    result.items = std::max(result.items, input.items);
    const bool tells_size = reads == Reads::kAllSizes || reads == Reads::kDataSizes ||
                            (reads == Reads::kSizes && i > 0);
    result.shape = std::max(result.shape, tells_size ? input.items : input.shape);
  }
  return result;
}

void fold_node(const Graph& graph, int index, const Kernel& kernel,
               std::vector<at::Tensor>& constants) {
  const Node& node = graph.nodes()[index];
  std::vector<const at::Tensor*> arguments;
  for (const ValueId id : node.inputs)
    arguments.push_back(id == kNoValue ? nullptr : &constants[id]);
  Outputs outputs = call(graph, node, kernel, Inputs(arguments));
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kNoValue) constants[node.outputs[i]] = std::move(outputs[i]);
}

}  // namespace

Folding fold(const Graph& graph, const std::vector<Kernel>& kernels) {
  const at::NoGradGuard no_grad;
  std::vector<Known> known(graph.value_count());
  Folding folding;
  folding.constants.resize(graph.value_count());
  for (ValueId id = 0; id < graph.value_count(); ++id)
    if (const at::Tensor* constant = graph.constant(id)) {
      folding.constants[id] = *constant;
      if (constant->requires_grad()) known[id].items = Follows::kData;
    }
  for (const GraphInput& input : graph.inputs())
    known[input.value] = {Follows::kData, Follows::kShapes};

  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    const Known result = known_of(node, find_operator(node.domain, node.op)->reads, known);
    for (const ValueId id : node.outputs)
      if (id != kNoValue) known[id] = result;
    if (result.items == Follows::kConstants)
      fold_node(graph, static_cast<int>(n), kernels[n], folding.constants);
  }
  for (const Known& k : known) folding.follows.push_back(k.items);
  return folding;
}

at::Tensor constant_value(const Graph& graph, ValueId value) {
  constexpr std::size_t kMostNodes = 4096;
  std::unordered_map<ValueId, at::Tensor> known;
  std::unordered_set<int> seen;
  std::vector<int> open, needed;
  const auto need = [&](ValueId id) {
    if (id == kNoValue) return true;
    if (const at::Tensor* constant = graph.constant(id)) {
      known[id] = *constant;
      return true;
    }
    const int node = graph.producer(id);
    if (node >= 0 && seen.insert(node).second) open.push_back(node);
    return node >= 0;
  };
  if (!need(value)) return {};
  while (!open.empty()) {
    needed.push_back(open.back());
    open.pop_back();
    const Node& node = graph.nodes()[needed.back()];
    if (needed.size() > kMostNodes || !find_operator(node.domain, node.op)) return {};
    for (const ValueId id : node.inputs)
      if (!need(id)) return {};
  }
  const at::NoGradGuard no_grad;
  std::sort(needed.begin(), needed.end());
  for (const int index : needed) {
    const Node& node = graph.nodes()[index];
    std::vector<const at::Tensor*> arguments;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && !known.count(id)) return {};
      arguments.push_back(id == kNoValue ? nullptr : &known.at(id));
    }
    try {
      const Kernel kernel = find_operator(node.domain, node.op)->make(node);
      Outputs outputs = call(graph, node, kernel, Inputs(arguments));
      for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] != kNoValue) known[node.outputs[i]] = std::move(outputs[i]);
    } catch (const std::runtime_error&) {
      return {};  // whoever runs the node says what is wrong with it
    }
  }
  return known.at(value);
}

}  // namespace assay::network
