#include "assay/network/onnx_graph.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <unordered_set>

#include "assay/base/error.h"
#include "assay/network/fold.h"
#include "assay/network/numerics.h"
#include "assay/network/onnx_attribute.h"
#include "assay/network/onnx_scope.h"
#include "assay/network/operators.h"

namespace assay::network {

namespace {

constexpr int kDeepestCalls = 64;
constexpr std::size_t kMostNodes = 1 << 17;  // that functions unfold to
constexpr int kMostConditions = 1024;        // that are computed, not constants themselves

class Builder {
 public:
  Builder(const std::string& path, const onnx::ModelProto& model, OnnxTensorReader& tensors)
      : path_(path), model_(model), tensors_(tensors), functions_(functions_of(model)) {}

  Graph build() {
    check_model();
    const onnx::GraphProto& graph = model_.graph();
    Target target(path_);
    Scope scope;
    scope.target = &target;
    scope.own_target = true;
    scope.opsets = &opsets_;
    for (const auto& node : graph.node())
      for (const std::string& name : node.output()) used_.insert(name);
    for (const auto& tensor : graph.initializer()) used_.insert(tensor.name());
    for (const auto& input : graph.input()) used_.insert(input.name());
    add_initialisers(graph, scope);
    for (const auto& input : graph.input()) {
      check_name(input.name());
      // Up to IR version 3 every initialiser was listed as an input too.
      const ValueId known = target.graph.find(input.name());
      if (known == kNoValue || !target.graph.constant(known)) add_input(input, target);
    }
    for (const auto& node : graph.node()) add_node(node, scope);
    for (const auto& output : graph.output()) {
      check_name(output.name());
      target.graph.add_output(output.name(), shape_of(output.type().tensor_type()));
    }
    if (graph.output_size() == 0) throw InputError(path_, "the model has no output");
    check_name(model_.producer_name());
    check_name(model_.producer_version());
    target.graph.set_exporter(model_.producer_name() +
                              (model_.producer_version().empty() ? "" : " ") +
                              model_.producer_version());
    target.graph.finish();
    return std::move(target.graph);
  }

 private:
  // -- the model

  void check_model() {
    opsets_ = opset_versions(model_.opset_import());
    if (!model_.has_graph()) throw InputError(path_, "holds no network (not an ONNX model?)");
    if (!opsets_.count(""))
      throw InputError(path_, "does not say which version of ONNX's operators it uses");
    const std::int64_t version = opsets_[""];
    if (version < 1 || version > kNewestOpset) refuse_version(version);
    if (model_.training_info_size() > 0)
      throw InputError(path_, "holds training information; wanted a model for inference");
  }

  [[noreturn]] void refuse_version(std::int64_t version) const {
    throw InputError(path_, "uses version " + std::to_string(version) +
                                " of ONNX's operators; versions " + std::to_string(kOldestOpset) +
                                " to " + std::to_string(kNewestOpset) + " are known");
  }

  // Names go into messages and reports, which are lines.
  void check_name(const std::string& name) const {
    for (const char c : name)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        throw InputError(path_, "is damaged: a name holds control characters");
  }

  void add_initialisers(const onnx::GraphProto& graph, Scope& scope) {
    if (graph.sparse_initializer_size() > 0)
      throw InputError(path_, "holds sparse initialisers, which are not supported");
    for (const auto& tensor : graph.initializer()) {
      check_name(tensor.name());
      const std::string name = read(scope, tensor.name());
      scope.target->graph.add_constant(
          name, counted(tensors_.read(tensor, "initialiser \"" + tensor.name() + "\"")));
      scope.target->types[name] = tensor.data_type();
    }
  }

  static std::vector<std::int64_t> shape_of(const onnx::TypeProto::Tensor& tensor) {
    std::vector<std::int64_t> shape;
    for (const auto& dim : tensor.shape().dim())
      shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : kFree);
    return shape;
  }

  void add_input(const onnx::ValueInfoProto& input, Target& target) {
    if (!input.type().has_tensor_type())
      throw InputError(path_, "the input \"" + input.name() +
                                  "\" is no tensor (a sequence, map or the like), which is not "
                                  "supported");
    const auto& tensor = input.type().tensor_type();
    std::string type = onnx::TensorProto_DataType_Name(
        static_cast<onnx::TensorProto::DataType>(tensor.elem_type()));
    for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (type == "float") type = "float32";
    if (type == "double") type = "float64";
    target.graph.add_input(input.name(), type, tensor.has_shape(), shape_of(tensor));
    target.types[input.name()] = tensor.elem_type();
  }

  // Unfolding may make many of one tensor.
  at::Tensor counted(at::Tensor constant) {
    bytes_ += constant.nbytes();
    if (bytes_ > memory_budget())
      throw InputError(path_, "its constants need " + std::to_string(bytes_) +
                                  " bytes or more, --max-memory allows " +
                                  std::to_string(memory_budget()));
    return constant;
  }

  void read_attribute(Node& node, const std::string& name, const onnx::AttributeProto& proto) {
    check_name(name);
    const std::string what = "attribute \"" + name + "\" of " + describe(node);
    if (auto value = attribute_of(path_, what, proto, tensors_)) node.attributes[name] = *value;
  }

  // -- names

  std::string unique(const std::string& name) {
    std::string candidate = name;
    while (!used_.insert(candidate).second) candidate += "'";
    return candidate;
  }

  // Gives what the level's nodes make a name of its own, unless it has one.
  template <class Nodes>
  void name_outputs(const Nodes& nodes, Scope& scope) {
    for (const auto& node : nodes)
      for (const std::string& output : node.output()) {
        check_name(output);
        if (!output.empty() && !scope.names.count(output))
          scope.names[output] = unique(scope.prefix + output);
      }
  }

  // -- nodes

  void add_node(const onnx::NodeProto& proto, Scope& scope) {
    if (calls_ > 0 && ++nodes_ > kMostNodes)
      throw InputError(
          path_, "its functions unfold to more than " + std::to_string(kMostNodes) + " nodes");
    check_name(proto.name());
    check_name(proto.op_type());
    check_name(proto.domain());
    Node node;
    node.name = proto.name().empty() ? "" : scope.prefix + proto.name();
    node.op = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    std::vector<std::string> inputs, outputs;
    for (const std::string& name : proto.input()) {
      check_name(name);
      inputs.push_back(read(scope, name));
    }
    for (const std::string& name : proto.output()) {
      check_name(name);
      outputs.push_back(read(scope, name));
    }
    const auto function = functions_.find(function_key(proto));
    if (function != functions_.end()) {
      unfold(function->second, proto, node, inputs, outputs, scope);
      return;
    }
    const auto version = scope.opsets->find(node.domain);
    if (version == scope.opsets->end())
      throw InputError(path_, describe(node) + " is of domain \"" + node.domain +
                                  "\", whose version the file does not say");
    node.opset = static_cast<int>(std::clamp<std::int64_t>(version->second, 0, 1 << 20));
    if (node.domain.empty() && node.opset < kOldestOpset) {
      const Operator* op = find_operator("", node.op);
      if (!op || node.opset < op->opsets.first) refuse_version(node.opset);
    }
    std::vector<const onnx::AttributeProto*> bodies;
    for (const auto& attribute : proto.attribute())
      if (const onnx::AttributeProto* meant = meaning(attribute, scope)) {
        if (meant->type() == onnx::AttributeProto::GRAPH)
          bodies.push_back(meant);
        else
          read_attribute(node, attribute.name(), *meant);
      }
    if (node.domain.empty() && node.op == "If" && take_branch(bodies, node, inputs, outputs, scope))
      return;
    for (const onnx::AttributeProto* body : bodies) add_body(node, *body, inputs, scope);
    if (node.domain.empty() && node.op == "Constant") {
      if (outputs.size() != 1) throw InputError(path_, describe(node) + " must have one output");
      scope.target->graph.add_constant(outputs[0], counted(constant_of(path_, node)));
      if (const auto value = std::find_if(proto.attribute().begin(), proto.attribute().end(),
                                          [](const auto& a) { return a.name() == "value"; });
          value != proto.attribute().end())
        scope.target->types[outputs[0]] = value->t().data_type();
      return;
    }
    name_widened_type(node, inputs, *scope.target);
    scope.target->graph.add_node(std::move(node), inputs, outputs);
  }

  void add_identity(const std::string& from, const std::string& to, const std::string& name,
                    Scope& scope) {
    Node node;
    node.name = name;
    node.op = "Identity";
    node.opset = kOldestOpset;
    scope.target->graph.add_node(std::move(node), {from}, {to});
  }

  // What an operator reads of an input's type beyond what the tensor in the graph still shows.
  static void name_widened_type(Node& node, const std::vector<std::string>& inputs,
                                const Target& target) {
    const bool quantizes = node.op == "QuantizeLinear", casts = node.op == "CastLike";
    const std::size_t input = quantizes ? 2 : 1;
    if ((!quantizes && !casts) || inputs.size() <= input) return;
    const auto type = target.types.find(inputs[input]);
    if (type != target.types.end())
      node.attributes.emplace(quantizes ? "output_dtype" : "to", type->second);
  }

  // -- functions

  void unfold(const OnnxFunction& function, const onnx::NodeProto& call, const Node& node,
              const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
              Scope& scope) {
    const onnx::FunctionProto& proto = *function.proto;
    if (++calls_ > kDeepestCalls)
      throw InputError(path_, "its function \"" + proto.name() +
                                  "\" calls itself, or functions are nested more than " +
                                  std::to_string(kDeepestCalls) + " deep");
    Attributes attributes;
    for (const auto& attribute : function.defaults) attributes[attribute.name()] = &attribute;
    for (const auto& attribute : call.attribute())
      if (const onnx::AttributeProto* meant = meaning(attribute, scope))
        attributes[attribute.name()] = meant;
    Scope inner;
    inner.target = scope.target;
    inner.prefix = prefix_of(node, outputs);
    inner.attributes = &attributes;
    inner.opsets = &function.opsets;
    for (int i = 0; i < proto.input_size(); ++i)
      inner.names[proto.input(i)] =
          i < static_cast<int>(inputs.size()) ? inputs[static_cast<std::size_t>(i)] : "";
    std::vector<std::pair<std::string, std::string>> passed_on;
    for (int i = 0; i < proto.output_size() && i < static_cast<int>(outputs.size()); ++i) {
      const std::string& outer = outputs[static_cast<std::size_t>(i)];
      if (outer.empty()) continue;
      const auto [it, is_new] = inner.names.emplace(proto.output(i), outer);
      if (!is_new) passed_on.emplace_back(it->second, outer);
    }
    name_outputs(proto.node(), inner);
    for (const auto& n : proto.node()) add_node(n, inner);
    for (const auto& [from, to] : passed_on)
      add_identity(from, to, inner.prefix + "output/" + to, inner);
    --calls_;
  }

  std::string prefix_of(const Node& node, const std::vector<std::string>& outputs) const {
    if (!node.name.empty()) return node.name + "/";
    return (outputs.empty() || outputs[0].empty() ? node.op : outputs[0]) + "/";
  }

  // The attribute that `attribute` refers to, itself where it refers to none; null where the call
  // leaves it out.
  static const onnx::AttributeProto* meaning(const onnx::AttributeProto& attribute,
                                             const Scope& scope) {
    if (attribute.ref_attr_name().empty()) return &attribute;
    for (const Scope* s = &scope; s; s = s->outer)
      if (s->attributes) {
        const auto it = s->attributes->find(attribute.ref_attr_name());
        return it == s->attributes->end() ? nullptr : it->second;
      }
    return nullptr;
  }

  // -- control flow

  // Replaces an If by the branch that a constant condition takes.
  bool take_branch(const std::vector<const onnx::AttributeProto*>& bodies, const Node& node,
                   const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                   Scope& scope) {
    if (inputs.empty()) throw InputError(path_, describe(node) + " has no condition");
    const at::Tensor condition = condition_of(scope.target->graph, inputs[0]);
    if (!condition.defined() || condition.numel() != 1) return false;
    const std::string wanted = condition.to(at::kBool).item<bool>() ? "then_branch" : "else_branch";
    for (const onnx::AttributeProto* body : bodies) {
      if (body->name() != wanted) continue;
      const onnx::GraphProto& branch = body->g();
      Scope inner;
      inner.outer = &scope;
      inner.target = scope.target;
      inner.opsets = scope.opsets;
      inner.prefix = prefix_of(node, outputs);
      check_outputs(branch, node, outputs.size());
      std::unordered_set<std::string> made;
      for (const auto& n : branch.node()) made.insert(n.output().begin(), n.output().end());
      for (std::size_t i = 0; i < outputs.size(); ++i)
        if (const std::string& name = branch.output(static_cast<int>(i)).name();
            made.count(name) && !outputs[i].empty())
          inner.names.emplace(name, outputs[i]);
      for (const auto& tensor : branch.initializer())
        inner.names.emplace(tensor.name(), unique(inner.prefix + tensor.name()));
      name_outputs(branch.node(), inner);
      add_initialisers(branch, inner);
      for (const auto& n : branch.node()) add_node(n, inner);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::string from = read(inner, branch.output(static_cast<int>(i)).name());
        if (from != outputs[i] && !outputs[i].empty())
          add_identity(from, outputs[i], inner.prefix + "output/" + outputs[i], inner);
      }
      return true;
    }
    throw InputError(path_, describe(node) + " has no " + wanted);
  }

  void check_outputs(const onnx::GraphProto& graph, const Node& node, std::size_t count) const {
    if (static_cast<std::size_t>(graph.output_size()) != count)
      throw InputError(path_, describe(node) + " has " + std::to_string(count) +
                                  " outputs, its inner graph " +
                                  std::to_string(graph.output_size()));
  }

  // An inner graph as an attribute; what it reads from around it becomes inputs of the node.
  void add_body(Node& node, const onnx::AttributeProto& attribute, std::vector<std::string>& inputs,
                Scope& scope) {
    const onnx::GraphProto& proto = attribute.g();
    Target target(path_);
    Scope inner;
    inner.outer = &scope;
    inner.own_target = true;
    inner.target = &target;
    inner.opsets = scope.opsets;
    inner.prefix = prefix_of(node, {});
    for (const auto& tensor : proto.initializer())
      inner.names.emplace(tensor.name(), unique(inner.prefix + tensor.name()));
    std::vector<std::string> own;
    for (const auto& input : proto.input()) {
      check_name(input.name());
      own.push_back(unique(inner.prefix + input.name()));
      if (!inner.names.emplace(input.name(), own.back()).second)
        throw InputError(path_, describe(node) + " has an inner graph whose input \"" +
                                    input.name() + "\" is there twice");
    }
    name_outputs(proto.node(), inner);
    for (const std::string& name : own) target.graph.add_input(name, "inner", false, {});
    add_initialisers(proto, inner);
    for (const auto& n : proto.node()) add_node(n, inner);
    for (const auto& output : proto.output()) {
      check_name(output.name());
      const std::string name = unique(inner.prefix + "output/" + output.name());
      add_identity(read(inner, output.name()), name, name, inner);
      target.graph.add_output(name);
    }
    for (const Target::Captured& captured : target.captured) {
      target.graph.add_input(captured.name, std::string(kOuterInput), false, {});
      // Of a graph further out: this one reads it from there too.
      inputs.push_back(captured.from > 1 ? capture(*scope.target, captured.name, captured.from - 1)
                                         : captured.name);
    }
    target.graph.finish();
    node.attributes[attribute.name()] = std::make_shared<const Graph>(std::move(target.graph));
  }

  // A constant condition, else undefined.
  at::Tensor condition_of(const Graph& graph, const std::string& name) {
    const ValueId id = graph.find(name);
    if (id == kNoValue) return {};
    if (!graph.constant(id) && ++conditions_ > kMostConditions) return {};
    return constant_value(graph, id);
  }

  const std::string& path_;
  const onnx::ModelProto& model_;
  OnnxTensorReader& tensors_;
  OnnxFunctions functions_;
  OpsetVersions opsets_;
  std::unordered_set<std::string> used_;  // names of values, in all graphs
  std::size_t nodes_ = 0, bytes_ = 0;
  int calls_ = 0, conditions_ = 0;
};

}  // namespace

Graph graph_of(const std::string& path, const onnx::ModelProto& model, OnnxTensorReader& tensors) {
  return Builder(path, model, tensors).build();
}

}  // namespace assay::network
