#include "scatter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "assay/base/seed.h"

namespace weld {

namespace {

constexpr float kReach = 11;  // mm from the middle: what counts as in sight

struct Disc {
  Place centre;
  float radius;  // mm
};

// Calls visit(pixel's place in a plane, squared distance over squared radius) for the pixels within
// `reach` radii.
template <class Visit>
void for_disc(const View& view, const Disc& disc, float reach, const Visit& visit) {
  const View::Pixel middle = view.pixel(disc.centre);
  const float extent = 1.4f * reach * disc.radius / view.mm_per_px() + 2;
  const int size = view.size();
  const auto first = [](float v) { return std::max(0, static_cast<int>(v)); };
  const auto last = [size](float v) { return std::min(size - 1, static_cast<int>(v)); };
  const float per_radius2 = 1 / (disc.radius * disc.radius);
  for (int y = first(middle.row - extent); y <= last(middle.row + extent); ++y)
    for (int x = first(middle.column - extent); x <= last(middle.column + extent); ++x) {
      const Place place = view.place(y, x);
      const float dx = place.along - disc.centre.along, dy = place.across - disc.centre.across;
      const float r2 = (dx * dx + dy * dy) * per_radius2;
      if (r2 < reach * reach)
        visit(static_cast<std::size_t>(y) * static_cast<std::size_t>(size) +
                  static_cast<std::size_t>(x),
              r2);
    }
}

class Scattering {
 public:
  Scattering(Surface surface, const Frame& frame, const View& view)
      : s_(std::move(surface)),
        f_(frame),
        view_(view),

        offset_((f_.whole(cause("side")) == 1 ? 1.0f : -1.0f) *
                static_cast<float>(f_[cause("seam_offset")])) {}

  void pores() {
    const auto diameter = static_cast<float>(f_[cause("pore_diameter")]);
    const auto half = static_cast<float>(f_[cause("seam_width")] / 2);
    for (int i = 0; i < f_.whole(cause("pore_count")); ++i) {
      assay::Stream stream = numbered("weld pore", i);
      const float along = spread(stream, kReach), across = offset_ + spread(stream, 0.8f * half);
      const float size = std::exp(0.22f * static_cast<float>(stream.normal()));
      pore({{along, across}, std::max(0.02f, diameter * std::min(1.3f, size) / 2)});
    }
  }
  void spatter() {
    const auto diameter = static_cast<float>(f_[cause("spatter_diameter")]);
    for (int i = 0; i < f_.whole(cause("spatter_count")); ++i) {
      assay::Stream stream = numbered("weld spatter", i);
      const float along = spread(stream, kReach), across = spread(stream, kReach);
      const float size = std::exp(0.35f * static_cast<float>(stream.normal()));
      drop({{along, across}, diameter * size / 2});
    }
  }
  void scratches() {
    for (int i = 0; i < f_.whole(cause("scratch_count")); ++i) {
      assay::Stream stream = numbered("weld scratch", i);
      const Place middle{spread(stream, kReach), spread(stream, kReach)};
      const auto angle = static_cast<float>(3.1416 * stream.uniform());
      scratch(middle, angle, 1 + 4 * static_cast<float>(stream.uniform()));
    }
  }
  Surface take() { return std::move(s_); }

 private:
  assay::Stream numbered(const char* what, int i) const {
    return {f_.seed, what, static_cast<std::uint64_t>(f_.scene) * 256 + static_cast<unsigned>(i)};
  }
  static float spread(assay::Stream& stream, float half) {
    return half * static_cast<float>(2 * stream.uniform() - 1);
  }

  void pore(const Disc& disc) {
    const bool marked = 2 * disc.radius >= static_cast<float>(kAccepted.pore_diameter);
    // Smaller than a pixel it darkens only part of it.
    const float share = std::min(1.0f, disc.radius / (0.6f * view_.mm_per_px()));
    for_disc(view_, disc, 1.7f, [&](std::size_t i, float r2) {
      const float deep = std::max(0.0f, 1 - r2), rim = std::sqrt(r2) - 1.2f;
      s_.height[i] += disc.radius * (0.25f * std::max(0.0f, 1 - 6 * rim * rim) - 1.2f * deep);
      s_.hollow[i] = std::max(s_.hollow[i], share * std::min(1.0f, 1.8f * deep));
      if (marked && r2 < 1.3f) s_.defect[i] = s_.valid[i] = 255;
    });
  }
  void drop(const Disc& disc) {
    for_disc(view_, disc, 1.4f, [&](std::size_t i, float r2) {
      const float dome = std::sqrt(std::max(0.0f, 1 - r2));
      s_.height[i] += 0.8f * disc.radius * dome;
      const float inside = std::min(1.0f, 4 * dome);
      s_.bead[i] += (1 - s_.bead[i]) * inside;
      s_.etch[i] *= 1 - inside;
      s_.fine_x[i] *= 1 - inside;
      s_.fine_y[i] *= 1 - inside;
      if (r2 > 1) s_.soot[i] = std::max(s_.soot[i], 0.35f * (1.4f - std::sqrt(r2)) / 0.4f);
    });
  }
  // A shallow furrow as a chain of short strokes.
  void scratch(Place middle, float angle, float half_length) {
    const float step = 0.7f * view_.mm_per_px(), dx = std::cos(angle), dy = std::sin(angle);
    const auto size = static_cast<float>(view_.size());
    for (float at = -half_length; at < half_length; at += step) {
      const View::Pixel pixel =
          view_.pixel({middle.along + at * dx, middle.across + at * dy + 0.03f * at * at});
      if (!(pixel.row >= 0 && pixel.column >= 0 && pixel.row < size && pixel.column < size))
        continue;
      const auto i = static_cast<std::size_t>(pixel.row) * static_cast<std::size_t>(view_.size()) +
                     static_cast<std::size_t>(pixel.column);
      const float plate = (1 - s_.bead[i]) * (1 - std::abs(at) / half_length);
      s_.fine_x[i] += 0.16f * plate * dy;
      s_.fine_y[i] -= 0.16f * plate * dx;
    }
  }

  Surface s_;
  const Frame& f_;
  const View& view_;
  float offset_;
};

}  // namespace

Surface scattered(Surface surface, const Frame& frame, const View& view) {
  Scattering scattering(std::move(surface), frame, view);
  scattering.scratches();
  scattering.spatter();
  scattering.pores();
  return scattering.take();
}

}  // namespace weld
