// What filters of the camera chain see beyond a picture's border.
#pragma once

#include <cstdint>

#include "assay/network/torch.h"

namespace assay::imaging {

enum class Padding {
  kZeros,
  kHalfSample,   // d c b a | a b c d
  kWholeSample,  // d c b | a b c d
};

// x [N,C,H,W] with `rows` more above and below and `cols` more left and right, at most as many as there are (less one for
// kWholeSample). Differentiable.
at::Tensor padded(const at::Tensor& x, std::int64_t rows, std::int64_t cols, Padding padding);

}  // namespace assay::imaging
