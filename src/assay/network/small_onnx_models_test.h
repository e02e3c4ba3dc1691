// Small ONNX models of every kind of file that is read, for the tests of damaged files and as seeds
// for fuzzing. Each takes [N,3,8,8] float32 and gives [N,4].
#pragma once

#include <cmath>

#include "assay/network/onnx_builder_test.h"

namespace assay::network {

struct SmallModel {
  std::string name, bytes;
};

// Numbers without a pattern, the same each time.
inline std::vector<float> weights(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) * 12.9898 + 1) * 0.4);
  return values;
}

inline OnnxBuilder convolutional_model() {
  OnnxBuilder b(13);
  b.input("x", {-1, 3, 8, 8}).floats("w", {4, 3, 3, 3}, weights(108)).floats("v", {4}, weights(4));
  b.floats("mean", {4}, weights(4)).floats("var", {4}, {1, 2, 3, 4});
  b.floats("w2", {4, 4, 1, 1}, weights(16)).floats("head", {4, 4}, weights(16));
  set(b.node("Conv", {"x", "w", "v"}, {"c"}), "pads", Dims{1, 1, 1, 1});
  b.node("BatchNormalization", {"c", "v", "v", "mean", "var"}, {"n"});
  b.node("Relu", {"n"}, {"r"});
  auto& pool = b.node("MaxPool", {"r"}, {"p"});
  set(pool, "kernel_shape", Dims{2, 2});
  set(pool, "strides", Dims{2, 2});
  b.node("Conv", {"p", "w2"}, {"d"});
  b.node("Add", {"d", "p"}, {"a"});
  b.node("GlobalAveragePool", {"a"}, {"g"});
  set(b.node("Flatten", {"g"}, {"f"}), "axis", std::int64_t{1});
  set(b.node("Gemm", {"f", "head", "v"}, {"z"}), "transB", std::int64_t{1});
  set(b.node("Softmax", {"z"}, {"y"}), "axis", std::int64_t{1});
  return b.output("y");
}

inline OnnxBuilder attention_model() {
  OnnxBuilder b(17);
  b.input("x", {-1, 3, 8, 8}).ints("tokens", {3}, {0, 12, 16}).ints("one", {1}, {1});
  b.floats("q", {16, 16}, weights(256))
      .floats("s", {16}, weights(16))
      .floats("h", {16, 4}, weights(64));
  b.floats("half", {}, {0.5}).floats("unit", {}, {1});
  b.node("Reshape", {"x", "tokens"}, {"t"});
  b.node("LayerNormalization", {"t", "s", "s"}, {"n"});
  b.node("MatMul", {"n", "q"}, {"k"});
  set(b.node("Transpose", {"k"}, {"kt"}), "perm", Dims{0, 2, 1});
  b.node("MatMul", {"n", "kt"}, {"scores"});
  set(b.node("Softmax", {"scores"}, {"weights"}), "axis", std::int64_t{-1});
  set(b.node("Einsum", {"weights", "k"}, {"mixed"}), "equation", std::string("bij,bjd->bid"));
  b.node("Erf", {"mixed"}, {"e"});
  b.node("Add", {"e", "unit"}, {"e1"});
  b.node("Mul", {"mixed", "e1"}, {"m"});
  b.node("Mul", {"m", "half"}, {"gelu"});
  auto& mean = b.node("ReduceMean", {"gelu"}, {"pooled"});
  set(mean, "axes", Dims{1});
  set(mean, "keepdims", std::int64_t{0});
  b.node("MatMul", {"pooled", "h"}, {"y"});
  return b.output("y");
}

// Shape arithmetic and everything that makes tensors out of sizes.
inline OnnxBuilder sizes_model() {
  OnnxBuilder b(13);
  b.input("x", {-1, 3, 8, 8}).ints("zero", {1}, {0}).ints("minus", {1}, {-1}).ints("two", {1}, {2});
  b.ints("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1}).ints("repeats", {4}, {1, 1, 2, 1});
  b.ints("begin", {2}, {0, 0})
      .ints("end", {2}, {8, 8})
      .ints("axes", {2}, {2, 3})
      .ints("four", {}, {4});
  b.ints("from", {}, {0})
      .ints("step", {}, {1})
      .floats("scales", {4}, {1, 1, 2, 2})
      .ints("k", {1}, {4});
  b.floats("values", {2}, {0, 1}).ints("parts", {2}, {1, 2}).floats("v", {4}, weights(4));
  auto& resize = b.node("Resize", {"x", "", "scales"}, {"big"});
  set(resize, "mode", std::string("linear"));
  b.node("Pad", {"big", "pads"}, {"padded"});
  b.node("Tile", {"padded", "repeats"}, {"tiled"});
  b.node("Slice", {"tiled", "begin", "end", "axes"}, {"cut"});
  set(b.node("Split", {"cut", "parts"}, {"first", "others"}), "axis", std::int64_t{1});
  set(b.node("Concat", {"others", "first"}, {"turned"}), "axis", std::int64_t{1});
  b.node("Shape", {"turned"}, {"shape"});
  b.node("Gather", {"shape", "zero"}, {"n"});
  set(b.node("Concat", {"n", "minus"}, {"flat_shape"}), "axis", std::int64_t{0});
  b.node("Reshape", {"turned", "flat_shape"}, {"flat"});
  set(b.node("TopK", {"flat", "k"}, {"top", "places"}), "axis", std::int64_t{1});
  b.node("Range", {"from", "four", "step"}, {"range"});
  set(b.node("OneHot", {"range", "four", "values"}, {"hot"}), "axis", std::int64_t{-1});
  b.node("MatMul", {"top", "hot"}, {"picked"});
  set(b.node("Concat", {"n", "k"}, {"out_shape"}), "axis", std::int64_t{0});
  b.node("ConstantOfShape", {"out_shape"}, {"zeros"});
  b.node("Expand", {"v", "out_shape"}, {"wide"});
  b.node("Greater", {"picked", "zeros"}, {"above"});
  b.node("Where", {"above", "picked", "wide"}, {"y"});
  return b.output("y");
}

inline OnnxBuilder quantised_model() {
  OnnxBuilder b(13);
  const auto bytes = [&](const std::string& name, int type, const Dims& dims, std::size_t count) {
    onnx::TensorProto t;
    t.set_name(name);
    t.set_data_type(type);
    for (const std::int64_t d : dims) t.add_dims(d);
    std::string raw;
    for (std::size_t i = 0; i < count; ++i) raw.push_back(static_cast<char>(i * 37 % 100));
    t.set_raw_data(raw);
    *b.model.mutable_graph()->add_initializer() = t;
  };
  b.input("x", {-1, 3, 8, 8}).floats("s", {}, {0.02F});
  bytes("z", onnx::TensorProto::UINT8, {}, 1);
  bytes("zw", onnx::TensorProto::INT8, {}, 1);
  bytes("w", onnx::TensorProto::INT8, {4, 3, 3, 3}, 108);
  bytes("m", onnx::TensorProto::INT8, {4, 4}, 16);
  b.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  b.node("QLinearConv", {"q", "s", "z", "w", "s", "zw", "s", "z"}, {"c"});
  b.node("DequantizeLinear", {"c", "s", "z"}, {"d"});
  b.node("GlobalAveragePool", {"d"}, {"g"});
  b.node("Flatten", {"g"}, {"f"});
  b.node("DynamicQuantizeLinear", {"f"}, {"dq", "ds", "dz"});
  b.node("MatMulInteger", {"dq", "m", "dz", "zw"}, {"i"});
  set(b.node("Cast", {"i"}, {"fi"}), "to", std::int64_t{1});
  b.node("Mul", {"fi", "ds"}, {"y"});
  return b.output("y");
}

// A function of the file's own, an If, a Loop and a Scan.
inline OnnxBuilder control_model() {
  OnnxBuilder b(16);
  b.model.set_ir_version(8);
  auto& import = *b.model.add_opset_import();
  import.set_domain("own");
  import.set_version(1);
  auto& function = *b.model.add_functions();
  function.set_name("Twice");
  function.set_domain("own");
  function.add_input("a");
  function.add_output("b");
  function.add_opset_import()->set_version(16);
  auto& add = *function.add_node();
  add.set_op_type("Add");
  add.add_input("a");
  add.add_input("a");
  add.add_output("b");
  const auto typed = [](onnx::ValueInfoProto& info, const std::string& name) {
    info.set_name(name);
    info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  };
  const auto body = [&](onnx::NodeProto& node, const std::string& name) -> onnx::GraphProto& {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->set_name(name);
    return *attribute.mutable_g();
  };
  const auto inner = [](onnx::GraphProto& graph, const std::string& op,
                        const std::vector<std::string>& in, const std::string& out) {
    auto& node = *graph.add_node();
    node.set_op_type(op);
    for (const std::string& name : in) node.add_input(name);
    node.add_output(out);
  };
  b.input("x", {-1, 3, 8, 8}).floats("w", {3, 4}, weights(12)).floats("limit", {}, {0.5});
  b.ints("trips", {}, {3});
  b.node("GlobalAveragePool", {"x"}, {"g"});
  b.node("Flatten", {"g"}, {"f"});
  b.node("Twice", {"f"}, {"t"}).set_domain("own");
  set(b.node("ReduceMax", {"t"}, {"most"}), "keepdims", std::int64_t{0});
  b.node("Greater", {"most", "limit"}, {"high"});
  auto& choice = b.node("If", {"high"}, {"chosen"});
  auto& then_graph = body(choice, "then_branch");
  inner(then_graph, "Relu", {"t"}, "then_out");
  typed(*then_graph.add_output(), "then_out");
  auto& else_graph = body(choice, "else_branch");
  inner(else_graph, "Neg", {"t"}, "else_out");
  typed(*else_graph.add_output(), "else_out");
  auto& loop_graph = body(b.node("Loop", {"trips", "", "chosen"}, {"looped"}), "body");
  for (const char* name : {"trip", "goes_on", "carried"}) typed(*loop_graph.add_input(), name);
  inner(loop_graph, "Identity", {"goes_on"}, "still");
  inner(loop_graph, "Add", {"carried", "t"}, "more");
  typed(*loop_graph.add_output(), "still");
  typed(*loop_graph.add_output(), "more");
  auto& scan = b.node("Scan", {"looped"}, {"scanned"});
  set(scan, "num_scan_inputs", std::int64_t{1});
  auto& scan_graph = body(scan, "body");
  typed(*scan_graph.add_input(), "row");
  inner(scan_graph, "Tanh", {"row"}, "bent");
  typed(*scan_graph.add_output(), "bent");
  b.node("MatMul", {"scanned", "w"}, {"y"});
  return b.output("y");
}

inline OnnxBuilder recurrent_model() {
  OnnxBuilder b(14);
  b.input("x", {-1, 3, 8, 8}).ints("rows", {3}, {0, 24, 8}).ints("last", {}, {-1});
  b.floats("w", {1, 16, 8}, weights(128)).floats("r", {1, 16, 4}, weights(64));
  b.ints("axis", {}, {0}).ints("direction", {1}, {1});
  b.node("Reshape", {"x", "rows"}, {"t"});
  set(b.node("Transpose", {"t"}, {"time"}), "perm", Dims{1, 0, 2});
  set(b.node("LSTM", {"time", "w", "r"}, {"all", "h"}), "hidden_size", std::int64_t{4});
  b.node("CumSum", {"all", "axis"}, {"sum"});
  set(b.node("Gather", {"sum", "last"}, {"end"}), "axis", std::int64_t{0});
  b.node("Squeeze", {"end", "direction_axis"}, {"y"});
  b.ints("direction_axis", {1}, {0});
  return b.output("y");
}

inline std::vector<SmallModel> small_onnx_models() {
  return {{"convolutional", convolutional_model().bytes()},
          {"attention", attention_model().bytes()},
          {"sizes", sizes_model().bytes()},
          {"quantised", quantised_model().bytes()},
          {"control", control_model().bytes()},
          {"recurrent", recurrent_model().bytes()}};
}

}  // namespace assay::network
