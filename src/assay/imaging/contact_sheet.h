// Many small pictures as one, each with its caption beneath.
//
// Row by row on white, about as many columns as rows where none are asked for. Pictures below 112 px are enlarged by a whole
// factor, those above 224 px (112 px from 65 pictures on) shrunk. Captions are cut to the tile's
// width; what is not ASCII in them shows as "?". Cost: one PNG encoding.
#pragma once

#include <string>
#include <vector>

#include "assay/imaging/picture.h"

namespace assay::imaging {

struct Tile {
  Picture picture;
  std::string caption;
};

// PNG bytes, RGB of 8 bits. `tiles` has at least one.
std::string contact_sheet_png(const std::vector<Tile>& tiles, int columns = 0);

}  // namespace assay::imaging
