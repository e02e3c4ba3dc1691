// Between 8-bit pictures and tensors of values from 0 to 1.
#pragma once

#include "assay/imaging/picture.h"
#include "assay/network/torch.h"

namespace assay::imaging {

// [1,C,H,W], values cut to 0 to 1 and rounded to 8 bits; and back, float32.
Picture picture_of(const at::Tensor& pixels);
at::Tensor pixels_of(const Picture& picture);

}  // namespace assay::imaging
