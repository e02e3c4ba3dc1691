// What light the camera gets from the surface: linear RGB with sRGB's primaries, relative to a
// white matt surface that faces the lamp at full strength.
//
// Metal mirrors a room: a lamp (soft box) whose reflection widens with roughness, along the brushing
// less than across it; a weaker light opposite; walls that darken towards the horizon. What is etched
// or sooty scatters. Steps cast shadows away from the lamp, hollows get less of the room. The oxide
// film colours by interference in a layer of index 1.7. Lamp and room are black bodies (Kang et
// al. 2002, kang2002design), the arc bluish.
#pragma once

#include <array>

#include "surface.h"

namespace weld {

struct Radiance {
  explicit Radiance(int size);
  int size;
  std::array<Plane, 3> rgb;
};

using Rgb = std::array<double, 3>;
// Linear sRGB of a black body of equal luminance; 1667–25000 K.
Rgb black_body(double kelvin);

Radiance light_surface(const Frame& frame, const Surface& surface, const View& view);

}  // namespace weld
