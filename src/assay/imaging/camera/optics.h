// Lenses that do not bring a point to a point.
#pragma once

#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

// The point-spread functions [N,k,k], sum 1, of rays through a round aperture by θ's defocus, astigmatism, coma and spherical
// factors; at nominal all light is in the middle. Each ray's light is shared out among the four nearest pixels, so the function
// is continuous, and differentiable but where a ray crosses a pixel's centre line.
at::Tensor point_spread(const Theta& theta, const at::TensorOptions& options);
bool has_aberrations(const Theta& theta);
// Red larger and blue smaller by that many px in the corners: rgb [N,3,H,W], shift [N].
at::Tensor with_lateral_colour(const at::Tensor& rgb, const at::Tensor& shift);

}  // namespace assay::imaging
