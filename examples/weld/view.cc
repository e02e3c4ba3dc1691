#include "view.h"

#include <cmath>
#include <numbers>

namespace weld {

namespace {

constexpr double kDistance = 200;  // mm
constexpr double kRadians = std::numbers::pi / 180;

}  // namespace

View::View(const Frame& f, int size)
    : size_(size),
      mm_per_px_(static_cast<float>(f[cause("field_of_view")] / size)),
      per_half_(2.0f / static_cast<float>(size)),
      half_mm_(static_cast<float>(f[cause("field_of_view")] / 2)),
      radial_(static_cast<float>(f[cause("distortion")] / 100)),
      pan_(static_cast<float>(std::tan(kRadians * f[cause("pan")]) * half_mm_ / kDistance)),
      tilt_(static_cast<float>(std::tan(kRadians * f[cause("tilt")]) * half_mm_ / kDistance)),
      stretch_(static_cast<float>(1 / std::cos(kRadians * f[cause("tilt")]))),
      cosine_(static_cast<float>(std::cos(kRadians * f[cause("seam_angle")]))),
      sine_(static_cast<float>(std::sin(kRadians * f[cause("seam_angle")]))),
      shift_(static_cast<float>(f[cause("seam_shift")])) {}

View::Pixel View::pixel(Place place) const {
  const float across = place.across + shift_;
  const float px = (place.along * cosine_ - across * sine_) / half_mm_;
  const float py = (place.along * sine_ + across * cosine_) / (half_mm_ * stretch_);
  // px = x' / (1 + pan x' + tilt y') and likewise y' behind the lens: linear in both.
  const float depth = 1 / (1 - pan_ * px - tilt_ * py);
  const float x1 = px * depth, y1 = py * depth;
  float x = x1, y = y1;
  for (int i = 0; i < 8; ++i) {
    const float lens = 1 + radial_ * (x * x + y * y);
    x = x1 / lens;
    y = y1 / lens;
  }
  const float half = static_cast<float>(size_) / 2;
  return {(y + 1) * half - 0.5f, (x + 1) * half - 0.5f};
}

}  // namespace weld
