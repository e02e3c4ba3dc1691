#include "assay/network/onnx_function.h"

#include <google/protobuf/unknown_field_set.h>

namespace assay::network {

namespace {

// The length-delimited fields of number `wanted` among those that protobuf does not know.
std::vector<std::string> texts_of(const google::protobuf::UnknownFieldSet& fields, int wanted) {
  std::vector<std::string> found;
  for (int i = 0; i < fields.field_count(); ++i)
    if (const auto& field = fields.field(i);
        field.number() == wanted &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(field.length_delimited());
  return found;
}

std::string domain_of(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

// onnx.proto: NodeProto.overload is field 8, FunctionProto.overload 13, attribute_proto 11.
template <class Message>
std::string overload_of(const Message& message, int field) {
  if constexpr (requires { message.overload(); }) {
    return message.overload();
  } else {
    const auto found = texts_of(message.unknown_fields(), field);
    return found.empty() ? "" : found.back();
  }
}

template <class Function>
std::vector<onnx::AttributeProto> defaults_of(const Function& function) {
  if constexpr (requires { function.attribute_proto(); }) {
    return {function.attribute_proto().begin(), function.attribute_proto().end()};
  } else {
    std::vector<onnx::AttributeProto> defaults;
    for (const std::string& bytes : texts_of(function.unknown_fields(), 11))
      if (!defaults.emplace_back().ParseFromString(bytes)) defaults.pop_back();
    return defaults;
  }
}

}  // namespace

OpsetVersions opset_versions(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports) {
  OpsetVersions versions;
  for (const auto& import : imports) versions[domain_of(import.domain())] = import.version();
  return versions;
}

OnnxFunctions functions_of(const onnx::ModelProto& model) {
  OnnxFunctions functions;
  for (const auto& function : model.functions())
    functions[domain_of(function.domain()) + ":" + function.name() + ":" +
              overload_of(function, 13)] = {&function, opset_versions(function.opset_import()),
                                            defaults_of(function)};
  return functions;
}

std::string function_key(const onnx::NodeProto& node) {
  return domain_of(node.domain()) + ":" + node.op_type() + ":" + overload_of(node, 8);
}

}  // namespace assay::network
