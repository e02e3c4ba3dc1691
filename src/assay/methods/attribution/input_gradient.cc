#include "assay/methods/attribution/input_gradient.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/gradient.h"
#include "assay/network/graph.h"

namespace assay::methods {

at::Tensor input_gradient(const network::Classifier& classifier, const at::Tensor& input,
                          std::span<const std::int64_t> targets,
                          const network::Classifier::Observe& observe) {
  const at::AutoGradMode record(true);
  const at::Tensor pixels = input.detach().to(at::kFloat).requires_grad_(true);
  const at::Tensor logits = classifier.logits(pixels, observe);
  at::Tensor gradient = network::gradient(of_targets(logits, targets).sum(), pixels);
  if (!gradient.defined()) gradient = at::zeros_like(pixels);  // the same logits for any picture
  return channels_first(classifier, gradient).contiguous();
}

Attribution of_channels(at::Tensor channels) {
  at::Tensor map = channels.sum(1).contiguous();
  return {std::move(map), std::move(channels), {}};
}

Attribution InputGradient::explain(const Question& question, const Params&) {
  return of_channels(input_gradient(question.classifier, question.input, question.targets));
}

Attribution GradientTimesInput::explain(const Question& question, const Params&) {
  return of_channels(input_gradient(question.classifier, question.input, question.targets) *
                     channels_first(question.classifier, question.input).to(at::kFloat));
}

Attribution GuidedBackprop::explain(const Question& question, const Params&) {
  const auto& nodes = question.classifier.graph().nodes();
  if (std::none_of(nodes.begin(), nodes.end(),
                   [](const network::Node& node) { return node.op == "Relu"; }))
    throw InputError(question.classifier.file(),
                     "has no ReLU, whose gradient guided_backprop changes");
  // The ReLU itself stops what its input does not let pass.
  const auto guide = [](const network::Node& maker, const at::Tensor& value) {
    if (maker.op != "Relu" || !value.requires_grad()) return;
    value.register_hook([](const at::Tensor& flow) { return flow.clamp_min(0); });
  };
  return of_channels(input_gradient(question.classifier, question.input, question.targets, guide));
}

}  // namespace assay::methods
