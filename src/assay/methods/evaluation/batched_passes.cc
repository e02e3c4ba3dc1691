#include "assay/methods/evaluation/batched_passes.h"

#include <algorithm>

#include "assay/methods/attribution/target.h"
#include "assay/network/pass.h"

namespace assay::methods {

at::Tensor logits_of_pictures(const network::Classifier& classifier,
                              const std::vector<MakePicture>& pictures) {
  const auto rows = static_cast<std::size_t>(classifier.micro_batch());
  std::vector<at::Tensor> logits;
  for (std::size_t first = 0; first < pictures.size(); first += rows) {
    std::vector<at::Tensor> made;
    for (std::size_t i = first; i < std::min(pictures.size(), first + rows); ++i)
      made.push_back(pictures[i]());
    at::Tensor batch = at::cat(made);
    if (classifier.input_size().uint8 && batch.scalar_type() != at::kByte)
      batch = at::round(batch).clamp(0, 255).to(at::kByte);
    logits.push_back(classifier.forward(as_input(classifier, batch)).logits);
  }
  return at::cat(logits);
}

}  // namespace assay::methods
