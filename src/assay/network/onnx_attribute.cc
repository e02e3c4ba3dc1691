#include "assay/network/onnx_attribute.h"

#include <onnx/onnx_pb.h>

#include "assay/base/error.h"

namespace assay::network {

std::optional<Attribute> attribute_of(const std::string& path, const std::string& what,
                                      const onnx::AttributeProto& proto,
                                      OnnxTensorReader& tensors) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return static_cast<std::int64_t>(proto.i());
    case onnx::AttributeProto::FLOAT:
      return proto.f();
    case onnx::AttributeProto::STRING:
      return proto.s();
    case onnx::AttributeProto::INTS:
      return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case onnx::AttributeProto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    case onnx::AttributeProto::TENSOR:
      return std::make_shared<const at::Tensor>(tensors.read(proto.t(), what));
    case onnx::AttributeProto::SPARSE_TENSOR:
    case onnx::AttributeProto::SPARSE_TENSORS:
      throw InputError(path, what + " is a sparse tensor, which is not supported");
    case onnx::AttributeProto::UNDEFINED:
      throw InputError(path, what + " has no type");
    default:
      return std::nullopt;  // types and the like: that their operators are not supported is said of
                            // them all together
  }
}

at::Tensor constant_of(const std::string& path, const Node& node) {
  try {
    if (const TensorPointer value = node.tensor("value")) return *value;
    if (node.has("value_float"))
      return at::scalar_tensor(node.number("value_float", 0), at::kFloat);
    if (node.has("value_floats")) return at::tensor(node.numbers("value_floats"), at::kFloat);
    if (node.has("value_int")) return at::scalar_tensor(node.integer("value_int", 0), at::kLong);
    if (node.has("value_ints")) return at::tensor(node.integers("value_ints"), at::kLong);
  } catch (const InputError& error) {
    throw InputError(path, error.what());
  }
  throw InputError(path, describe(node) + " holds no tensor or number");
}

}  // namespace assay::network
