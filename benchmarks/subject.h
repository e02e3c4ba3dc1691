// The models and inputs that the benchmarks run on.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/torch.h"

namespace assay::benchmarks {

// A model whose head is pooling + linear: ShuffleNetV2 where the reference data are, else the
// shipped Fashion-MNIST one.
struct BenchmarkModel {
  std::string file;
  InputDescription input;
  std::vector<std::int64_t> shape;  // of one micro-batch
};

inline BenchmarkModel fashion() {
  InputDescription input;
  input.channels = Channels::kGray;
  input.mean = {0.2860};
  input.std = {0.3530};
  return {ASSAY_SOURCE_DIR "/examples/fashion/fashion.onnx", input, {8, 1, 28, 28}};
}

inline std::string shared_folder() {
  const char* given = std::getenv("ASSAY_SHARED");
  return given ? given : ASSAY_SOURCE_DIR "/../shared";
}

inline network::Classifier open(const BenchmarkModel& model) {
  network::configure_numerics();
  return network::Classifier::open(model.file, model.input, {}, {});
}

inline at::Tensor random_input(const network::Classifier& classifier, const BenchmarkModel& model) {
  auto shape = model.shape;
  shape[0] = classifier.micro_batch();
  return at::randn(shape);
}

// The unit: the graph node by node through plain libtorch, without gradients.
class PlainForward {
 public:
  explicit PlainForward(const network::Classifier& classifier)
      : executor_(network::make_differentiable_executor(
            std::make_shared<const network::Graph>(classifier.graph()))) {
    request_.given = {{classifier.graph().inputs()[0].value, {}}};
    request_.wanted = {classifier.graph().outputs()[0]};
  }
  at::Tensor operator()(const at::Tensor& input) {
    const at::NoGradGuard no_grad;
    request_.given[0].tensor = input;
    request_.input_shapes = {input.sizes().vec()};
    return executor_->run(request_)[0];
  }

 private:
  std::unique_ptr<network::Executor> executor_;
  network::Request request_;
};

}  // namespace assay::benchmarks
