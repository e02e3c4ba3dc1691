// Runs a TorchScript file by libtorch's own interpreter, as a black box: for files that cannot be
// read into a graph (made for mobile, quantised).
//
// The file's code runs, which reading a file never does; so it runs in child processes and nowhere
// else (child_process.h), one for each pass that may be under way. They try it with 1, 2 and 8
// pictures first: what kills them is refused. The graph has one node, "assay.TorchScript", from
// "input" to the file's outputs, named as torchscript_reader.h names them; there are no layers and
// no gradients, and asking for them is an InputError. The interpreter's own optimisations are off:
// they change the numbers from the second pass on.
#pragma once

#include <memory>
#include <string>

#include "assay/base/input_description.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"

namespace assay::network {

struct OpaqueModel {
  std::shared_ptr<const Graph> graph;
  std::unique_ptr<Executor> executor;
  std::string sha256;  // hex, of the file's bytes
};

// `known`: what is known of the pictures; 0 where it is not.
OpaqueModel open_opaque(const std::string& path, const InputSize& known, Layout layout);

}  // namespace assay::network
