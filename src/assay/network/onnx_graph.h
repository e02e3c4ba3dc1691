// A parsed ONNX model as a Graph: names, attributes, functions and inner graphs.
//
// Functions that the file defines are unfolded where they are called; an inner value V of a node N
// gets the name "N/V". An If whose condition follows from constants becomes the nodes of the branch
// taken. Other control flow keeps its inner graphs as attributes of its node: their inputs are
// their own ones and then the outer values that they read, which are appended to the node's inputs
// (If: those of then_branch, then those of else_branch). Unfolding is bounded: 2^17 nodes, 64 calls
// deep. Cost: linear in the nodes of the unfolded graph.
#pragma once

#include <string>

#include "assay/network/graph.h"
#include "assay/network/onnx_tensor.h"

namespace onnx {
class ModelProto;
}

namespace assay::network {

// InputError naming `path` for whatever the model gets wrong.
Graph graph_of(const std::string& path, const onnx::ModelProto& model, OnnxTensorReader& tensors);

}  // namespace assay::network
