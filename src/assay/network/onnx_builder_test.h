// Small ONNX files for tests, made through the protobuf classes that the reader reads with.
#pragma once

#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace assay::network {

using Dims = std::vector<std::int64_t>;

// A folder of the test's own, gone when the test ends.
class TestFolder {
 public:
  explicit TestFolder(const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
    static int count = 0;
    path_ = in / ("assay_network_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline void set(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::INT);
  a.set_i(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, float value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::FLOAT);
  a.set_f(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::STRING);
  a.set_s(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, const Dims& values) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t v : values) a.add_ints(v);
}

inline onnx::TensorProto float_tensor(const std::string& name, const Dims& dims,
                                      const std::vector<float>& values) {
  onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t d : dims) t.add_dims(d);
  t.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
  return t;
}
inline onnx::TensorProto int_tensor(const std::string& name, const Dims& dims, const Dims& values) {
  onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::INT64);
  for (const std::int64_t d : dims) t.add_dims(d);
  for (const std::int64_t v : values) t.add_int64_data(v);
  return t;
}

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int opset = 17) {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
  }
  // A size of -1 is left open.
  OnnxBuilder& input(const std::string& name, const Dims& dims,
                     int type = onnx::TensorProto::FLOAT) {
    auto& in = *model.mutable_graph()->add_input();
    in.set_name(name);
    auto& tensor = *in.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    for (const std::int64_t d : dims) {
      auto& dim = *tensor.mutable_shape()->add_dim();
      if (d < 0)
        dim.set_dim_param("N");
      else
        dim.set_dim_value(d);
    }
    return *this;
  }
  OnnxBuilder& output(const std::string& name) {
    auto& out = *model.mutable_graph()->add_output();
    out.set_name(name);
    out.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    return *this;
  }
  OnnxBuilder& floats(const std::string& name, const Dims& dims, const std::vector<float>& values) {
    *model.mutable_graph()->add_initializer() = float_tensor(name, dims, values);
    return *this;
  }
  OnnxBuilder& ints(const std::string& name, const Dims& dims, const Dims& values) {
    *model.mutable_graph()->add_initializer() = int_tensor(name, dims, values);
    return *this;
  }
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    auto& n = *model.mutable_graph()->add_node();
    n.set_op_type(op);
    n.set_name(op + "_of_" + (outputs.empty() ? "nothing" : outputs[0]));
    for (const std::string& name : inputs) n.add_input(name);
    for (const std::string& name : outputs) n.add_output(name);
    return n;
  }
  std::string bytes() const { return model.SerializeAsString(); }
  std::string write(const TestFolder& folder, const std::string& name = "model.onnx") const {
    return folder.write(name, bytes());
  }

  onnx::ModelProto model;
};

}  // namespace assay::network
