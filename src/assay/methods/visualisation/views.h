// The same picture moved, scaled and turned a little, so that a network is pleased by what it shows
// and not by where single pixels lie (olah2017feature, mordvintsev2015inceptionism).
//
// A view is an affine map about the middle: output pixel p shows the picture at A p + t, bilinearly,
// mirrored at the edges. The first view is the picture itself. Turning keeps squares square in
// pictures that are not. Differentiable in the pixels. Cost: one pass over the pixels a view.
#pragma once

#include <vector>

#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace assay::methods {

struct View {
  double shift_x = 0, shift_y = 0;  // shares of the width and height
  double scale = 1;                 // > 1: shows more, smaller
  double turn_deg = 0;
};

// How far views may go; each is drawn uniformly between minus and plus that.
struct ViewRange {
  int count = 8;      // views, the picture itself among them
  double jitter = 0;  // share of each side
  double scale = 0;   // share of the size
  double turn_deg = 0;
  bool still() const { return jitter == 0 && scale == 0 && turn_deg == 0; }
};

// The views of one step; one where nothing moves.
std::vector<View> drawn_views(const ViewRange& range, Stream stream);
// pixels [1,C,H,W] as seen in each view, [V,C,H,W].
at::Tensor seen(const at::Tensor& pixels, const std::vector<View>& views);

}  // namespace assay::methods
