// An ONNX node's attributes as the graph keeps them.
#pragma once

#include <optional>
#include <string>

#include "assay/network/graph.h"
#include "assay/network/onnx_tensor.h"

namespace onnx {
class AttributeProto;
}

namespace assay::network {

// None for kinds that no supported operator reads; inner graphs are the reader's own. `what` names
// the attribute in messages about the file `path`.
std::optional<Attribute> attribute_of(const std::string& path, const std::string& what,
                                      const onnx::AttributeProto& proto, OnnxTensorReader& tensors);
// What a Constant node holds.
at::Tensor constant_of(const std::string& path, const Node& node);

}  // namespace assay::network
