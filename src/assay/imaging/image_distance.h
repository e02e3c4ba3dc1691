// How far apart two pictures are, pixels [N,1 or 3,H,W] in [0,1], sRGB: one number a picture, [N]. Differentiable.
//
//   rms      root of the mean squared difference of values
//   ssim     1 − structural similarity of the luma, Gaussian windows of 1.5 px cut at 5 px, whole windows only (wang2004)
//   delta_e  mean CIEDE2000 of the colours (colour_difference.h)
// A root has no derivative at 0: equal pictures give 0 with derivative 0.
#pragma once

#include <string>
#include <string_view>

#include "assay/network/torch.h"

namespace assay::imaging {

enum class ImageDistance { kRms, kSsim, kDeltaE };
inline constexpr std::string_view kImageDistances = "rms|ssim|delta_e";
// BugError for another word.
ImageDistance image_distance_named(const std::string& word);

// Pictures of at least 11 px a side for kSsim; of one channel kDeltaE takes as grey.
at::Tensor image_distance(const at::Tensor& a, const at::Tensor& b, ImageDistance distance);

}  // namespace assay::imaging
