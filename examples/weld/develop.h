// The reference development, plain enough to be repeated by any converter:
//   v = (count - black) / (white - black), times the white balance's gain of the pixel's filter, then
//   clipped above at 1, so that what is overexposed is white; below 0 it stays
//   bilinear demosaicing: a missing colour is the mean of its nearest two or four neighbours; beyond
//   the edge the mosaic is mirrored about its outermost pixels (… 2 1 0 1 2 …), which keeps the
//   filters' order
//   colour matrix to linear sRGB, then clipped to 0–1
//   sRGB's curve (IEC 61966-2-1), times 255, rounded half up
// Cost: one pass; a table of 16,385 cells stands for the curve; it is off by at most one in the darkest tones.
#pragma once

#include "assay/imaging/picture.h"
#include "sensor.h"

namespace weld {

assay::imaging::Picture develop(const RawFrame& raw);

}  // namespace weld
