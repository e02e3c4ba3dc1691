// Class activation maps: which places of a layer's output raise the logit of a class.
//
//   Grad-CAM   ReLU(Σ_c mean_xy(∂z_k/∂A_c) · A_c)      (selvaraju2017gradcam)
//   HiResCAM   ReLU(Σ_c ∂z_k/∂A_c ⊙ A_c)               (draelos2020hirescam)
//
// A is a 4-D graph value [N,C,h,w], z_k the logit of the target class, never its probability. The
// maps have the layer's resolution and raw magnitudes: nothing is scaled, so "no evidence" stays
// zero. Cost: with `value` from the clean pass, one forward and one backward of the part of the
// network behind the layer. When it lies: Grad-CAM averages gradients over space and can light
// places that do not raise the logit unless the part behind the layer is pooling + linear, where
// both methods are the same; a map of a layer says nothing about pixels outside the receptive field
// of its cells, and cells see far beyond the area they are drawn on.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "assay/network/classifier.h"

namespace assay::methods {

enum class CamMethod { kHiResCam, kGradCam };

// Maps before the ReLU, [N,h,w] float32, for one target class a row; targets.size() may be smaller
// than N (padding rows get target 0 and their maps mean nothing). `value` is the graph value
// `layer` of the clean pass on `input`. InputError when it is not 4-D.
at::Tensor signed_cam(const network::Classifier& classifier, const at::Tensor& input,
                      const std::string& layer, const at::Tensor& value,
                      std::span<const std::int64_t> targets, CamMethod method);

}  // namespace assay::methods
