// Where a pixel looks: a pinhole camera 200 mm above the plate, tilted and panned, behind a lens
// with one radial term. Place on the work-piece: `along` the joint and `across` it (down in the
// picture), in mm from the joint's middle in sight.
#pragma once

#include "frame.h"

namespace weld {

struct Place {
  float along, across;  // mm
};

class View {
 public:
  View(const Frame& frame, int size);

  int size() const { return size_; }
  float mm_per_px() const { return mm_per_px_; }
  Place place(int row, int column) const {
    const float x = unit(column), y = unit(row);
    const float lens = 1 + radial_ * (x * x + y * y);
    const float depth = half_mm_ / (1 + lens * (pan_ * x + tilt_ * y)) * lens;
    const float px = x * depth, py = y * depth * stretch_;
    return {px * cosine_ + py * sine_, py * cosine_ - px * sine_ - shift_};
  }
  struct Pixel {
    float row, column;
  };
  // The inverse, to a hundredth of a pixel for distortions up to 10 %.
  Pixel pixel(Place place) const;

 private:
  float unit(int i) const { return (static_cast<float>(i) + 0.5f) * per_half_ - 1; }

  int size_;
  float mm_per_px_, per_half_, half_mm_, radial_, pan_, tilt_, stretch_, cosine_, sine_, shift_;
};

}  // namespace weld
