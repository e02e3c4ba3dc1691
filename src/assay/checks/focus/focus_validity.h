// Which pixels of a picture may not carry the decision.
//
// Of the row's mask what `mask_marks` says (marked pixels are valid: the rest is invalid; or the
// other way round), and the picture's outermost pixels where `border` names a width. A row without
// a mask has the border alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assay/checks/focus/focus.h"
#include "assay/imaging/mask.h"

namespace assay::checks {

struct Border {
  double width = 0;
  bool share = false;  // of the shorter side, else px
  // In px of a picture of this size, rounded; at least 1 where the width is above 0.
  int px(int height, int width) const;
};

// "8px", "8 px" or "5%"; empty: none. InputError("border", …).
Border parse_border(const std::string& text);
// InputError where nothing says which pixels are invalid, or a parameter cannot be read.
void refuse_impossible(const Subject& subject, const Focus::Params& params);

// Of the data set's row, over its picture, marked where invalid; none where nothing says so.
// InputError for a mask that cannot be read or has not the picture's size.
std::optional<imaging::Mask> invalid_pixels(const Subject& subject, const Focus::Params& params,
                                            std::int64_t row, int height, int width);

}  // namespace assay::checks
