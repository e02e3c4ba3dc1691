// Maps that explain nothing, to be beaten by one that does.
//
//   random   every pixel drawn by itself
//   centre   a Gaussian round the picture's middle, a quarter of each side wide (standard
//            deviation): objects lie in the middle of most photographs
//   edges    Sobel's gradient magnitude of the mean over the channels: what stands out in the
//            picture, whatever the model is
//
// None looks at the model. Each [height,width] float32. Cost: next to nothing.
#pragma once

#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace assay::methods {

at::Tensor random_map(std::int64_t height, std::int64_t width, Stream stream);
at::Tensor centre_map(std::int64_t height, std::int64_t width);
// Of a picture [C,H,W]; the border's pixels are repeated beyond it.
at::Tensor edge_map(const at::Tensor& picture);

}  // namespace assay::methods
