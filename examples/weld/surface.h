// The work-piece in sight: its height and what it is made of, pixel by pixel, and the two masks.
//
// Two plates with a joint between them, brushed; a bead over the joint, its crown a power of the
// distance from its middle so that it meets the plate at the toe's angle, its ripples rounded steps
// bowed along the seam; a band beside it that the arc cleaned; soot, an oxide film, pores, spatter,
// scratches; and the faults: a hole with rim and sagging, a toe that did not fuse, a joint that the
// bead misses or that shows through it. Nothing here knows a class: only causes.
//
// Masks: `valid` is the seam and the zone that the heat changed, where evidence may lie. `defect`
// is what an inspector would mark; what lies below his limits (kAccepted) is not marked.
// Cost: about half of a picture's drawing.
#pragma once

#include <cstdint>
#include <vector>

#include "view.h"

namespace weld {

using Plane = std::vector<float>;             // [size, size], row by row
using MaskPlane = std::vector<std::uint8_t>;  // likewise; 0 or 255

// What is below is no defect.
struct Accepted {
  double pore_diameter = 0.3;  // mm
  double soot_cover = 0.06;    // share
  double step_height = 0.15;   // mm
  double seam_offset = 0.8;    // mm
};
inline constexpr Accepted kAccepted;

struct Surface {
  explicit Surface(int size);
  int size;
  float mm_per_px = 0;
  Plane height;            // mm above the lower plate
  Plane fine_x, fine_y;    // slope that is finer than a pixel: brushing, grain
  Plane bead, etch, soot;  // shares of a pixel, 0–1
  Plane hollow;            // where no light comes from: gaps, holes, pores
  Plane film;              // nm of oxide
  MaskPlane valid, defect;
};

Surface make_surface(const Frame& frame, const View& view);

}  // namespace weld
