// What does not belong on a seam: the plate with a number in the picture's corner, and the sticker.
#pragma once

#include "light.h"

namespace weld {

// The radiance with the label and the sticker that the causes ask for.
Radiance labelled(Radiance radiance, const Frame& frame);

}  // namespace weld
