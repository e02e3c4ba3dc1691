#include "assay/network/onnx_writer.h"

#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/torch.h"

namespace assay::network {

namespace {

using onnx::TensorProto;

TensorProto::DataType onnx_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return TensorProto::FLOAT;
    case at::kByte:
      return TensorProto::UINT8;
    case at::kChar:
      return TensorProto::INT8;
    case at::kShort:
      return TensorProto::INT16;
    case at::kInt:
      return TensorProto::INT32;
    case at::kLong:
      return TensorProto::INT64;
    case at::kBool:
      return TensorProto::BOOL;
    case at::kDouble:
      return TensorProto::DOUBLE;
    default:
      throw BugError(std::string("a graph holds a constant of type ") + c10::toString(type));
  }
}

// "float32" as a GraphInput says it.
TensorProto::DataType onnx_type(const std::string& name) {
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "FLOAT32") return TensorProto::FLOAT;
  if (upper == "FLOAT64") return TensorProto::DOUBLE;
  TensorProto::DataType type = TensorProto::UNDEFINED;
  if (!onnx::TensorProto_DataType_Parse(upper, &type))
    throw BugError("an input is of type " + name);
  return type;
}

bool is_computed_as_float(std::int64_t type) {
  return type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16 ||
         type == TensorProto::DOUBLE;
}

class Writer {
 public:
  Writer(const Graph& graph, std::string path, const OnnxWriteOptions& options)
      : graph_(graph), path_(std::move(path)), options_(options) {}

  void write() {
    model_.set_ir_version(8);
    model_.set_producer_name("assay");
    model_.mutable_graph()->set_name("classifier");
    for (const ValueId id : used_constants(graph_)) bytes_ += graph_.constant(id)->nbytes();
    Scope scope{graph_, *model_.mutable_graph(), {}};
    for (const GraphInput& input : graph_.inputs()) add_input(input, scope);
    add_contents(scope);
    for (const auto& [domain, version] : opsets_) {
      auto& opset = *model_.add_opset_import();
      opset.set_domain(domain);
      opset.set_version(version);
    }
    infer_outputs();
    // The data first: a model without its data is worse than data without a model.
    if (external()) write_file(path_ + ".data", data_);
    write_file(path_, model_.SerializeAsString());
  }

 private:
  // The graph, or an inner graph of a node with control flow.
  struct Scope {
    const Graph& graph;
    onnx::GraphProto& to;
    std::map<ValueId, std::string> renamed;  // what is read instead of a value's own name

    std::string name(ValueId id) const {
      if (id == kNoValue) return "";
      const auto other = renamed.find(id);
      return other == renamed.end() ? graph.name(id) : other->second;
    }
  };

  bool external() const { return bytes_ > static_cast<std::size_t>(options_.inline_bytes); }

  void add_contents(Scope& scope) {
    for (const ValueId id : used_constants(scope.graph))
      fill(*scope.to.add_initializer(), *scope.graph.constant(id), scope.graph.name(id));
    for (const Node& node : scope.graph.nodes()) add_node(node, scope);
    for (const ValueId id : scope.graph.outputs())
      scope.to.add_output()->set_name(scope.graph.name(id));
  }

  // A constant that a changed one replaced is read by nobody, and stays behind.
  static std::vector<ValueId> used_constants(const Graph& graph) {
    std::vector<bool> used(static_cast<std::size_t>(graph.value_count()), false);
    for (const Node& node : graph.nodes())
      for (const ValueId id : node.inputs)
        if (id != kNoValue) used[static_cast<std::size_t>(id)] = true;
    for (const ValueId id : graph.outputs()) used[static_cast<std::size_t>(id)] = true;
    std::vector<ValueId> ids;
    for (ValueId id = 0; id < graph.value_count(); ++id)
      if (used[static_cast<std::size_t>(id)] && graph.constant(id)) ids.push_back(id);
    return ids;
  }

  // A name that the graph does not have yet.
  std::string fresh(std::string name) const {
    while (graph_.find(name) != kNoValue) name += "'";
    return name;
  }

  void add_input(const GraphInput& input, Scope& scope) {
    auto& in = *scope.to.add_input();
    in.set_name(graph_.name(input.value));
    auto& tensor = *in.mutable_type()->mutable_tensor_type();
    const TensorProto::DataType type = onnx_type(input.type);
    tensor.set_elem_type(type);
    if (input.has_shape) set_shape(tensor, input.shape);
    if (!is_computed_as_float(type)) return;
    const std::string wide = fresh(in.name() + "/float32");
    scope.renamed[input.value] = wide;
    auto& cast = *scope.to.add_node();
    cast.set_op_type("Cast");
    cast.set_name(wide);
    cast.add_input(in.name());
    cast.add_output(wide);
    auto& to = *cast.add_attribute();
    to.set_name("to");
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(TensorProto::FLOAT);
  }

  static void set_shape(onnx::TypeProto::Tensor& tensor, const std::vector<std::int64_t>& shape) {
    tensor.mutable_shape()->clear_dim();
    for (std::size_t d = 0; d < shape.size(); ++d) {
      auto& dim = *tensor.mutable_shape()->add_dim();
      if (shape[d] == kFree)
        dim.set_dim_param("d" + std::to_string(d));
      else
        dim.set_dim_value(shape[d]);
    }
  }

  void fill(TensorProto& to, const at::Tensor& tensor, const std::string& name) {
    const at::Tensor items = tensor.detach().to(at::kCPU).contiguous();
    to.set_name(name);
    to.set_data_type(onnx_type(items.scalar_type()));
    for (const std::int64_t d : items.sizes()) to.add_dims(d);
    const auto* first = static_cast<const char*>(items.data_ptr());
    const auto size = static_cast<std::size_t>(items.numel()) * items.element_size();
    if (!external()) {
      to.set_raw_data(first, size);
      return;
    }
    to.set_data_location(TensorProto::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      auto& e = *to.add_external_data();
      e.set_key(key);
      e.set_value(value);
    };
    entry("location", std::filesystem::path(path_).filename().string() + ".data");
    entry("offset", std::to_string(data_.size()));
    entry("length", std::to_string(size));
    data_.append(first, size);
  }

  void add_node(const Node& node, const Scope& scope) {
    auto& to = *scope.to.add_node();
    to.set_op_type(node.op);
    to.set_name(node.name);
    if (!node.domain.empty()) to.set_domain(node.domain);
    use_opset(node);
    const std::vector<const Graph*> bodies = bodies_of(node);
    std::size_t own = node.inputs.size();
    for (const Graph* body : bodies) own -= outer_inputs(*body).size();
    for (std::size_t i = 0; i < own; ++i) to.add_input(scope.name(node.inputs[i]));
    while (to.input_size() > 0 && to.input(to.input_size() - 1).empty())
      to.mutable_input()->RemoveLast();
    for (const ValueId id : node.outputs) to.add_output(id == kNoValue ? "" : scope.graph.name(id));
    // The reader notes what older forms say otherwise; the form that is written has no such key.
    const auto* form = onnx::OpSchemaRegistry::Schema(node.op, node.opset, node.domain);
    for (const auto& [name, value] : node.attributes)
      if (!form || form->attributes().count(name)) add_attribute(to, name, value);
    // What the bodies read from around them is known there by the names that it has here.
    auto from = node.inputs.begin() + static_cast<std::ptrdiff_t>(own);
    for (const Graph* body : bodies) {
      std::map<ValueId, std::string> renamed;
      for (const ValueId id : outer_inputs(*body)) renamed[id] = scope.name(*from++);
      for (auto& a : *to.mutable_attribute())
        if (const auto value = node.attributes.find(a.name());
            std::holds_alternative<GraphPointer>(value->second) &&
            std::get<GraphPointer>(value->second).get() == body)
          add_body(*body, std::move(renamed), *a.mutable_g());
    }
  }

  void use_opset(const Node& node) {
    const auto [known, is_new] = opsets_.emplace(node.domain, node.opset);
    if (!is_new && node.opset != known->second)
      throw InputError(path_, "cannot be written: the network mixes versions " +
                                  std::to_string(known->second) + " and " +
                                  std::to_string(node.opset) + " of an operator set");
  }

  // In the order in which the node's inputs list what they read.
  static std::vector<const Graph*> bodies_of(const Node& node) {
    if (node.has("then_branch"))
      return {node.body("then_branch").get(), node.body("else_branch").get()};
    std::vector<const Graph*> bodies;
    for (const auto& [name, value] : node.attributes)
      if (const auto* body = std::get_if<GraphPointer>(&value)) bodies.push_back(body->get());
    return bodies;
  }

  static std::vector<ValueId> outer_inputs(const Graph& body) {
    std::vector<ValueId> ids;
    for (const GraphInput& input : body.inputs())
      if (input.type == kOuterInput) ids.push_back(input.value);
    return ids;
  }

  void add_body(const Graph& body, std::map<ValueId, std::string> renamed, onnx::GraphProto& to) {
    to.set_name("body");
    Scope scope{body, to, std::move(renamed)};
    for (const GraphInput& input : body.inputs())
      if (input.type != kOuterInput) to.add_input()->set_name(body.name(input.value));
    add_contents(scope);
  }

  void add_attribute(onnx::NodeProto& node, const std::string& name, const Attribute& value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    if (const auto* i = std::get_if<std::int64_t>(&value)) {
      a.set_type(onnx::AttributeProto::INT);
      const bool is_type = (node.op_type() == "Cast" && name == "to") || name == "dtype";
      a.set_i(is_type && is_computed_as_float(*i) ? std::int64_t{TensorProto::FLOAT} : *i);
    } else if (const auto* f = std::get_if<float>(&value)) {
      a.set_type(onnx::AttributeProto::FLOAT);
      a.set_f(*f);
    } else if (const auto* s = std::get_if<std::string>(&value)) {
      a.set_type(onnx::AttributeProto::STRING);
      a.set_s(*s);
    } else if (const auto* is = std::get_if<std::vector<std::int64_t>>(&value)) {
      a.set_type(onnx::AttributeProto::INTS);
      for (const std::int64_t v : *is) a.add_ints(v);
    } else if (const auto* fs = std::get_if<std::vector<float>>(&value)) {
      a.set_type(onnx::AttributeProto::FLOATS);
      for (const float v : *fs) a.add_floats(v);
    } else if (const auto* ss = std::get_if<std::vector<std::string>>(&value)) {
      a.set_type(onnx::AttributeProto::STRINGS);
      for (const std::string& v : *ss) a.add_strings(v);
    } else if (std::holds_alternative<GraphPointer>(value)) {
      a.set_type(onnx::AttributeProto::GRAPH);  // filled by add_node
    } else {
      const at::Tensor t = std::get<TensorPointer>(value)->detach().contiguous();
      a.set_type(onnx::AttributeProto::TENSOR);
      a.mutable_t()->set_data_type(onnx_type(t.scalar_type()));
      for (const std::int64_t d : t.sizes()) a.mutable_t()->add_dims(d);
      a.mutable_t()->set_raw_data(t.data_ptr(),
                                  static_cast<std::size_t>(t.numel()) * t.element_size());
    }
  }

  // The format wants every output's type and rank: inferred, else as the file that was read had them.
  void infer_outputs() {
    try {
      const onnx::ShapeInferenceOptions with_arithmetic(false, 0, true);
      onnx::shape_inference::InferShapes(model_, onnx::OpSchemaRegistry::Instance(),
                                         with_arithmetic);
    } catch (const std::exception&) {  // operators that ONNX itself does not know
    }
    model_.mutable_graph()->clear_value_info();
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      auto& tensor = *model_.mutable_graph()
                          ->mutable_output(static_cast<int>(i))
                          ->mutable_type()
                          ->mutable_tensor_type();
      if (tensor.elem_type() == TensorProto::UNDEFINED) tensor.set_elem_type(TensorProto::FLOAT);
      if (!tensor.has_shape() && !graph_.output_shape(i).empty())
        set_shape(tensor, graph_.output_shape(i));
    }
  }

  const Graph& graph_;
  const std::string path_;
  const OnnxWriteOptions options_;
  onnx::ModelProto model_;
  std::map<std::string, int> opsets_;
  std::size_t bytes_ = 0;  // of the graph's own constants
  std::string data_;       // of FILE.data
};

}  // namespace

void write_onnx(const Graph& graph, const std::string& path, const OnnxWriteOptions& options) {
  Writer(graph, path, options).write();
}

}  // namespace assay::network
