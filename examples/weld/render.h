// A picture from its causes: geometry, surface, light, sensor, development.
//
// Pure: the same frame and size give the same bytes on one type of machine, whatever else is drawn.
// Cost: `weld_benchmark` measures it.
#pragma once

#include <vector>

#include "assay/imaging/picture.h"
#include "frame.h"
#include "sensor.h"

namespace weld {

inline constexpr int kDefaultSize = 256, kLeastSize = 32, kMostSize = 4096;  // px

struct Drawn {
  RawFrame raw;
  assay::imaging::Picture picture;       // the reference development, 8-bit sRGB
  assay::imaging::Picture mask, defect;  // grey, 0 or 255
};

Drawn draw(const Frame& frame, int size);

}  // namespace weld
