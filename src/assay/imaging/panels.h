// A picture's panels side by side, each with its title beneath.
//
// A region is shaded and hatched, what is replaced is shown where the model had it: at the same
// place of the donor's picture, brought to this one's size; the seam's fading is not drawn. Maps as
// in overlay.h.
// Cost: one pass over the pixels a panel and one PNG encoding.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "assay/base/section.h"
#include "assay/imaging/picture.h"

namespace assay::imaging {

// PNG bytes. `picture_of_row` reads the other pictures that panels name, `shifted` shows the picture changed (none: as
// shifted_picture); both may throw.
std::string panels_png(const Picture& picture, const std::vector<Panel>& panels,
                       const std::function<Picture(std::int64_t)>& picture_of_row,
                       const std::function<Picture(const Shift&)>& shifted = {});

}  // namespace assay::imaging
