#include "assay/methods/attribution/cam.h"

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/gradient.h"
#include "assay/network/linear_tail.h"

namespace assay::methods {

namespace {

// w_kc / (h·w) of each row's target k: [N,C].
at::Tensor mean_weights(const Question& question, const network::LinearTail& tail) {
  const at::Tensor& value = question.value;
  const auto places = static_cast<double>(value.size(2) * value.size(3));
  return tail.weights.index_select(0, target_indices(question.targets, value.size(0))) / places;
}

// What cam reads its weights from; InputError where there is no such part.
network::LinearTail linear_tail(const Question& question) {
  auto search =
      network::find_linear_tail(question.classifier, question.layer, picture_size(question));
  if (!search.tail)
    throw InputError("layer " + question.layer,
                     "is not followed by a mean over its places and linear layers alone, which cam "
                     "reads its weights from: " +
                         search.obstacle + "; hires_cam takes any layer");
  return *std::move(search.tail);
}

}  // namespace

at::Tensor layer_value(const Question& question) { return Cells(question).of(question.value); }

at::Tensor layer_gradient(const Question& question) {
  const Cells cells(question);
  const auto tail =
      network::find_linear_tail(question.classifier, question.layer, picture_size(question)).tail;
  if (tail)
    return mean_weights(question, *tail).unsqueeze(-1).unsqueeze(-1).expand_as(question.value);
  const at::AutoGradMode record(true);
  const at::Tensor activation = question.value.detach().requires_grad_(true);
  const at::Tensor logits =
      question.classifier.logits_from(question.input, question.layer, activation);
  // The rows of a batch do not see each other, so the gradient of the sum holds each row's own.
  const at::Tensor gradient =
      network::gradient(of_targets(logits, question.targets).sum(), activation);
  return cells.of(gradient.defined() ? gradient : at::zeros_like(question.value));
}

at::Tensor weighted_sum(const at::Tensor& value, const at::Tensor& weights) {
  return (weights.unsqueeze(-1).unsqueeze(-1) * value).sum(1).contiguous();
}

Attribution Cam::explain(const Question& question, const Params&) {
  return {weighted_sum(question.value, mean_weights(question, linear_tail(question))), {}, {}};
}

at::Tensor Cam::explain_all(const Question& question, const Params&) {
  const at::Tensor weights = linear_tail(question).weights;
  const at::Tensor places = question.value.flatten(2);  // [N,C,h·w]
  return at::matmul(weights, places)
      .div(static_cast<double>(places.size(2)))
      .reshape({places.size(0), weights.size(0), question.value.size(2), question.value.size(3)});
}

Attribution GradCam::explain(const Question& question, const Params&) {
  return {weighted_sum(layer_value(question), layer_gradient(question).mean({2, 3})), {}, {}};
}

Attribution HiResCam::explain(const Question& question, const Params&) {
  return {(layer_gradient(question) * layer_value(question)).sum(1).contiguous(), {}, {}};
}

at::Tensor GradCamPlusPlus::weights(const at::Tensor& value, const at::Tensor& gradient) {
  const at::Tensor square = gradient * gradient;
  const at::Tensor below =
      2 * square + value.sum(at::IntArrayRef{2, 3}, /*keepdim=*/true) * square * gradient + 1e-6;
  const at::Tensor alpha = at::where(gradient != 0, square / below, at::zeros_like(gradient));
  return (gradient.clamp_min(0) * alpha).sum(at::IntArrayRef{2, 3});
}

Attribution GradCamPlusPlus::explain(const Question& question, const Params&) {
  const at::Tensor value = layer_value(question);
  return {weighted_sum(value, weights(value, layer_gradient(question))), {}, {}};
}

at::Tensor XGradCam::weights(const at::Tensor& value, const at::Tensor& gradient) {
  return (gradient * value).sum(at::IntArrayRef{2, 3}) / (value.sum(at::IntArrayRef{2, 3}) + 1e-7);
}

Attribution XGradCam::explain(const Question& question, const Params&) {
  const at::Tensor value = layer_value(question);
  return {weighted_sum(value, weights(value, layer_gradient(question))), {}, {}};
}

Attribution LayerCam::explain(const Question& question, const Params&) {
  return {
      (layer_gradient(question).clamp_min(0) * layer_value(question)).sum(1).contiguous(), {}, {}};
}

}  // namespace assay::methods
