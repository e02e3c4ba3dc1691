#include "assay/network/torchscript_recorder.h"

#include <algorithm>
#include <bit>

#include "assay/base/error.h"
#include "assay/network/operators.h"
#include "assay/network/torchscript_trial.h"

namespace assay::network::torchscript {

namespace {

constexpr std::size_t kMostNodes = 100'000;
constexpr std::size_t kNamedPlaces = 8;  // an operator

// What the output follows from; the same rule as the folding's.
void set_follows(Reads reads, const std::vector<Traced>& inputs, Traced& output) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Traced& input = inputs[i];
    if (input.name.empty()) continue;
    if (reads == Reads::kShapeOnly) {
      output.items = std::max(output.items, input.shape);
      continue;
    }
    output.items = std::max(output.items, input.items);
    const bool tells_size = reads == Reads::kAllSizes || reads == Reads::kDataSizes ||
                            (reads == Reads::kSizes && i > 0);
    output.shape = std::max(output.shape, tells_size ? input.items : input.shape);
  }
  if (output.shape == Follows::kData)
    throw Untranslated("the size of what it makes follows from the picture's content");
}

// The same shape and type without memory.
at::Tensor hollow(const at::Tensor& tensor) {
  return at::zeros({}, tensor.options()).expand(tensor.sizes());
}

}  // namespace

void Effort::spend(const std::string& file, std::int64_t steps) {
  left_ -= steps;
  if (left_ < 0) throw Endless(file, "the program takes more than a million steps");
}

void Effort::spend_on(const std::string& file, const at::Tensor& computed) {
  spend(file, 1 + (computed.defined() ? computed.numel() : 0) / 16'384);
}

std::int64_t onnx_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return 1;
    case at::kByte:
      return 2;
    case at::kChar:
      return 3;
    case at::kShort:
      return 5;
    case at::kInt:
      return 6;
    case at::kLong:
      return 7;
    case at::kBool:
      return 9;
    default:
      throw Untranslated(std::string("the element type ") + c10::toString(type));
  }
}

at::ScalarType computed_type(at::ScalarType type) {
  if (at::isFloatingType(type)) return at::kFloat;
  onnx_type(type);
  return type;
}

std::string Recorder::fresh(const std::string& name) {
  const auto [it, is_new] = taken_.emplace(name, 0);
  if (is_new) return name;
  for (;;) {
    const std::string next = name + "_" + std::to_string(++taken_[name]);
    if (taken_.emplace(next, 0).second) return next;
  }
}

Traced Recorder::input(const std::string& name, at::Tensor trial) {
  input_name_ = fresh(name);
  return {input_name_, hollow(trial), Follows::kData, Follows::kShapes};
}

Traced Recorder::constant(const at::Tensor& tensor, const std::string& name) {
  if (tensor.is_quantized() || tensor.is_sparse() || tensor.is_mkldnn())
    throw Untranslated("a quantised, sparse or packed tensor");
  if (const auto it = by_tensor_.find(tensor.unsafeGetTensorImpl()); it != by_tensor_.end())
    return it->second.second;
  Traced made{fresh(name), tensor.detach().to(computed_type(tensor.scalar_type()))};
  constants_[made.name] = made.trial;
  by_tensor_[tensor.unsafeGetTensorImpl()] = {tensor, made};
  return made;
}

Traced Recorder::scalar(const Number& number, at::ScalarType type) {
  type = computed_type(type);
  if (!number.value.empty()) {
    const Traced held{number.value, at::scalar_tensor(number.trial, at::kLong), Follows::kShapes};
    return cast(held, type);
  }
  if (number.from_sizes) note_decision();
  const auto bits = at::isIntegralType(type, true) ? number.trial.to<std::int64_t>()
                                                   : std::bit_cast<std::int64_t>(number.real());
  const auto [it, is_new] = by_number_.emplace(std::pair{bits, type}, Traced{});
  if (is_new) it->second = constant(at::scalar_tensor(number.trial, type));
  return it->second;
}

Traced Recorder::shape(const std::vector<Number>& numbers) {
  const auto is_constant = [](const Number& n) { return n.value.empty(); };
  if (std::all_of(numbers.begin(), numbers.end(), is_constant)) {
    Numbers fixed;
    for (const Number& n : numbers) fixed.push_back(decide(n));
    return integers(fixed);
  }
  std::vector<Traced> parts;
  for (const Number& n : numbers)
    parts.push_back(is_constant(n) ? integers({decide(n)})
                                   : emit("Unsqueeze", {scalar(n, at::kLong), integers({0})}));
  return emit("Concat", parts, {{"axis", std::int64_t{0}}});
}

Traced Recorder::shape_of(const Traced& tensor) {
  const auto [it, is_new] = sizes_.emplace(std::pair{tensor.name, std::int64_t{-1}}, Traced{});
  if (is_new) it->second = emit("Shape", {tensor});
  return it->second;
}

Number Recorder::size(const Traced& tensor, std::int64_t dim) {
  const std::int64_t d = dim < 0 ? dim + tensor.trial.dim() : dim;
  if (d < 0 || d >= tensor.trial.dim())
    throw OperatorError("dimension " + std::to_string(dim) + " of a tensor that has " +
                        std::to_string(tensor.trial.dim()));
  if (tensor.shape == Follows::kConstants) return {tensor.trial.size(d)};
  const auto [it, is_new] = sizes_.emplace(std::pair{tensor.name, d}, Traced{});
  if (is_new) {
    const Traced index = scalar({d}, at::kLong);
    const Traced whole = shape_of(tensor);
    sizes_[{tensor.name, d}] = emit("Gather", {whole, index}, {{"axis", std::int64_t{0}}});
  }
  return {tensor.trial.size(d), true, sizes_.at({tensor.name, d}).name};
}

Recorder::Recorded Recorder::node_for(const std::string& op, const std::vector<Traced>& inputs,
                                      Attributes attributes, std::size_t outputs) {
  Recorded recorded;
  Node& node = recorded.node;
  node.op = op;
  node.opset = kOpset;
  node.attributes = std::move(attributes);
  node.name = fresh(module().empty() ? op : module() + "/" + op);
  for (const Traced& input : inputs) {
    recorded.inputs.push_back(input.name);
    node.inputs.push_back(input.name.empty() ? kNoValue : 0);
  }
  for (std::size_t i = 0; i < outputs; ++i) {
    recorded.outputs.push_back(i == 0 ? node.name : fresh(node.name + ":" + std::to_string(i)));
    node.outputs.push_back(0);  // for kernels that look how many are wanted
  }
  return recorded;
}

std::vector<Traced> Recorder::emit_all(const std::string& op, const std::vector<Traced>& inputs,
                                       Attributes attributes, std::size_t outputs) {
  if (nodes_.size() >= kMostNodes)
    throw Endless(file(),
                  "the program unrolls to more than " + std::to_string(kMostNodes) + " operators");
  Recorded recorded = node_for(op, inputs, std::move(attributes), outputs);
  const Operator* known = find_operator("", op);
  if (!known) throw BugError("no kernel for " + op);
  Traced follows;
  set_follows(known->reads, inputs, follows);
  std::vector<at::Tensor> made;
  const auto shape =
      follows.items == Follows::kData ? trial_shape(recorded.node, inputs) : std::nullopt;
  if (shape) {
    made = {at::zeros({}, inputs[0].trial.options()).expand(*shape)};
  } else {
    std::vector<const at::Tensor*> arguments;
    for (const Traced& input : inputs)
      arguments.push_back(input.name.empty() ? nullptr : &input.trial);
    made = call(shell_, recorded.node, known->make(recorded.node), Inputs(arguments));
    for (const at::Tensor& tensor : made) effort_.spend_on(file(), tensor);
  }
  std::vector<Traced> results;
  for (std::size_t i = 0; i < outputs; ++i) {
    Traced result = follows;
    result.name = recorded.outputs[i];
    result.trial = follows.items == Follows::kData && !shape ? hollow(made.at(i)) : made.at(i);
    results.push_back(std::move(result));
  }
  recorded.node.inputs.clear();
  recorded.node.outputs.clear();
  nodes_.push_back(std::move(recorded));
  return results;
}

Traced Recorder::emit(const std::string& op, const std::vector<Traced>& inputs,
                      Attributes attributes) {
  return emit_all(op, inputs, std::move(attributes), 1)[0];
}

Traced Recorder::cast(const Traced& tensor, at::ScalarType type) {
  type = computed_type(type);
  if (tensor.trial.scalar_type() == type) return tensor;
  return emit("Cast", {tensor}, {{"to", onnx_type(type)}});
}

std::int64_t Recorder::decide(const Number& number) {
  if (number.from_sizes) note_decision();
  return number.trial.to<std::int64_t>();
}

void Recorder::refuse(const std::string& op, const std::string& place) {
  auto& places = refused_[op];
  if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
}

std::string Recorder::refusal() const {
  std::string list;
  for (const auto& [op, places] : refused_) {
    list += (list.empty() ? "" : "; ") + op + " (";
    for (std::size_t i = 0; i < std::min(places.size(), kNamedPlaces); ++i)
      list += (i ? ", " : "") + places[i];
    if (places.size() > kNamedPlaces)
      list += ", and " + std::to_string(places.size() - kNamedPlaces) + " more";
    list += ")";
  }
  return list;
}

std::vector<bool> Recorder::needed_nodes(const std::set<std::string>& outputs) const {
  std::set<std::string> open = outputs;
  std::vector<bool> needed(nodes_.size(), false);
  for (std::size_t n = nodes_.size(); n-- > 0;) {
    const auto& made = nodes_[n].outputs;
    needed[n] = std::any_of(made.begin(), made.end(),
                            [&](const std::string& name) { return open.count(name) > 0; });
    if (needed[n]) open.insert(nodes_[n].inputs.begin(), nodes_[n].inputs.end());
  }
  return needed;
}

Graph Recorder::finish(const std::vector<std::pair<std::string, Traced>>& outputs,
                       const std::string& input_type, std::vector<std::int64_t> input_shape) {
  std::vector<std::string> names;
  for (const auto& [name, value] : outputs) {
    const bool own = name.empty() && value.items == Follows::kData && value.name != input_name_ &&
                     std::find(names.begin(), names.end(), value.name) == names.end();
    if (own) {
      names.push_back(value.name);
      continue;
    }
    Recorded recorded = node_for("Identity", {value}, {}, 1);
    recorded.node.inputs.clear();
    recorded.node.outputs.clear();
    recorded.outputs = {fresh(name.empty() ? "output" : name)};
    names.push_back(recorded.outputs[0]);
    nodes_.push_back(std::move(recorded));
  }
  const std::vector<bool> needed = needed_nodes({names.begin(), names.end()});
  Graph graph(file());
  graph.add_input(input_name_, input_type, true, std::move(input_shape));
  std::set<std::string> added;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (!needed[n]) continue;
    for (const std::string& name : nodes_[n].inputs)
      if (const auto it = constants_.find(name);
          it != constants_.end() && added.insert(name).second)
        graph.add_constant(name, it->second);
    graph.add_node(nodes_[n].node, nodes_[n].inputs, nodes_[n].outputs);
  }
  for (const std::string& name : names) graph.add_output(name);
  graph.set_exporter("TorchScript");
  graph.finish();
  return graph;
}

}  // namespace assay::network::torchscript
