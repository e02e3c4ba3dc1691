// Resizing as PIL's resize(…, BILINEAR) does it, to the bit for 8-bit pictures: a triangle filter
// widened by the scale where the picture shrinks (antialiased), half-pixel centres, separable;
// the horizontal pass first, each pass rounded to the picture's depth. 8 bit: weights in fixed
// point with 22 fractional bits; 16 bit: float weights (PIL has no such mode).
//
// Cost: (2 · shrink + 1) multiply-adds a sample and pass, only for the rows and columns that the
// window needs. Source: Pillow's Resample.c; sizes as torchvision's Resize.
#pragma once

#include "assay/imaging/picture.h"

namespace assay::imaging {

struct Size {
  int height = 0, width = 0;  // px
};

struct Window {
  int top = 0, left = 0, height = 0, width = 0;  // px
};

// The picture resized to `to`, and of that the part in `window`, which lies inside.
Picture resize(const Picture& picture, Size to, const Window& window);
Picture resize(const Picture& picture, Size to);

}  // namespace assay::imaging
