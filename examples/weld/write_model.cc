#include <memory>
#include <utility>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "model.h"
#include "network.h"

namespace weld {

namespace {

using assay::network::Attribute;
using assay::network::Graph;
using assay::network::Node;

constexpr int kOpset = 13;

struct Writing {
  using Value = std::string;  // a graph value's name
  const Parameters& p;
  Graph& graph;
  int unnamed = 0;

  Value node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
             std::map<std::string, Attribute> attributes = {}) {
    Node n;
    n.name = name;
    n.op = op;
    n.opset = kOpset;
    n.attributes = std::move(attributes);
    graph.add_node(std::move(n), inputs, {name});
    return name;
  }
  Value unnamed_node(const std::string& op, const std::vector<std::string>& inputs,
                     std::map<std::string, Attribute> attributes = {}) {
    return node(op, op + "_" + std::to_string(unnamed++), inputs, std::move(attributes));
  }
  std::string constant(const std::string& name, const at::Tensor& tensor) {
    graph.add_constant(name, tensor.detach().contiguous());
    return name;
  }
  std::string parameter(const std::string& name) { return constant(name, p.at(name)); }

  Value convolved(const std::string& name, const std::vector<std::string>& inputs, Convolution c) {
    const std::int64_t pad = c.size / 2, size = c.size, stride = c.stride;
    return node("Conv", name, inputs,
                {{"kernel_shape", std::vector<std::int64_t>{size, size}},
                 {"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                 {"strides", std::vector<std::int64_t>{stride, stride}}});
  }
  Value conv(const Value& x, const std::string& name, Convolution c) {
    return convolved(name, {x, parameter(name + ".weight")}, c);
  }
  Value biased_conv(const Value& x, const std::string& name, Convolution c) {
    return convolved(name, {x, parameter(name + ".weight"), parameter(name + ".bias")}, c);
  }
  Value batch_norm(const Value& x, const std::string& name, int) {
    return node("BatchNormalization", name,
                {x, parameter(name + ".weight"), parameter(name + ".bias"),
                 parameter(name + ".running_mean"), parameter(name + ".running_var")},
                {{"epsilon", 1e-5f}});
  }
  Value relu(const Value& x) { return unnamed_node("Relu", {x}); }
  Value add(const Value& a, const Value& b) { return unnamed_node("Add", {a, b}); }
  Value pool(const Value& x) {
    return unnamed_node("Flatten", {unnamed_node("GlobalAveragePool", {x})});
  }
  Value dropout(const Value& x) {
    return unnamed_node("Dropout",
                        {x, constant("dropout.ratio", at::full({}, static_cast<float>(kDropout)))});
  }
  Value linear(const Value& x, const std::string& name, int, int) {
    return node("Gemm", "logits", {x, parameter(name + ".weight"), parameter(name + ".bias")},
                {{"transB", std::int64_t{1}}});
  }
  Value resized(const std::string& name, const Value& x,
                std::map<std::string, Attribute> attributes) {
    at::Tensor scales = at::ones({4});
    scales.slice(0, 2).fill_(2);
    return node("Resize", name, {x, "", constant(name + ".scales", scales)}, std::move(attributes));
  }
  Value nearest_twice(const Value& x) {
    return resized("Resize_" + std::to_string(unnamed++), x,
                   {{"mode", std::string("nearest")},
                    {"coordinate_transformation_mode", std::string("asymmetric")},
                    {"nearest_mode", std::string("floor")}});
  }
  Value linear_twice(const Value& x) {
    return resized("logits", x,
                   {{"mode", std::string("linear")},
                    {"coordinate_transformation_mode", std::string("half_pixel")}});
  }
};

}  // namespace

void write_model(Task task, const Parameters& parameters, const std::string& file) {
  Graph graph(file);
  graph.set_exporter("assay weld-train");
  graph.add_input("picture", "float32", /*has_shape=*/true,
                  {assay::network::kFree, 3, kNetworkSide, kNetworkSide});
  Writing writing{parameters, graph};
  const std::string picture = "picture";
  if (task == Task::kClassify)
    graph.add_output(classifier_network(writing, picture), {assay::network::kFree, 6});
  else
    graph.add_output(segmentation_network(writing, picture),
                     {assay::network::kFree, 2, kNetworkSide, kNetworkSide});
  graph.finish();
  assay::network::write_onnx(graph, file);
}

}  // namespace weld
