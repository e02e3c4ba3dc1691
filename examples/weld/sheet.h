// A picture of pictures for the documentation: a column a class; rows: camera A by day, camera B by
// night, camera A with the arc burning, the first row's masks (green: where evidence may lie, red:
// the defect), and the planted flaws (two plates, the sticker, a training picture and the test
// picture that repeats it, a hard part of line 4).
#pragma once

#include <cstdint>

#include "assay/imaging/picture.h"

namespace weld {

// `side` is a tile's, px.
assay::imaging::Picture contact_sheet(std::uint64_t seed, int side);

}  // namespace weld
