#include "assay/network/trainee.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "assay/base/error.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/picture_input.h"

namespace assay::network {

namespace {

// Operators whose constants learn, and how many of their inputs from the second on may.
struct Learning {
  std::string_view op;
  std::size_t inputs;  // 1: weight; 2: weight and bias
};
constexpr std::array<Learning, 8> kLearning{{{"Conv", 2},
                                             {"ConvTranspose", 2},
                                             {"Gemm", 2},
                                             {"MatMul", 1},
                                             {"BatchNormalization", 2},
                                             {"InstanceNormalization", 2},
                                             {"LayerNormalization", 2},
                                             {"GroupNormalization", 2}}};

std::set<ValueId> learning_values(const Graph& graph) {
  std::set<ValueId> values;
  for (const Node& node : graph.nodes()) {
    const auto row = std::find_if(kLearning.begin(), kLearning.end(),
                                  [&](const Learning& l) { return l.op == node.op; });
    if (row == kLearning.end()) continue;
    for (std::size_t i = 1; i <= row->inputs && i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      const at::Tensor* constant = graph.constant(node.inputs[i]);
      if (constant && constant->scalar_type() == at::kFloat && constant->numel() > 0)
        values.insert(node.inputs[i]);
    }
  }
  return values;
}

}  // namespace

Trainee::Trainee(const Classifier& classifier)
    : graph_(std::make_shared<Graph>(classifier.graph())), head_(classifier.head()) {
  if (classifier.reading() != Reading::kGraph)
    throw InputError(classifier.file(), "is run as a black box, whose parameters cannot learn");
  for (const ValueId value : learning_values(*graph_)) {
    parameters_.push_back(graph_->constant(value)->detach().clone().requires_grad_(true));
    graph_->set_constant(value, parameters_.back());
  }
  if (parameters_.empty())
    throw InputError(classifier.file(), "has no float weights that could learn");
  input_ = picture_input(*graph_, classifier.input().layout).value;
  executor_ = make_differentiable_executor(graph_);
}

at::Tensor Trainee::value(const at::Tensor& input) const {
  Request request;
  request.given = {{input_, input}};
  request.wanted = {head_.value};
  request.input_shapes = {Shape(input.sizes().begin(), input.sizes().end())};
  return executor_->run(request)[0];
}

at::Tensor Trainee::logits(const at::Tensor& input) const {
  return logits_of(head_, value(input), input.size(0));
}

at::Tensor Trainee::pixel_logits(const at::Tensor& input) const {
  return pixel_logits_of(value(input), input.size(0));
}

void Trainee::write(const std::string& path) const {
  const at::NoGradGuard no_grad;
  write_onnx(*graph_, path);
}

}  // namespace assay::network
