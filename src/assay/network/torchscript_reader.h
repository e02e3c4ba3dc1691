// Reads a TorchScript file into a Graph: the same nodes with ONNX semantics that an ONNX file gives.
//
// The file does not say what picture it takes, so one is tried by shape (torchscript_interpreter.h;
// nothing of the file runs): first the size that the caller knows, then usual ones, first two
// pictures, then one and other numbers that an exporter may have baked in. Where another size and
// number give the same network they are free in the graph's input, else fixed to what was tried.
// The channels are those that pass (3 before 1). Outputs: the tensor that forward returns keeps its
// own name; elements of a tuple are "output.0" or the named tuple's fields, those of a dictionary
// their keys. InputError where no size passes (the furthest one's reason) or where operators have
// no translation (all of them).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assay/base/input_description.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"

namespace assay::network {

struct TorchScriptModel {
  std::shared_ptr<const Graph> graph;
  std::string sha256;  // hex, of the file's bytes
};

// `known`: what is known of the pictures; 0 where it is not.
TorchScriptModel read_torchscript(const std::string& path, const InputSize& known, Layout layout);

// What to try where a file does not say what it takes, the likeliest first.
std::vector<InputSize> usual_sizes(const InputSize& known);

}  // namespace assay::network
