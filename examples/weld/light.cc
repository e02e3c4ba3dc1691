#include "light.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "label.h"

namespace weld {

namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// By value: through std::max's references the compiler does not vectorise.
float larger(float a, float b) { return a > b ? a : b; }
float clamp01(float x) {
  const float below = x < 1 ? x : 1;
  return below > 0 ? below : 0;
}

// How a film of `nm` colours white: interference of the light from its two faces, by channel.
class FilmColours {
 public:
  FilmColours() {
    constexpr float kWavelength[3] = {610, 545, 460}, kIndex = 1.7f, kContrast = 0.62f;
    for (int nm = 0; nm <= kMost; ++nm)
      for (int c = 0; c < 3; ++c)
        table_[c][nm] =
            1 - kContrast * 0.5f *
                    (1 - std::cos(4 * kPi * kIndex * static_cast<float>(nm) / kWavelength[c]));
  }
  static constexpr float kMost = 400;  // nm; thicker films look like this one
  // The colour's table, by whole nm.
  const float* of(int channel) const { return table_[static_cast<std::size_t>(channel)].data(); }

 private:
  std::array<std::array<float, static_cast<int>(kMost) + 1>, 3> table_;
};

const FilmColours& film_colours() {
  static const FilmColours colours;
  return colours;
}

// A plane within a frame of repeated edge pixels, so that inner loops read beyond the edge.
class Framed {
 public:
  Framed(const Plane& plane, int size, int margin)
      : size_(size), margin_(margin), values_(count()) {
    for (int y = -margin; y < size + margin; ++y) {
      const float* from = &plane[static_cast<std::size_t>(std::clamp(y, 0, size - 1)) *
                                 static_cast<std::size_t>(size)];
      float* to = values_.data() + place(y);
      std::copy(from, from + size, to);
      std::fill(to - margin, to, from[0]);
      std::fill(to + size, to + size + margin, from[size - 1]);
    }
  }
  const float* row(int y) const { return values_.data() + place(y); }

 private:
  std::size_t count() const {
    const auto side = std::ptrdiff_t{size_} + 2 * margin_;
    return static_cast<std::size_t>(side * side);
  }
  std::ptrdiff_t place(int y) const {
    return std::ptrdiff_t{y + margin_} * (size_ + 2 * margin_) + margin_;
  }
  int size_, margin_;
  std::vector<float> values_;
};

// The mean over a square of side 2 · 4 · stride, from 9 × 9 samples: sums of their own for every
// pixel, since running sums would carry one pixel's change through the whole picture.
Plane box_mean(const Plane& in, int size, int stride) {
  constexpr int kTaps = 4;
  const Framed framed(in, size, kTaps * stride);
  const int margin = kTaps * stride;
  const auto n = static_cast<std::size_t>(size);
  std::vector<float> column(n + 2 * static_cast<std::size_t>(margin));
  Plane out(in.size());
  constexpr float kShare = 1.0f / ((2 * kTaps + 1) * (2 * kTaps + 1));
  for (int y = 0; y < size; ++y) {
    std::fill(column.begin(), column.end(), 0.0f);
    for (int k = -kTaps; k <= kTaps; ++k) {
      const float* from = framed.row(y + k * stride) - margin;
      for (std::size_t x = 0; x < column.size(); ++x) column[x] += from[x];
    }
    float* to = &out[static_cast<std::size_t>(y) * n];
    for (int k = 0; k <= 2 * kTaps; ++k) {
      const float* from = column.data() + std::ptrdiff_t{k} * stride;
      for (std::size_t x = 0; x < n; ++x) to[x] += from[x];
    }
    for (std::size_t x = 0; x < n; ++x) to[x] *= kShare;
  }
  return out;
}

constexpr float kCavity = 0.35f;  // mm: what is lower than its surroundings so far is darker
constexpr std::array<float, 3> kShadowSteps{0.3f, 0.7f, 1.3f};  // mm towards the lamp

int shadow_margin(const Surface& s) {
  return 2 + static_cast<int>(std::ceil(kShadowSteps.back() / s.mm_per_px));
}

// Light in the loops over a row's pixels; each is simple enough to be vectorised.
class Lighting {
 public:
  Lighting(const Frame& f, const Surface& s, const View& view)
      : s_(s),
        view_(view),
        room_(1.9f * value(f, cause("ambient"))),
        arc_(value(f, cause("arc_glow"))),
        height_(s.height, s.size, shadow_margin(s)),
        white_(static_cast<std::size_t>(s.size)),
        reflected_(white_) {
    const float azimuth = value(f, cause("light_azimuth")) * kPi / 180;
    const float elevation = value(f, cause("light_elevation")) * kPi / 180;
    lamp_x_ = std::cos(elevation) * std::cos(azimuth);
    lamp_y_ = -std::cos(elevation) * std::sin(azimuth);  // rows run downwards
    lamp_z_ = std::sin(elevation);
    const float brush =
        (value(f, cause("brush_angle")) + value(f, cause("seam_angle"))) * kPi / 180;
    brush_x_ = std::cos(brush);
    brush_y_ = std::sin(brush);
    colour_ = black_body(f[cause("light_temperature")]);
    const auto stride = static_cast<int>(std::lround(kCavity / 4 / s.mm_per_px));
    around_ = box_mean(s.height, s.size, std::max(1, stride));
  }

  void row(Radiance& out, int y) {
    metal(y);
    const std::size_t first = static_cast<std::size_t>(y) * static_cast<std::size_t>(s_.size);
    colour(out, first);
    if (arc_ > 0) add_arc(out, y, first);
  }

 private:
  static float value(const Frame& f, std::size_t i) { return static_cast<float>(f[i]); }

  // Fills white_, what a white lamp and room give, and reflected_, the surface's answer to a light
  // low on the right.
  void metal(int y) {
    const int size = s_.size;
    const std::size_t first = static_cast<std::size_t>(y) * static_cast<std::size_t>(size);
    const float *here = height_.row(y), *above = height_.row(y - 1), *below = height_.row(y + 1);
    const float *fine_x = &s_.fine_x[first], *fine_y = &s_.fine_y[first];
    const float *beads = &s_.bead[first], *etches = &s_.etch[first], *soots = &s_.soot[first];
    const float *hollows = &s_.hollow[first], *around = &around_[first];
    std::array<const float*, 3> towards_lamp;
    std::array<float, 3> rise;
    for (std::size_t k = 0; k < 3; ++k) {
      const float px = kShadowSteps[k] / s_.mm_per_px;
      towards_lamp[k] =
          height_.row(y + static_cast<int>(std::lrint(px * lamp_y_))) + std::lrint(px * lamp_x_);
      rise[k] = kShadowSteps[k] * lamp_z_;
    }
    const float *near = towards_lamp[0], *mid = towards_lamp[1], *far = towards_lamp[2];
    const float per_mm = 0.5f / s_.mm_per_px;
    // The plate's far corners see the room under other angles.
    const float turn = 0.18f / static_cast<float>(size), half = 0.5f * static_cast<float>(size);
    const float turn_y = turn * (static_cast<float>(y) - half);
    const float lamp_x = lamp_x_, lamp_y = lamp_y_, lamp_z = lamp_z_, brush_x = brush_x_,
                brush_y = brush_y_, ambient = room_, rise0 = rise[0], rise1 = rise[1],
                rise2 = rise[2];
    float *white = white_.data(), *reflected = reflected_.data();
#pragma GCC ivdep  // white and reflected overlap nothing that is read
    for (int x = 0; x < size; ++x) {
      const float slope_x = (here[x + 1] - here[x - 1]) * per_mm + fine_x[x];
      const float slope_y = (below[x] - above[x]) * per_mm + fine_y[x];
      const float nz = 1 / std::sqrt(1 + slope_x * slope_x + slope_y * slope_y);
      const float nx = -slope_x * nz, ny = -slope_y * nz;
      // The mirrored direction.
      const float rx = 2 * nz * nx + turn * (static_cast<float>(x) - half);
      const float ry = 2 * nz * ny + turn_y;
      const float rz = 2 * nz * nz - 1;

      const float bead = beads[x], etch = etches[x], soot = soots[x], bare = 1 - bead;
      // Half-widths of the lamp's reflection, along and across the brushing.
      const float along = 0.36f + 0.14f * etch + 0.3f * soot - 0.1f * bead;
      const float wide = along + 0.30f * bare * (1 - etch);
      const float dx = rx - lamp_x, dy = ry - lamp_y;
      const float both = along * wide;
      const float da = (dx * brush_x + dy * brush_y) * wide;
      const float db = (dy * brush_x - dx * brush_y) * along;
      const float both2 = both * both;
      const float q = both2 / (both2 + 1.4f * (da * da + db * db));
      const float glint = 1.3f * q * q * (0.11f / both + 0.42f);
      const float ex = rx + 0.75f * lamp_x, ey = ry + 0.75f * lamp_y;
      const float fill = 0.5f / (1 + 5 * (ex * ex + ey * ey));
      // The camera hides the room straight above; a polished bead shows it, a brushed plate does
      // not.
      const float camera = 1 - 0.5f * bead / (1 + 16 * (rx * rx + ry * ry));
      const float sky = (0.56f - 0.42f * ry) * clamp01(0.2f + 0.95f * rz) * camera;

      // What stands between here and the lamp, and how deep the place lies.
      const float height = here[x];
      const float most = larger(larger(near[x] - rise0, mid[x] - rise1), far[x] - rise2) - height;
      const float light = 1 - 0.85f * clamp01(most * (1 / 0.16f));
      const float open = 1 - 0.8f * clamp01((around[x] - height) * (1 / 0.32f));
      const float facing = larger(0, nx * lamp_x + ny * lamp_y + nz * lamp_z);

      const float clean = 1 - soot, kept = 1 - 0.96f * hollows[x];
      const float streak = fine_y[x] * brush_x - fine_x[x] * brush_y;
      const float mirror =
          clean * (0.62f + 0.2f * bead - 0.34f * etch * bare) * (1 + 1.6f * bare * streak);
      const float matt = clean * (0.15f - 0.09f * bead + 0.26f * etch * bare) + 0.045f * soot;
      const float lamp = (mirror * (glint + 0.25f * fill) + matt * facing) * light;
      const float room = (mirror * (sky + 0.35f * fill) + matt * (0.6f + 0.4f * nz)) * open;
      white[x] = kept * (lamp + ambient * room);
      reflected[x] = kept * (mirror * 1.3f + matt) * light * larger(0, 0.35f * nz + 0.9f * nx);
    }
  }

  void colour(Radiance& out, std::size_t first) const {
    constexpr float kMetal[3] = {0.97f, 0.975f, 0.985f}, kBrown[3] = {0, 0.14f, 0.3f};
    const float *soot = &s_.soot[first], *film = &s_.film[first];
    for (std::size_t c = 0; c < 3; ++c) {
      const float metal = kMetal[c] * static_cast<float>(colour_[c]), brown = kBrown[c];
      const float* tint = film_colours().of(static_cast<int>(c));
      float* to = &out.rgb[c][first];
      for (int x = 0; x < s_.size; ++x)
        to[x] = metal * white_[static_cast<std::size_t>(x)] * (1 - brown * soot[x]) *
                    tint[static_cast<int>(std::min(film[x], FilmColours::kMost))] +
                0.004f;
    }
  }

  // The arc burns beyond the right edge, on the seam; some of its light is scattered in the lens.
  void add_arc(Radiance& out, int y, std::size_t first) const {
    constexpr float kArc[3] = {0.75f, 0.9f, 1.35f};
    for (int x = 0; x < s_.size; ++x) {
      const float away = static_cast<float>(s_.size - x) * s_.mm_per_px + 2;
      const float beside = view_.place(y, x).across;
      const float strength = arc_ * 16 / (away * away + beside * beside + 6);
      for (std::size_t c = 0; c < 3; ++c)
        out.rgb[c][first + static_cast<std::size_t>(x)] +=
            kArc[c] * strength * (0.1f + reflected_[static_cast<std::size_t>(x)]);
    }
  }

  const Surface& s_;
  const View& view_;
  float room_, arc_, lamp_x_, lamp_y_, lamp_z_, brush_x_, brush_y_;
  Rgb colour_;
  Framed height_;
  Plane around_;
  std::vector<float> white_, reflected_;
};

}  // namespace

Radiance::Radiance(int side) : size(side) {
  rgb.fill(Plane(static_cast<std::size_t>(side) * static_cast<std::size_t>(side)));
}

Rgb black_body(double kelvin) {
  const double t = kelvin, t2 = t * t, t3 = t2 * t;
  const double x = t <= 4000 ? -0.2661239e9 / t3 - 0.2343589e6 / t2 + 0.8776956e3 / t + 0.179910
                             : -3.0258469e9 / t3 + 2.1070379e6 / t2 + 0.2226347e3 / t + 0.240390;
  const double x2 = x * x, x3 = x2 * x;
  const double y = t <= 2222   ? -1.1063814 * x3 - 1.34811020 * x2 + 2.18555832 * x - 0.20219683
                   : t <= 4000 ? -0.9549476 * x3 - 1.37418593 * x2 + 2.09137015 * x - 0.16748867
                               : 3.0817580 * x3 - 5.87338670 * x2 + 3.75112997 * x - 0.37001483;
  const double X = x / y, Z = (1 - x - y) / y;  // Y = 1
  return {3.2406 * X - 1.5372 - 0.4986 * Z, -0.9689 * X + 1.8758 + 0.0415 * Z,
          0.0557 * X - 0.2040 + 1.0570 * Z};
}

Radiance light_surface(const Frame& frame, const Surface& surface, const View& view) {
  Radiance radiance(surface.size);
  Lighting lighting(frame, surface, view);
  for (int y = 0; y < surface.size; ++y) lighting.row(radiance, y);
  return labelled(std::move(radiance), frame);
}

}  // namespace weld
