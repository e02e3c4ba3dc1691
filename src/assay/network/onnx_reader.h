// Reads an ONNX file (operator sets kOldestOpset to kNewestOpset, operators.h) into a Graph.
//
// Initialisers and Constant nodes become constants of the graph, wherever their data are kept
// (onnx_tensor.h); initialisers that are listed as inputs are no inputs. float16, bfloat16 and
// double are computed as float32. Refused in one clear line: files that are not ONNX (PyTorch's
// pickles are recognised), damaged ones, other operator sets, sparse tensors, training
// information, inputs that are not tensors. Functions defined in the file and branches that a
// constant chooses become part of the graph (onnx_graph.h). Which operators are supported is the
// executor's to say. Cost: the file is held in memory twice while it is read.
#pragma once

#include <memory>
#include <string>

#include "assay/network/graph.h"

namespace assay::network {

struct OnnxModel {
  std::shared_ptr<const Graph> graph;
  std::string sha256;  // hex, of the file's bytes followed by those of its external data files
};

OnnxModel read_onnx(const std::string& path);

}  // namespace assay::network
