// How the margin of one picture moves with θ: exact derivatives through the network and the scene map.
//
// Cost: a forward and a backward of the differentiable executor, and of the scene, a θ; micro-batches are filled up.
// When it lies: factors in steps (imaging::Factor::smooth is false) have derivative 0.
#pragma once

#include <cstdint>
#include <span>

#include "assay/imaging/scene/scene.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

struct MarginGradient {
  at::Tensor margin;    // [P] float64: the reference's logit less the largest other
  at::Tensor gradient;  // [P,F] float64
};

// `input` [1,…] as the model takes it; theta [P,F] float64; P draws. `raw`: the picture's frame, or none. InputError as Scene.
MarginGradient margin_gradient(const network::Classifier& classifier, const at::Tensor& input,
                               const imaging::Scene& scene, const at::Tensor& theta,
                               std::span<const std::uint64_t> draws, std::int64_t reference,
                               const imaging::CameraView* raw = nullptr);

}  // namespace assay::methods
