// What the model says of one picture under many θ: the scene map, then the inference executor.
//
// A micro-batch holds the same picture under as many θ, so no forward is wasted on padding but the last's.
// Cost: one forward and one scene a θ.
#pragma once

#include <cstdint>
#include <span>

#include "assay/imaging/scene/scene.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

// `input` [1,…] as the model takes it; theta [P,F] float64; P draws. Gives [P,K] float32. At nominal θ the input
// is the model's own to within 1e-6 of the pixels' range. `raw`: the picture's frame, or none. InputError as Scene.
at::Tensor shifted_logits(const network::Classifier& classifier, const at::Tensor& input,
                          const imaging::Scene& scene, const at::Tensor& theta,
                          std::span<const std::uint64_t> draws,
                          const imaging::CameraView* raw = nullptr);

}  // namespace assay::methods
