// Reads a model file, whichever kind it is: told by its content, not by its name.
#pragma once

#include <memory>
#include <string>

#include "assay/base/input_description.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/graph.h"

namespace assay::network {

struct ReadModel {
  std::shared_ptr<const Graph> graph;
  std::unique_ptr<Executor> executor;
  std::string sha256;  // hex, of the file and what it refers to
};

// `known`: what is known of the pictures, 0 where it is not; an ONNX file says it itself.
ReadModel read_model(const std::string& path, const InputSize& known, Layout layout,
                     Reading reading);

}  // namespace assay::network
