// Writes a Graph as an ONNX file.
//
// What is written is what Assay computes: float16, bfloat16 and double were widened to float32 when
// the file was read, so constants, casts and made tensors say float32; an input keeps the type that
// the file takes, with a Cast behind it where that is not float32. Parameters that were changed go
// out changed. Nodes keep their names, attributes and operator set versions; values keep their
// names. Reading the file again gives the same logits, bit for bit. The batch size that an exporter
// baked in stays as the graph has it. Cost: the file's bytes are held once in memory beside the
// graph. Source: https://github.com/onnx/onnx/blob/main/docs/IR.md
#pragma once

#include <cstdint>
#include <string>

#include "assay/network/graph.h"

namespace assay::network {

struct OnnxWriteOptions {
  // Constants larger than this together go to FILE.data beside FILE: protobuf cannot hold 2 GiB.
  std::int64_t inline_bytes = std::int64_t{1} << 30;
};

// InputError when the file cannot be written or a name or type has no form in ONNX.
void write_onnx(const Graph& graph, const std::string& path, const OnnxWriteOptions& options = {});

}  // namespace assay::network
