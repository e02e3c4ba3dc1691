// Pictures at a size for eyes.
#pragma once

#include "assay/imaging/picture.h"

namespace assay::imaging {

// 16 bits rounded to 8.
Picture to_8_bit(const Picture& picture);
// With the longer side at most `longest_px`; never enlarged.
Picture shrunk(const Picture& picture, int longest_px);
// Each pixel of 8 bits as a square of `factor` pixels.
Picture enlarged(const Picture& picture, int factor);

}  // namespace assay::imaging
