// Small TorchScript models, for the tests of damaged files and as seeds for fuzzing. Each takes
// [N,3,8,8] float32 and gives [N,4].
#pragma once

#include <sstream>

#include "assay/network/small_onnx_models_test.h"
#include "assay/network/torchscript.h"

namespace assay::network {

inline std::string torchscript_bytes(
    const std::string& name,
    const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& parameters,
    const std::string& code) {
  torch::jit::Module module("__torch__." + name);
  for (const auto& [parameter, shape] : parameters) {
    std::size_t count = 1;
    for (const std::int64_t d : shape) count *= static_cast<std::size_t>(d);
    module.register_parameter(parameter, at::tensor(weights(count)).reshape(shape), false);
  }
  module.define(code);
  std::ostringstream out;
  module.save(out);
  return out.str();
}

inline std::vector<SmallModel> small_torchscript_models() {
  return {{"convolutional",
           torchscript_bytes("Convolutional", {{"w", {4, 3, 3, 3}}, {"b", {4}}, {"h", {4, 4}}},
                             R"(
def forward(self, x):
    y = torch.relu(torch.conv2d(x, self.w, self.b, [1, 1], [1, 1], [1, 1], 1))
    y = torch.max_pool2d(y, [2, 2], [2, 2])
    y = torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1)
    return torch.matmul(y, self.h)
)")},
          {"program", torchscript_bytes("Program", {{"w", {3, 4}}},
                                        R"(
def widened(self, x, times: int):
    parts = [x]
    for i in range(times):
        parts.append(torch.mul(parts[i], 0.5))
    return torch.cat(parts, 1)

def forward(self, x):
    if x.size(1) == 3:
        y = self.widened(x, 2)
    else:
        y = x
    y = y.view(x.size(0), 3, 3, -1)
    y = torch.mean(y, [1, 3])
    scores = torch.softmax(torch.matmul(y.unsqueeze(2), y.unsqueeze(1)), -1)
    y = torch.matmul(scores, y.unsqueeze(2)).squeeze(2)
    return {"logits": torch.matmul(y, self.w)}
)")}};
}

}  // namespace assay::network
