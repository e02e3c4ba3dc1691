// A network's parameters as tensors: made, run with gradients, and written as an ONNX file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "assay/network/torch.h"

namespace weld {

enum class Task { kClassify, kSegment };

// By ONNX name: NAME.weight, NAME.bias and, for batch norms, NAME.running_mean and
// NAME.running_var.
using Parameters = std::map<std::string, at::Tensor>;

// He-normal convolutions, batch norms at the identity.
Parameters make_parameters(Task task, std::uint64_t seed);
// Those that training moves: all but the running statistics.
bool is_learned(const std::string& name);

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
