// Pixels in the order of what a map says of them.
//
// A map is signed: what supports the class comes first, what speaks against it last. Pixels of equal
// value (a map of zeros, a ReLU's dead half) come in an order drawn by `ties`, not in reading order,
// which would favour the picture's top. A map of a layer is brought to the pixels bilinearly, cell
// centres where they are drawn. Cost: one sort of the pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace assay::methods {

// Maps [N,h,w] over height × width pixels: [N,height,width] float32.
at::Tensor over_pixels(const at::Tensor& maps, std::int64_t height, std::int64_t width);

// The pixels' indices (row-major) of a finite map [H,W], the most relevant first.
using Ranking = std::vector<std::int64_t>;
Ranking ranking(const at::Tensor& map, Stream ties);

}  // namespace assay::methods
