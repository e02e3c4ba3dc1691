#include "assay/methods/visualisation/objective.h"

#include "assay/base/error.h"
#include "assay/network/pass.h"
#include "assay/network/picture_input.h"

namespace assay::methods {

namespace {

at::Tensor channel_means(const network::Classifier& classifier, const std::string& name,
                         at::Tensor value, std::int64_t pictures) {
  if (value.dim() >= 2 && value.size(0) == pictures) {
    if (!at::isFloatingType(value.scalar_type())) value = value.to(at::kFloat);  // quantised
    if (value.dim() == 2) return value;
    if (value.dim() == 3) return value.mean(1);
    if (value.dim() == 4) return value.mean({2, 3});
  }
  const network::Shape shape(value.sizes().begin(), value.sizes().end());
  throw InputError(classifier.file(),
                   "the value \"" + name + "\" has shape " + network::shape_text(shape) + " for " +
                       std::to_string(pictures) +
                       " pictures; channels are of [N,C,H,W], [N,C] or tokens [N,T,C]");
}

}  // namespace

at::Tensor recorded_activations(const network::Classifier& classifier, const at::Tensor& input,
                                const std::string& value) {
  if (value.empty()) return classifier.logits(input);
  return channel_means(classifier, value, classifier.value_of(input, value), input.size(0));
}

at::Tensor clean_activations(const network::Classifier& classifier, const at::Tensor& input,
                             const std::string& value) {
  if (value.empty()) return classifier.forward(input).logits.to(at::kDouble);
  const std::string keep[] = {value};
  const at::Tensor kept = classifier.forward(input, keep).values.at(value);
  return channel_means(classifier, value, kept.to(at::kDouble), input.size(0));
}

}  // namespace assay::methods
