// Functions that an ONNX file defines, by the name under which nodes call them.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

namespace assay::network {

using OpsetVersions = std::map<std::string, std::int64_t>;  // by domain; "" is ONNX's own
OpsetVersions opset_versions(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports);

struct OnnxFunction {
  const onnx::FunctionProto* proto = nullptr;
  OpsetVersions opsets;
  std::vector<onnx::AttributeProto> defaults;  // of its attributes
};

// By "domain:name:overload". Debian 12's onnx.proto knows neither overloads nor defaults: there
// they are read from the fields that it leaves unknown.
using OnnxFunctions = std::map<std::string, OnnxFunction>;
OnnxFunctions functions_of(const onnx::ModelProto& model);
std::string function_key(const onnx::NodeProto& node);

}  // namespace assay::network
