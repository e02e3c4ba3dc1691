#include "assay/network/graph.h"

#include <algorithm>
#include <queue>

#include "assay/base/error.h"
#include "assay/network/torch.h"

namespace assay::network {

namespace {

template <class T>
const T* attribute(const Node& node, const std::string& name, const char* wanted) {
  const auto it = node.attributes.find(name);
  if (it == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&it->second);
  if (!value)
    throw InputError("", "attribute \"" + name + "\" of " + describe(node) +
                             " has the wrong type, wanted " + wanted);
  return value;
}

}  // namespace

std::int64_t Node::integer(const std::string& name, std::int64_t fallback) const {
  const auto* v = attribute<std::int64_t>(*this, name, "an integer");
  return v ? *v : fallback;
}
float Node::number(const std::string& name, float fallback) const {
  const auto* v = attribute<float>(*this, name, "a number");
  return v ? *v : fallback;
}
std::string Node::text(const std::string& name, const std::string& fallback) const {
  const auto* v = attribute<std::string>(*this, name, "a text");
  return v ? *v : fallback;
}
std::vector<std::int64_t> Node::integers(const std::string& name,
                                         const std::vector<std::int64_t>& fallback) const {
  const auto* v = attribute<std::vector<std::int64_t>>(*this, name, "integers");
  return v ? *v : fallback;
}
std::vector<float> Node::numbers(const std::string& name) const {
  const auto* v = attribute<std::vector<float>>(*this, name, "numbers");
  return v ? *v : std::vector<float>{};
}
TensorPointer Node::tensor(const std::string& name) const {
  const auto* v = attribute<TensorPointer>(*this, name, "a tensor");
  return v ? *v : nullptr;
}
GraphPointer Node::body(const std::string& name) const {
  const auto* v = attribute<GraphPointer>(*this, name, "a graph");
  return v ? *v : nullptr;
}

std::string describe(const Node& node) {
  return (node.domain.empty() ? "" : node.domain + ".") + node.op + " \"" + node.name + "\"";
}

ValueId Graph::find(const std::string& name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? kNoValue : it->second;
}

ValueId Graph::mention(const std::string& name) {
  if (name.empty()) return kNoValue;
  const auto [it, is_new] = by_name_.emplace(name, value_count());
  if (is_new) {
    values_.emplace_back();
    values_.back().name = name;
  }
  return it->second;
}

std::string Graph::maker_of(const Value& value) const {
  if (value.is_input) return "the model's input";
  if (value.constant) return "a constant";
  return describe(nodes_[value.producer]);
}

void Graph::check_unmade(const Value& value, const std::string& maker) const {
  if (value.is_input || value.constant || value.producer >= 0)
    throw InputError(file_, "the value \"" + value.name + "\" is made twice, by " +
                                maker_of(value) + " and by " + maker);
}

void Graph::add_input(const std::string& name, const std::string& type, bool has_shape,
                      std::vector<std::int64_t> shape) {
  const ValueId id = mention(name);
  if (id == kNoValue) throw InputError(file_, "an input of the model has no name");
  check_unmade(values_[id], "the model's input");
  values_[id].is_input = true;
  inputs_.push_back({id, type, has_shape, std::move(shape)});
}

void Graph::add_output(const std::string& name, std::vector<std::int64_t> shape) {
  const ValueId id = mention(name);
  if (id == kNoValue) throw InputError(file_, "an output of the model has no name");
  if (std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end())
    throw InputError(file_, "the output \"" + name + "\" is listed twice");
  outputs_.push_back(id);
  output_shapes_.push_back(std::move(shape));
}

void Graph::add_constant(const std::string& name, at::Tensor tensor) {
  const ValueId id = mention(name);
  if (id == kNoValue) throw InputError(file_, "a constant of the model has no name");
  check_unmade(values_[id], "a constant");
  values_[id].constant = std::make_shared<const at::Tensor>(std::move(tensor));
}

void Graph::add_node(Node node, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs) {
  const int index = static_cast<int>(nodes_.size());
  if (node.name.empty()) node.name = node.op + "_" + std::to_string(index);
  nodes_.push_back(std::move(node));
  Node& added = nodes_.back();
  for (const std::string& name : inputs) added.inputs.push_back(mention(name));
  for (const std::string& name : outputs) {
    const ValueId id = mention(name);
    if (id != kNoValue) {
      check_unmade(values_[id], describe(added));
      values_[id].producer = index;
    }
    added.outputs.push_back(id);
  }
}

void Graph::finish() {
  for (const Node& node : nodes_)
    for (const ValueId id : node.inputs)
      if (id != kNoValue && values_[id].producer < 0 && !values_[id].is_input &&
          !values_[id].constant)
        throw InputError(file_, describe(node) + " reads the value \"" + values_[id].name +
                                    "\", which nothing makes");
  for (const ValueId id : outputs_)
    if (values_[id].producer < 0 && !values_[id].is_input && !values_[id].constant)
      throw InputError(file_, "nothing makes the output \"" + values_[id].name + "\"");

  // Kahn's algorithm; of the nodes that are ready the file's first goes first, so a sorted file
  // keeps its order.
  std::vector<int> waits_for(nodes_.size(), 0);
  std::vector<std::vector<int>> readers(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (const ValueId id : nodes_[i].inputs)
      if (id != kNoValue && values_[id].producer >= 0) {
        ++waits_for[i];
        readers[values_[id].producer].push_back(static_cast<int>(i));
      }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (waits_for[i] == 0) ready.push(static_cast<int>(i));
  std::vector<int> order;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(i);
    for (const int reader : readers[i])
      if (--waits_for[reader] == 0) ready.push(reader);
  }
  if (order.size() < nodes_.size()) {
    const auto stuck =
        std::find_if(waits_for.begin(), waits_for.end(), [](int n) { return n > 0; });
    throw InputError(
        file_, "the nodes form a cycle through " + describe(nodes_[stuck - waits_for.begin()]));
  }
  std::vector<Node> sorted;
  sorted.reserve(nodes_.size());
  for (const int i : order) sorted.push_back(std::move(nodes_[i]));
  nodes_ = std::move(sorted);
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (const ValueId id : nodes_[i].outputs)
      if (id != kNoValue) values_[id].producer = static_cast<int>(i);
}

namespace {

bool same_tensor(const at::Tensor* a, const at::Tensor* b) {
  if (!a || !b) return a == b;
  if (a->is_same(*b) || (a->is_alias_of(*b) && a->sizes() == b->sizes())) return true;
  return a->scalar_type() == b->scalar_type() && a->sizes() == b->sizes() && at::equal(*a, *b);
}

bool same_attribute(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  if (const auto* tensor = std::get_if<TensorPointer>(&a))
    return same_tensor(tensor->get(), std::get<TensorPointer>(b).get());
  return a == b;
}

}  // namespace

bool same_network(const Graph& a, const Graph& b) {
  const auto same_value = [&](ValueId x, ValueId y) {
    if (x == kNoValue || y == kNoValue) return x == y;
    if (a.constant(x) || b.constant(y)) return same_tensor(a.constant(x), b.constant(y));
    return a.name(x) == b.name(y);
  };
  const auto same_values = [&](const std::vector<ValueId>& x, const std::vector<ValueId>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_value);
  };
  const auto same_attributes = [](const Node& x, const Node& y) {
    return std::equal(x.attributes.begin(), x.attributes.end(), y.attributes.begin(),
                      y.attributes.end(), [](const auto& p, const auto& q) {
                        return p.first == q.first && same_attribute(p.second, q.second);
                      });
  };
  return same_values(a.outputs(), b.outputs()) &&
         std::equal(a.nodes().begin(), a.nodes().end(), b.nodes().begin(), b.nodes().end(),
                    [&](const Node& x, const Node& y) {
                      return x.op == y.op && x.domain == y.domain && x.opset == y.opset &&
                             same_attributes(x, y) && same_values(x.inputs, y.inputs) &&
                             same_values(x.outputs, y.outputs);
                    });
}

void Graph::set_constant(ValueId value, at::Tensor tensor) {
  const at::Tensor* old = constant(value);
  if (!old || old->sizes() != tensor.sizes() || old->scalar_type() != tensor.scalar_type())
    throw BugError("\"" + name(value) + "\" is no constant of this shape and type");
  values_[value].constant = std::make_shared<const at::Tensor>(std::move(tensor));
}

void Graph::set_constant_input(int node, int input, at::Tensor tensor) {
  std::string name = this->name(nodes_[node].inputs[input]) + "/" + nodes_[node].name;
  while (by_name_.count(name)) name += "'";
  add_constant(name, std::move(tensor));
  nodes_[node].inputs[input] = find(name);
}

}  // namespace assay::network
