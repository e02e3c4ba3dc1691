// The network's parameters (training/layers.h): made, run with gradients, and written as an ONNX file.
#pragma once

#include <cstdint>
#include <string>

#include "../training/layers.h"

namespace fashion {

using training::Mode;
using training::Parameters;

// He-normal convolutions, batch norms at the identity.
Parameters make_parameters(std::uint64_t seed);

// Logits [N,10] of normalised pictures [N,1,28,28].
at::Tensor forward(Parameters& parameters, const at::Tensor& pictures, Mode mode);

// Writes opset 13 with a free batch size, input "picture" and output "logits"; checked by
// onnx::checker. InputError if `file` cannot be written.
void write_onnx(const Parameters& parameters, const std::string& file);

}  // namespace fashion
