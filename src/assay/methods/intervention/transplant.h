// What would the model say if part of the picture came from another one?
//
//   x'_p = (1 − α_p) x_p + α_p d_p
//
// x the picture, d the donor, both as the model takes them; α is 0 outside the region, so that no
// other pixel changes, and rises from 0 at its edge to 1 `feather_px` deep inside, so that the seam
// is no edge of its own. At the picture's border the region does not end: there α stays 1. It rises
// along straight edges linearly: α = max(0, 2·(mean of the region over a square of side
// 2·feather_px + 1) − 1).
// Cost: one pass over the picture. When it lies: a region that is narrower than the feather is
// never replaced in full; what is pasted may fit badly into light and perspective, so compare with
// a donor that differs in nothing else.
#pragma once

#include "assay/methods/evaluation/removal.h"
#include "assay/network/torch.h"

namespace assay::methods {

// α [height,width] float32 of a region with one byte a pixel, not 0 inside.
at::Tensor feathered(const PixelMask& region, std::int64_t height, std::int64_t width,
                     int feather_px);
// A picture [1,C,H,W] float32 with the donor [1,C,H,W] in the place of α.
at::Tensor transplanted(const at::Tensor& picture, const at::Tensor& donor,
                        const at::Tensor& alpha);

}  // namespace assay::methods
