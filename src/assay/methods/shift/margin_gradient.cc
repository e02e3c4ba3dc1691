#include "assay/methods/shift/margin_gradient.h"

#include <algorithm>
#include <vector>

#include "assay/methods/attribution/target.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/gradient.h"

namespace assay::methods {

MarginGradient margin_gradient(const network::Classifier& classifier, const at::Tensor& input,
                               const imaging::Scene& scene, const at::Tensor& theta,
                               std::span<const std::uint64_t> draws, std::int64_t reference,
                               const imaging::CameraView* raw) {
  const std::int64_t points = theta.size(0), rows = classifier.micro_batch();
  const at::Tensor pixels = pixels_of_input(classifier, input);
  const at::AutoGradMode record(true);
  std::vector<at::Tensor> margins, gradients;
  for (std::int64_t first = 0; first < points; first += rows) {
    const std::int64_t count = std::min(rows, points - first);
    // Kernels see whole micro-batches: the last θ fills what is left.
    std::vector<std::int64_t> take;
    std::vector<std::uint64_t> drawn;
    for (std::int64_t i = 0; i < rows; ++i) {
      take.push_back(std::min(first + i, points - 1));
      drawn.push_back(draws[static_cast<std::size_t>(take.back())]);
    }
    const at::Tensor at =
        theta.detach().index_select(0, at::tensor(take, at::kLong)).requires_grad_(true);
    const at::Tensor shifted = scene(pixels.expand({rows, -1, -1, -1}), at, drawn, raw);
    const at::Tensor logits = classifier.logits(model_input(classifier, shifted));
    const std::vector<std::int64_t> targets(static_cast<std::size_t>(rows), reference);
    const at::Tensor margin = scores_of(logits, targets, Score::kMargin);
    at::Tensor gradient = network::gradient(margin.sum(), at);
    if (!gradient.defined()) gradient = at::zeros_like(at);
    margins.push_back(margin.detach().narrow(0, 0, count).to(at::kDouble));
    gradients.push_back(gradient.narrow(0, 0, count).to(at::kDouble));
  }
  return {at::cat(margins), at::cat(gradients)};
}

}  // namespace assay::methods
