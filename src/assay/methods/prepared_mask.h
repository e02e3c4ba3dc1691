// Which values of the model's input come from marked pixels of the picture?
//
// The mask goes the way of its picture: resized, cropped and padded by the same rules as grey 0 and
// 1. A value counts as marked where at least half of it comes from marked pixels; padding, which is
// no pixel of the picture, never does.
// Cost: as preparing one grey picture.
#pragma once

#include "assay/imaging/mask.h"
#include "assay/methods/evaluation/removal.h"
#include "assay/network/classifier.h"

namespace assay::methods {

// One byte, 0 or 1, for each place [H,W] of the input that a picture of the mask's size gets.
// InputError as imaging::prepare.
PixelMask prepared_mask(const network::Classifier& classifier, const imaging::Mask& mask);

}  // namespace assay::methods
