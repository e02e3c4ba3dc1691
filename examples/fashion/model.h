// The network's parameters as tensors: made, run with gradients, and written as an ONNX file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "assay/network/torch.h"

namespace fashion {

// By ONNX name: NAME.weight, NAME.bias and, for batch norms, NAME.running_mean and
// NAME.running_var.
using Parameters = std::map<std::string, at::Tensor>;

// He-normal convolutions, batch norms at the identity.
Parameters make_parameters(std::uint64_t seed);

// Those that training moves: all but the running statistics.
bool is_learned(const std::string& name);

enum class Mode {
  kTraining,  // batch statistics; updates the running ones in `parameters`
  kInference  // running statistics
};

// Logits [N,10] of normalised pictures [N,1,28,28].
at::Tensor forward(Parameters& parameters, const at::Tensor& pictures, Mode mode);

// Writes opset 13 with a free batch size, input "picture" and output "logits"; checked by
// onnx::checker. InputError if `file` cannot be written.
void write_onnx(const Parameters& parameters, const std::string& file);

}  // namespace fashion
