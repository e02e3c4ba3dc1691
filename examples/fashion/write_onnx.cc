#include <fcntl.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <fstream>

#include "assay/base/error.h"
#include "model.h"
#include "network.h"

namespace fashion {

namespace {

constexpr int kOpset = 13;

struct Writing {
  using Value = std::string;  // the name of a graph value
  const Parameters& p;
  onnx::GraphProto& graph;

  onnx::NodeProto& node(const std::string& op, const std::string& name,
                        const std::vector<std::string>& inputs) const {
    onnx::NodeProto& n = *graph.add_node();
    n.set_op_type(op);
    n.set_name(name);
    for (const auto& input : inputs) n.add_input(input);
    n.add_output(name);
    return n;
  }
  std::string initialiser(const std::string& name) const {
    const at::Tensor t = p.at(name).detach().contiguous();
    onnx::TensorProto& out = *graph.add_initializer();
    out.set_name(name);
    out.set_data_type(onnx::TensorProto::FLOAT);
    for (const auto size : t.sizes()) out.add_dims(size);
    out.set_raw_data(t.data_ptr<float>(), sizeof(float) * t.numel());
    return name;
  }
  static void set_ints(onnx::NodeProto& n, const std::string& name, std::vector<int> values) {
    onnx::AttributeProto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (const int v : values) a.add_ints(v);
  }
  static void set_int(onnx::NodeProto& n, const std::string& name, int value) {
    onnx::AttributeProto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }

  // Two values may come out of one input (a block and its shortcut), so nodes are named after what
  // they are.
  Value unnamed(const std::string& op, const std::vector<std::string>& inputs) const {
    const std::string name = op + "_" + std::to_string(graph.node_size());
    node(op, name, inputs);
    return name;
  }

  Value conv(const Value& x, const std::string& name, Convolution c) const {
    onnx::NodeProto& n = node("Conv", name, {x, initialiser(name + ".weight")});
    const int pad = c.size / 2;
    set_ints(n, "kernel_shape", {c.size, c.size});
    set_ints(n, "pads", {pad, pad, pad, pad});
    set_ints(n, "strides", {c.stride, c.stride});
    return name;
  }
  Value batch_norm(const Value& x, const std::string& name, int) const {
    onnx::NodeProto& n =
        node("BatchNormalization", name,
             {x, initialiser(name + ".weight"), initialiser(name + ".bias"),
              initialiser(name + ".running_mean"), initialiser(name + ".running_var")});
    onnx::AttributeProto& a = *n.add_attribute();
    a.set_name("epsilon");
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(1e-5f);
    return name;
  }
  Value relu(const Value& x) const { return unnamed("Relu", {x}); }
  Value add(const Value& a, const Value& b) const { return unnamed("Add", {a, b}); }
  Value pool(const Value& x) const {
    return unnamed("Flatten", {unnamed("GlobalAveragePool", {x})});
  }
  Value linear(const Value& x, const std::string& name, int, int) const {
    onnx::NodeProto& n =
        node("Gemm", "logits", {x, initialiser(name + ".weight"), initialiser(name + ".bias")});
    set_int(n, "transB", 1);
    return "logits";
  }
};

void declare(onnx::ValueInfoProto& value, const std::string& name, const std::vector<int>& sizes) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const int size : sizes) type.mutable_shape()->add_dim()->set_dim_value(size);
}

}  // namespace

void write_onnx(const Parameters& parameters, const std::string& file) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("assay fashion-train");
  model.add_opset_import()->set_version(kOpset);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("fashion");
  declare(*graph.add_input(), "picture", {1, kSide, kSide});
  Writing writing{parameters, graph};
  declare(*graph.add_output(), residual_network(writing, std::string("picture")), {kClasses});

  onnx::checker::check_model(model);
  std::ofstream out(file, std::ios::binary);
  if (!model.SerializeToOstream(&out) || !out.flush())
    throw assay::InputError(file, "cannot be written");
}

}  // namespace fashion
