// The network as data: nodes with ONNX operator semantics over named values; parameters and other
// constants as tensors.
//
// Built by a reader with add_*, then `finish` sorts and checks it; from then on it is read only.
// Copying is cheap: copies share the constants' tensors, which nobody writes to. What a node's
// operator means depends on `opset`, the version of its domain's operator set. Errors: InputError
// naming the file for what a file can get wrong (a cycle, a value made twice or by nobody).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace at {
class Tensor;
}

namespace assay::network {

using ValueId = int;                       // index into the graph's values
inline constexpr ValueId kNoValue = -1;    // an optional input left out, an output nobody named
inline constexpr std::int64_t kFree = -1;  // a dimension that the file leaves open

class Graph;
using TensorPointer = std::shared_ptr<const at::Tensor>;
// The body of a node with control flow: its own inputs first, then the values that it reads from
// around it, which are inputs of the node too.
using GraphPointer = std::shared_ptr<const Graph>;
using Attribute =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<std::string>, TensorPointer, GraphPointer>;

struct Node {
  std::string name;    // the file's, or OPERATOR_INDEX where it has none
  std::string op;      // "Conv"
  std::string domain;  // "" is ONNX's own
  int opset = 0;
  std::map<std::string, Attribute> attributes;
  std::vector<ValueId> inputs, outputs;

  // An attribute by name, or `fallback` when the node has none of it; one of another type is an
  // InputError.
  bool has(const std::string& attribute) const { return attributes.count(attribute) > 0; }
  std::int64_t integer(const std::string& attribute, std::int64_t fallback) const;
  float number(const std::string& attribute, float fallback) const;
  std::string text(const std::string& attribute, const std::string& fallback) const;
  std::vector<std::int64_t> integers(const std::string& attribute,
                                     const std::vector<std::int64_t>& fallback = {}) const;
  std::vector<float> numbers(const std::string& attribute) const;
  TensorPointer tensor(const std::string& attribute) const;  // null when absent
  GraphPointer body(const std::string& attribute) const;     // null when absent
};

struct GraphInput {
  ValueId value = kNoValue;
  std::string type;  // "float32", "uint8", …, as the file has it before widening ("float16")
  bool has_shape = false;           // false: the file says nothing at all
  std::vector<std::int64_t> shape;  // kFree where open
};

// The type of a body's inputs that stand for values around it.
inline constexpr std::string_view kOuterInput = "outer";

class Graph {
 public:
  explicit Graph(std::string file) : file_(std::move(file)) {}

  // -- reading it
  const std::string& file() const { return file_; }
  const std::string& exporter() const { return exporter_; }  // what wrote the file; may be empty
  const std::vector<Node>& nodes() const { return nodes_; }  // each after those it reads from
  const std::vector<GraphInput>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  // As the file declares it, kFree where open; empty when it does not.
  const std::vector<std::int64_t>& output_shape(std::size_t output) const {
    return output_shapes_[output];
  }
  int value_count() const { return static_cast<int>(values_.size()); }
  const std::string& name(ValueId value) const { return values_[value].name; }
  ValueId find(const std::string& name) const;  // kNoValue when there is none
  // The node that makes the value, or -1 for an input or constant.
  int producer(ValueId value) const { return values_[value].producer; }
  // The tensor of a parameter or other constant, else null.
  const at::Tensor* constant(ValueId value) const { return values_[value].constant.get(); }

  void set_exporter(std::string exporter) { exporter_ = std::move(exporter); }
  // -- building it; values are named, and made known by their first mention
  void add_input(const std::string& name, const std::string& type, bool has_shape,
                 std::vector<std::int64_t> shape);
  void add_output(const std::string& name, std::vector<std::int64_t> shape = {});
  void add_constant(const std::string& name, at::Tensor tensor);
  // `node` without its inputs and outputs, which are given by name ("" is none).
  void add_node(Node node, const std::vector<std::string>& inputs,
                const std::vector<std::string>& outputs);
  // Sorts the nodes and checks that every value is made exactly once and nothing waits for itself.
  void finish();
  // Makes input `input` of node `node` a constant of its own. For a copy that nobody runs yet.
  void set_constant_input(int node, int input, at::Tensor tensor);
  // Gives a constant another tensor of the same shape and type. For a copy that nobody runs yet.
  void set_constant(ValueId value, at::Tensor tensor);
  // The shape of the only input. For a graph that nobody runs yet.
  void set_input_shape(std::vector<std::int64_t> shape) { inputs_.at(0).shape = std::move(shape); }

 private:
  struct Value {
    std::string name;
    int producer = -1;
    bool is_input = false;
    TensorPointer constant;
  };
  ValueId mention(const std::string& name);
  void check_unmade(const Value& value, const std::string& maker) const;
  std::string maker_of(const Value& value) const;

  std::string file_, exporter_;
  std::vector<Node> nodes_;
  std::vector<GraphInput> inputs_;
  std::vector<ValueId> outputs_;
  std::vector<std::vector<std::int64_t>> output_shapes_;
  std::vector<Value> values_;
  std::unordered_map<std::string, ValueId> by_name_;
};

// Whether two graphs have the same nodes, in the same order, with equal constants.
bool same_network(const Graph& a, const Graph& b);

// "Conv \"layer1/conv\"", as messages name a node.
std::string describe(const Node& node);

}  // namespace assay::network
