#include "assay/methods/shift/shifted_logits.h"

#include <algorithm>

#include "assay/methods/visualisation/pixels.h"
#include "assay/network/pass.h"

namespace assay::methods {

at::Tensor shifted_logits(const network::Classifier& classifier, const at::Tensor& input,
                          const imaging::Scene& scene, const at::Tensor& theta,
                          std::span<const std::uint64_t> draws, const imaging::CameraView* raw) {
  const std::int64_t points = theta.size(0), rows = classifier.micro_batch();
  const at::Tensor pixels = pixels_of_input(classifier, input);
  std::vector<at::Tensor> logits;
  for (std::int64_t first = 0; first < points; first += rows) {
    const std::int64_t count = std::min(rows, points - first);
    at::Tensor shifted =
        scene(pixels.expand({count, -1, -1, -1}), theta.narrow(0, first, count),
              draws.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), raw);
    at::Tensor batch = model_input(classifier, shifted);
    if (classifier.input_size().uint8) batch = at::round(batch).clamp(0, 255).to(at::kByte);
    logits.push_back(classifier.forward(batch).logits);
  }
  return at::cat(logits);
}

}  // namespace assay::methods
