// How much of a map's evidence lies in a region, and how much would for no reason?
//
//   share = Σ_{p in region} max(map_p, 0) ÷ Σ_p max(map_p, 0)
//
// The null: the same region shifted round the picture, what leaves on one side entering on the
// other. The shift keeps the region's size and shape and the map's smoothness, and destroys what
// the one knows of the other; over all shifts the mean share is exactly the region's share of the
// area. When it lies: where maps and regions favour the same places in every picture (a centred
// object, a border region), most shifts put the region where no evidence is to be had.
// Cost: one product of picture and shift.
// Source: lotwick1982 for the shifts; wang2020scorecam for the share.
#pragma once

#include <optional>
#include <vector>

#include "assay/methods/evaluation/removal.h"
#include "assay/network/torch.h"

namespace assay::methods {

struct RegionShare {
  double share = 0;            // in [0,1]
  std::vector<float> shifted;  // the same of the shifted region, for every shift but none
};

// Of `map` [H,W] and a region of one byte a pixel, not 0 inside. The shifts are whole multiples of
// an 8th of either side. None where the map has no positive value or one that is not finite, and
// for a region that is empty or holds every pixel.
std::optional<RegionShare> region_share(const at::Tensor& map, const PixelMask& region);

}  // namespace assay::methods
