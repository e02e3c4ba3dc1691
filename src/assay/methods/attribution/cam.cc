#include "assay/methods/attribution/cam.h"

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/gradient.h"

namespace assay::methods {

void check_layer(const Question& question) {
  if (question.value.dim() != 4)
    throw InputError("layer " + question.layer,
                     "has " + std::to_string(question.value.dim()) +
                         " dimensions, a class activation map needs [N,C,h,w]");
}

at::Tensor layer_gradient(const Question& question) {
  check_layer(question);
  const at::AutoGradMode record(true);
  const at::Tensor activation = question.value.detach().requires_grad_(true);
  const at::Tensor logits =
      question.classifier.logits_from(question.input, question.layer, activation);
  // The rows of a batch do not see each other, so the gradient of the sum holds each row's own.
  const at::Tensor gradient =
      network::gradient(of_targets(logits, question.targets).sum(), activation);
  return gradient.defined() ? gradient : at::zeros_like(question.value);  // a constant head
}

at::Tensor weighted_sum(const at::Tensor& value, const at::Tensor& weights) {
  return (weights.unsqueeze(-1).unsqueeze(-1) * value).sum(1).contiguous();
}

Attribution GradCam::explain(const Question& question, const Params&) {
  return {weighted_sum(question.value, layer_gradient(question).mean({2, 3})), {}, {}};
}

Attribution HiResCam::explain(const Question& question, const Params&) {
  return {(layer_gradient(question) * question.value).sum(1).contiguous(), {}, {}};
}

at::Tensor GradCamPlusPlus::weights(const at::Tensor& value, const at::Tensor& gradient) {
  const at::Tensor square = gradient * gradient;
  const at::Tensor below =
      2 * square + value.sum(at::IntArrayRef{2, 3}, /*keepdim=*/true) * square * gradient + 1e-6;
  const at::Tensor alpha = at::where(gradient != 0, square / below, at::zeros_like(gradient));
  return (gradient.clamp_min(0) * alpha).sum(at::IntArrayRef{2, 3});
}

Attribution GradCamPlusPlus::explain(const Question& question, const Params&) {
  return {weighted_sum(question.value, weights(question.value, layer_gradient(question))), {}, {}};
}

at::Tensor XGradCam::weights(const at::Tensor& value, const at::Tensor& gradient) {
  return (gradient * value).sum(at::IntArrayRef{2, 3}) / (value.sum(at::IntArrayRef{2, 3}) + 1e-7);
}

Attribution XGradCam::explain(const Question& question, const Params&) {
  return {weighted_sum(question.value, weights(question.value, layer_gradient(question))), {}, {}};
}

Attribution LayerCam::explain(const Question& question, const Params&) {
  return {(layer_gradient(question).clamp_min(0) * question.value).sum(1).contiguous(), {}, {}};
}

}  // namespace assay::methods
