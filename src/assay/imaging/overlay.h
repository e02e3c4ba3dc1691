// Pictures for people: a map over a picture, small copies, PNG.
//
// The map is brought to the picture's pixels bilinearly (half-pixel centres, edges repeated) within
// its box and drawn in a colour map of ordered lightness (inferno), the more opaque the larger the
// value; where it is 0, below 0 or not finite the picture shows unchanged. A scale bar with 0 and
// the maximum stands at the right. A diverging overlay shows what is above 0 in red and what is below
// in blue (the ends of ColorBrewer's RdBu), on one scale from minus to plus the largest magnitude.
// Values are not stretched: a map without evidence stays empty.
// Where the box is not the whole picture, a thin frame shows it.
// Cost: one pass over the pixels and one PNG encoding.
#pragma once

#include <string>

#include "assay/base/section.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/picture.h"

namespace assay::imaging {

// The picture with the map over it, without a bar, RGB of 8 bits at the size of overlay_png.
Picture overlaid(const Picture& picture, const Overlay& overlay);
// PNG bytes, 8 bit, at the picture's own resolution plus the bar; pictures whose longer side is
// below 224 px are enlarged by a whole factor, those above 1024 px shrunk.
std::string overlay_png(const Picture& picture, const Overlay& overlay);
// The picture as bright as the map supports it, PNG bytes at the size of overlay_png without a bar:
// each pixel times the map's value there over the scale's end, 0 (black) where the value is 0 or
// below, is not finite, or there is no map.
std::string brightness_png(const Picture& picture, const Overlay& overlay);
// PNG bytes of the picture with the longer side at most `longest_side_px`; never enlarged.
std::string thumbnail_png(const Picture& picture, int longest_side_px);

}  // namespace assay::imaging
