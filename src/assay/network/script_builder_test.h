// TorchScript files for tests, compiled here from their source and saved into a temporary folder.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "assay/network/torchscript.h"

namespace assay::network {

class Script {
 public:
  explicit Script(const std::string& name = "Net")
      : module_(c10::QualifiedName("__torch__." + name)) {}

  // A parameter of small random numbers, the same each time.
  Script& weight(const std::string& name, const std::vector<std::int64_t>& shape) {
    at::Generator generator = at::detail::createCPUGenerator(++seed_);
    module_.register_parameter(name, at::mul(at::randn(shape, generator), 0.3), false);
    return *this;
  }
  Script& buffer(const std::string& name, at::Tensor tensor) {
    module_.register_buffer(name, std::move(tensor));
    return *this;
  }
  Script& attribute(const std::string& name, c10::TypePtr type, c10::IValue value) {
    module_.register_attribute(name, std::move(type), std::move(value));
    return *this;
  }
  Script& child(const std::string& name, const Script& part) {
    module_.register_module(name, part.module_);
    return *this;
  }
  Script& code(const std::string& source) {
    module_.define(source);
    return *this;
  }
  std::string save() const {
    static int count = 0;
    const auto folder =
        std::filesystem::temp_directory_path() / ("assay_script_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string path = (folder / (std::to_string(++count) + ".pt")).string();
    module_.save(path);
    return path;
  }
  // libtorch's own answer.
  c10::IValue run(const at::Tensor& x) {
    const at::NoGradGuard no_grad;
    module_.eval();
    return module_.forward({x.clone()});
  }
  at::Tensor run_with_gradient(const at::Tensor& x) {
    module_.eval();
    const torch::jit::GraphOptimizerEnabledGuard plain(false);
    return module_.forward({at::mul(x, 1)}).toTensor();  // a leaf cannot be written to in place
  }

 private:
  torch::jit::Module module_;
  std::uint64_t seed_ = 0;
};

inline at::Tensor test_pictures(const std::vector<std::int64_t>& shape) {
  at::Generator generator = at::detail::createCPUGenerator(99);
  return at::randn(shape, generator);
}

}  // namespace assay::network
