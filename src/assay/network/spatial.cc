#include "assay/network/spatial.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "assay/base/error.h"

namespace assay::network {

namespace {

// What breaks or hides the place of things; whatever is not listed keeps it.
const std::unordered_set<std::string_view>& displacing() {
  static const std::unordered_set<std::string_view> kOps = {"Reshape",
                                                            "Transpose",
                                                            "MatMul",
                                                            "Gemm",
                                                            "Einsum",
                                                            "Flatten",
                                                            "Squeeze",
                                                            "Unsqueeze",
                                                            "Gather",
                                                            "GatherND",
                                                            "Softmax",
                                                            "ScatterND",
                                                            "DepthToSpace",
                                                            "SpaceToDepth",
                                                            "Pad",
                                                            "Slice",
                                                            "QLinearMatMul",
                                                            "MatMulInteger",
                                                            "QGemm",
                                                            "MatMulIntegerToFloat",
                                                            "DynamicQuantizeMatMul",
                                                            "FusedMatMul"};
  return kOps;
}

bool makes_picture(const std::string& op) {
  static const std::unordered_set<std::string_view> kOps = {
      "Conv",        "ConvTranspose", "DeformConv",  "FusedConv",         "QLinearConv",
      "ConvInteger", "MaxPool",       "AveragePool", "QLinearAveragePool"};
  return kOps.count(op) > 0;
}

bool has_pixels(const ValueInfo& value) {
  return value.shape.size() == 4 && value.shape[2] * value.shape[3] > 1;
}

}  // namespace

std::string last_spatial_value(const Graph& graph, const std::vector<ValueInfo>& values) {
  std::vector<bool> picture(graph.value_count(), false);
  for (const GraphInput& input : graph.inputs()) picture[input.value] = true;
  for (const Node& node : graph.nodes()) {
    const bool from_picture = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != kNoValue && picture[id];
    });
    const bool is_picture =
        makes_picture(node.op) || (from_picture && !displacing().count(node.op));
    for (const ValueId id : node.outputs)
      if (id != kNoValue) picture[id] = is_picture;
  }
  const auto last = [&](bool only_pictures) -> const ValueInfo* {
    for (auto value = values.rbegin(); value != values.rend(); ++value)
      if (value->op != "Input" && has_pixels(*value) &&
          (!only_pictures || picture[graph.find(value->name)]))
        return &*value;
    return nullptr;
  };
  const ValueInfo* found = last(true);
  if (!found) found = last(false);
  if (!found)
    throw InputError(graph.file(),
                     "the network has no value of four dimensions with more than one pixel, which "
                     "maps of where it looks are made of");
  return found->name;
}

}  // namespace assay::network
