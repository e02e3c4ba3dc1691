// Which pixels of a picture somebody marked. What a mark means, whoever asks for it decides.
//
// A source is a text: the path of a picture file, marked where any channel reaches half of its range
// (128 of 255), or shapes, joined by ';', whose union is marked:
//
//   box:LEFT TOP RIGHT BOTTOM     px; a pixel is inside where its middle is, 0.5 from its edges
//   polygon:X Y X Y X Y …         px; at least three corners, even-odd rule at the pixels' middles
//   rle:HEIGHT WIDTH N N N …      run lengths down the columns, left to right, unmarked first (COCO's)
//
// Errors: InputError that names the file or the shape, also for run lengths of another size than the
// picture's; coordinates are finite and at most 1e6 away
// from the picture. An empty mask and a full one are legal.
// Cost: a decode, or for shapes one pass over the picture's rows for each corner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/imaging/picture.h"

namespace assay::imaging {

struct Mask {
  int height = 0, width = 0;         // px, those of the picture
  std::vector<std::uint8_t> marked;  // row-major, 0 or 1
};

bool is_shapes(std::string_view source);
// The shapes over a picture of this size. `name` is what errors call their place.
Mask shapes_mask(std::string_view shapes, int height, int width, const std::string& name);
// Only checks that they can be read.
void check_shapes(std::string_view shapes, const std::string& name);
Mask mask_of(const Picture& picture);

}  // namespace assay::imaging
