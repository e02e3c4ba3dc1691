#include "assay/network/onnx_reader.h"

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include <fstream>
#include <limits>
#include <map>
#include <unordered_set>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/onnx_tensor.h"
#include "assay/network/sha256.h"

namespace assay::network {

namespace {

constexpr int kOldestOpset = 7, kNewestOpset = 21;
constexpr std::uint64_t kLargestFile = std::numeric_limits<int>::max();  // protobuf's own limit
constexpr int kDeepestNesting = 64;

void check_start(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) throw InputError(path, "is empty, wanted an ONNX model");
  if (bytes.compare(0, 4, "PK\x03\x04") == 0)
    throw InputError(path, "is a zip archive, wanted an ONNX model");
  if (bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5)
    throw InputError(path,
                     "is a Python pickle, perhaps a PyTorch state_dict, which holds weights but no "
                     "network; export the model to ONNX");
}

onnx::ModelProto parse(const std::string& path, const std::string& bytes) {
  onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  stream.SetRecursionLimit(kDeepestNesting);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    throw InputError(path, "is not an ONNX model, or is damaged (the file has " +
                               std::to_string(bytes.size()) + " bytes)");
  return model;
}

// Puts one parsed model into a graph.
class Builder {
 public:
  Builder(const std::string& path, const onnx::ModelProto& model)
      : path_(path), model_(model), tensors_(path), graph_(path) {}

  Graph build() {
    read_opsets();
    check_kind();
    const onnx::GraphProto& graph = model_.graph();
    for (const auto& tensor : graph.initializer()) {
      check_name(tensor.name());
      graph_.add_constant(tensor.name(),
                          tensors_.read(tensor, "initialiser \"" + tensor.name() + "\""));
    }
    for (const auto& input : graph.input()) {
      check_name(input.name());
      // Up to IR version 3 every initialiser was listed as an input too.
      const ValueId known = graph_.find(input.name());
      if (known == kNoValue || !graph_.constant(known)) add_input(input);
    }
    for (const auto& node : graph.node()) add_node(node);
    for (const auto& output : graph.output()) {
      check_name(output.name());
      graph_.add_output(output.name());
    }
    if (graph.output_size() == 0) throw InputError(path_, "the model has no output");
    graph_.finish();
    return std::move(graph_);
  }

  const std::set<std::filesystem::path>& external_files() const {
    return tensors_.external_files();
  }

 private:
  void read_opsets() {
    for (const auto& opset : model_.opset_import()) {
      const std::string domain = opset.domain() == "ai.onnx" ? "" : opset.domain();
      opsets_[domain] = opset.version();
    }
    if (!model_.has_graph()) throw InputError(path_, "holds no network (not an ONNX model?)");
    if (!opsets_.count(""))
      throw InputError(path_, "does not say which version of ONNX's operators it uses");
    const std::int64_t version = opsets_[""];
    if (version < kOldestOpset || version > kNewestOpset)
      throw InputError(path_, "uses version " + std::to_string(version) +
                                  " of ONNX's operators; versions " + std::to_string(kOldestOpset) +
                                  " to " + std::to_string(kNewestOpset) + " are read");
  }

  void check_kind() const {
    if (model_.training_info_size() > 0)
      throw InputError(path_, "holds training information; wanted a model for inference");
    if (model_.functions_size() > 0)
      throw InputError(path_, "defines functions of its own (\"" + model_.functions(0).name() +
                                  "\"); export it with them inlined");
    if (model_.graph().sparse_initializer_size() > 0)
      throw InputError(path_, "holds sparse initialisers, which are not supported");
  }

  // Names go into messages and reports, which are lines.
  void check_name(const std::string& name) const {
    for (const char c : name)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        throw InputError(path_, "is damaged: a name holds control characters");
  }

  void add_input(const onnx::ValueInfoProto& input) {
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
    std::vector<std::int64_t> shape;
    for (const auto& dim : tensor.shape().dim())
      shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : kFree);
    graph_.add_input(input.name(), type, tensor.has_shape(), std::move(shape));
  }

  void add_node(const onnx::NodeProto& proto) {
    check_name(proto.name());
    check_name(proto.op_type());
    check_name(proto.domain());
    const std::vector<std::string> inputs(proto.input().begin(), proto.input().end());
    const std::vector<std::string> outputs(proto.output().begin(), proto.output().end());
    for (const std::string& name : inputs) check_name(name);
    for (const std::string& name : outputs) check_name(name);
    Node node;
    node.name = proto.name();
    node.op = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    if (const auto it = opsets_.find(node.domain); it != opsets_.end())
      node.opset = static_cast<int>(it->second);
    else
      throw InputError(path_, describe(node) + " is of domain \"" + node.domain +
                                  "\", whose version the file does not say");
    for (const auto& attribute : proto.attribute()) add_attribute(node, attribute);
    if (node.domain.empty() && node.op == "Constant") {
      if (outputs.size() != 1) throw InputError(path_, describe(node) + " must have one output");
      graph_.add_constant(outputs[0], constant_of(node));
      return;
    }
    graph_.add_node(std::move(node), inputs, outputs);
  }

  void add_attribute(Node& node, const onnx::AttributeProto& a) {
    check_name(a.name());
    const std::string what = "attribute \"" + a.name() + "\" of " + describe(node);
    auto& values = node.attributes;
    switch (a.type()) {
      case onnx::AttributeProto::INT:
        values[a.name()] = static_cast<std::int64_t>(a.i());
        break;
      case onnx::AttributeProto::FLOAT:
        values[a.name()] = a.f();
        break;
      case onnx::AttributeProto::STRING:
        values[a.name()] = a.s();
        break;
      case onnx::AttributeProto::INTS:
        values[a.name()] = std::vector<std::int64_t>(a.ints().begin(), a.ints().end());
        break;
      case onnx::AttributeProto::FLOATS:
        values[a.name()] = std::vector<float>(a.floats().begin(), a.floats().end());
        break;
      case onnx::AttributeProto::STRINGS:
        values[a.name()] = std::vector<std::string>(a.strings().begin(), a.strings().end());
        break;
      case onnx::AttributeProto::TENSOR:
        values[a.name()] = std::make_shared<const at::Tensor>(tensors_.read(a.t(), what));
        break;
      case onnx::AttributeProto::SPARSE_TENSOR:
      case onnx::AttributeProto::SPARSE_TENSORS:
        throw InputError(path_, what + " is a sparse tensor, which is not supported");
      case onnx::AttributeProto::UNDEFINED:
        throw InputError(path_, what + " has no type");
      default:
        break;  // inner graphs and the like: their operators are not supported, which is said of
                // them all together
    }
  }

  at::Tensor constant_of(const Node& node) const {
    try {
      if (const TensorPointer value = node.tensor("value")) return *value;
      if (node.has("value_float"))
        return at::scalar_tensor(node.number("value_float", 0), at::kFloat);
      if (node.has("value_floats")) return at::tensor(node.numbers("value_floats"), at::kFloat);
      if (node.has("value_int")) return at::scalar_tensor(node.integer("value_int", 0), at::kLong);
      if (node.has("value_ints")) return at::tensor(node.integers("value_ints"), at::kLong);
    } catch (const InputError& error) {
      throw InputError(path_, error.what());
    }
    throw InputError(path_, describe(node) + " holds no tensor or number");
  }

  const std::string& path_;
  const onnx::ModelProto& model_;
  OnnxTensorReader tensors_;
  Graph graph_;
  std::map<std::string, std::int64_t> opsets_;  // version by domain
};

}  // namespace

OnnxModel read_onnx(const std::string& path) {
  std::string bytes = read_file(path, kLargestFile);
  check_start(path, bytes);
  Sha256 sha256;
  sha256.add(bytes);
  const onnx::ModelProto model = parse(path, bytes);
  bytes = std::string();  // a copy less while the tensors are made
  Builder builder(path, model);
  OnnxModel result;
  try {
    result.graph = std::make_shared<const Graph>(builder.build());
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw InputError(path, "is damaged: " + text.substr(0, text.find('\n')));
  } catch (const std::bad_alloc&) {
    throw InputError(path, "does not fit into memory");
  }
  for (const auto& file : builder.external_files()) sha256.add(read_file(file.string()));
  result.sha256 = sha256.hex();
  return result;
}

}  // namespace assay::network
