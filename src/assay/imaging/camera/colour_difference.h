// How different two colours look: CIEDE2000, of linear sRGB under D65.
//
// 1 is about what one can just see side by side. Weights kL = kC = kH = 1. Not differentiable at equal colours.
// Cost: some 200 operations a pixel. Source: sharma2005.
#pragma once

#include "assay/network/torch.h"

namespace assay::imaging {

// Linear sRGB [N,3,H,W] to CIE L*, a*, b*, the same shape.
at::Tensor lab_of(const at::Tensor& linear);
// ΔE₀₀ of two pictures in L*a*b* [N,3,H,W]: [N,H,W].
at::Tensor delta_e_2000(const at::Tensor& a, const at::Tensor& b);

}  // namespace assay::imaging
