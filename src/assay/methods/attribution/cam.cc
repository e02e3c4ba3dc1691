#include "assay/methods/attribution/cam.h"

#include "assay/base/error.h"
#include "assay/network/gradient.h"

namespace assay::methods {

at::Tensor signed_cam(const network::Classifier& classifier, const at::Tensor& input,
                      const std::string& layer, const at::Tensor& value,
                      std::span<const std::int64_t> targets, CamMethod method) {
  if (value.dim() != 4)
    throw InputError("layer " + layer, "has " + std::to_string(value.dim()) +
                                           " dimensions, a class activation map needs [N,C,h,w]");
  const std::int64_t rows = value.size(0);
  if (static_cast<std::int64_t>(targets.size()) > rows) throw BugError("more targets than rows");
  at::Tensor chosen = at::zeros({rows, 1}, at::kLong);
  for (std::size_t i = 0; i < targets.size(); ++i) chosen.data_ptr<std::int64_t>()[i] = targets[i];

  const at::AutoGradMode record(true);
  const at::Tensor activation = value.detach().requires_grad_(true);
  const at::Tensor logits = classifier.logits_from(input, layer, activation);
  // The rows of a batch do not see each other, so the gradient of the sum holds each row's own.
  const at::Tensor gradient = network::gradient(logits.gather(1, chosen).sum(), activation);
  if (!gradient.defined()) return at::zeros({rows, value.size(2), value.size(3)});  // constant head
  const at::AutoGradMode stop(false);
  const at::Tensor weights =
      method == CamMethod::kGradCam ? gradient.mean({2, 3}, /*keepdim=*/true) : gradient;
  return (weights * activation.detach()).sum(1).contiguous();
}

}  // namespace assay::methods
