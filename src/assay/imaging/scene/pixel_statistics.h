// Numbers that any picture has and that change with light, lens, sensor and storage: by them a new picture is
// told from those that a model was tested on.
//
//   luma_mean, luma_deviation   of 0.299 R + 0.587 G + 0.114 B
//   chroma                      mean of the largest less the smallest channel
//   red_green, blue_green       logarithm of the ratio of the channels' means, each + 0.01
//   sharpness                   logarithm of the ratio of mean |second| to mean |first| differences, each + 1e-4
//   noise                       standard deviation of normal noise that would give what is left after planes are
//                               taken away (immerkaer1996); textures count as noise
//
// Where a thing stands and how it is turned moves none of them: see seen_in_pixels.
// When it lies: all of them depend on what is in the picture too. A picture beyond the tested range is unlike what was
// tested; one inside may still be unlike it.
// Cost: a few passes over the pixels. Source: immerkaer1996.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "assay/imaging/scene/factor.h"

namespace at {
class Tensor;
}

namespace assay::imaging {

// Of grey pictures those of colours are left out.
std::vector<std::string_view> pixel_statistic_names(int channels);
// pixels [N,C,H,W] in [0,1], C = 1 or 3, at least 3 px a side: [N, names] float64, row-major.
std::vector<double> pixel_statistics(const at::Tensor& pixels);
// Whether some statistic moves with the factor.
bool seen_in_pixels(const Factor& factor);

}  // namespace assay::imaging
