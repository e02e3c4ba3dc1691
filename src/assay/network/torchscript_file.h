// From the bytes of a TorchScript file to libtorch's module.
//
// Loading unpickles the weights and compiles the file's code; none of that code runs. It is tried
// in a child process first (child_process.h), because libtorch's unpickler and compiler trust their
// input. Refused in one line: damaged archives, weights without code (torch.save), programs of
// torch.export, tensors that reach beyond their storage, what this libtorch cannot load. The module
// is in evaluation mode, on the CPU. Cost: the weights are read twice.
#pragma once

#include <memory>
#include <string>

namespace at {
class Tensor;
}
namespace torch::jit {
struct Module;
}

namespace assay::network {

struct TorchScriptFile {
  std::shared_ptr<torch::jit::Module> module;
  std::string sha256;  // hex, of the file's bytes
};

TorchScriptFile load_torchscript(const std::string& path);

// InputError unless all items of a tensor that came out of the file lie in memory that was read from
// it. load_torchscript asks for parameters and buffers; whoever reads others asks before using them.
void check_bounds(const std::string& path, const std::string& name, const at::Tensor& tensor);

}  // namespace assay::network
