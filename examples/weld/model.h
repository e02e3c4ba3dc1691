// A network's parameters (training/layers.h): made, run with gradients, and written as an ONNX file.
#pragma once

#include <cstdint>
#include <string>

#include "../training/layers.h"

namespace weld {

enum class Task { kClassify, kSegment };

using training::Parameters;

// He-normal convolutions, batch norms at the identity.
Parameters make_parameters(Task task, std::uint64_t seed);

// One training step's randomness; equal ones drop the same values.
struct DropoutDraw {
  std::uint64_t seed, step;
};

// Logits of normalised pictures [N,3,128,128], with batch statistics and dropout; updates the
// running statistics in `parameters`.
at::Tensor forward_training(Task task, Parameters& parameters, const at::Tensor& pictures,
                            DropoutDraw draw);
// With running statistics and without dropout.
at::Tensor forward(Task task, const Parameters& parameters, const at::Tensor& pictures);

// Opset 13, free batch size, input "picture", output "logits". InputError if it cannot be written.
void write_model(Task task, const Parameters& parameters, const std::string& file);

}  // namespace weld
