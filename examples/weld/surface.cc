#include "surface.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "assay/base/seed.h"
#include "assay/stats/special.h"
#include "noise.h"
#include "scatter.h"

namespace weld {

namespace {

// A function on [0, 1], tabled and interpolated.
class Table {
 public:
  template <class F>
  explicit Table(const F& f) {
    for (int i = 0; i <= kCells + 1; ++i)
      values_[i] = static_cast<float>(f(std::min(1.0, static_cast<double>(i) / kCells)));
  }
  float operator()(float x) const {
    const float place = x * kCells;
    const int i = static_cast<int>(place);
    return values_[i] + (values_[i + 1] - values_[i]) * (place - static_cast<float>(i));
  }

 private:
  static constexpr int kCells = 256;
  std::array<float, kCells + 2> values_;
};

float clamp01(float x) { return std::min(1.0f, std::max(0.0f, x)); }
float smooth(float x) {
  x = clamp01(x);
  return x * x * (3 - 2 * x);
}
// A bump: 1 at 0, half at x² = 0.41, without an exponential.
float bump(float x2) {
  const float d = 1 / (1 + x2);
  return d * d;
}

// The curves along the seam and their knots' distances.
enum CurveIndex { kMiddle, kLeftToe, kRightToe, kPace, kCrown, kJointLine, kGrooveDepth, kSpare };
constexpr Curves::Values kKnots{4.1f, 1.3f, 1.3f, 1.7f, 3.3f, 1.9f, 1.4f, 50};

// The causes as the inner loop needs them, and the pixel's own work.
class Maker {
 public:
  Maker(const Frame& f, const View& view);
  void row(Surface& surface, int y) const;

 private:
  struct Pixel;
  void bead(Pixel& p) const;
  void hole(Pixel& p) const;
  void stain(Pixel& p) const;
  void grain(Pixel& p) const;
  bool in_defect(const Pixel& p) const;

  static float value(const Frame& f, std::size_t i) { return static_cast<float>(f[i]); }

  const View& view_;
  const Texture& texture_ = Texture::shared();
  float px_, position_, side_;
  float half_width_, height_, pitch_, ripple_, disorder_, bow_, wave_, offset_, drift_, step_, gap_;
  float brush_cos_, brush_sin_, brush_, etch_, film_;
  float hole_radius_, hole_along_, hole_across_, sag_;
  float soot_, soot_level_;
  float unfused_half_, unfused_gap_, unfused_along_, groove_depth_, groove_half_;
  float shift_x_, shift_y_;  // into the texture
  bool off_joint_;
  Table crown_, steep_, round_, ripple_shape_;
  Curves curves_;
  std::array<float, 64> strength_;  // of one ripple after the other
};

struct Maker::Pixel {
  float along, across;    // mm
  float u;                // along the whole part
  float v = 0, half = 1;  // across the bead, and its half width here
  float t = 0;            // v / half
  float height = 0, bead = 0, etch = 0, soot = 0, hollow = 0, film = 0, fine_x = 0, fine_y = 0;
  float joint = 0;    // distance from the joint's wavering line
  float unfused = 0;  // how far the toe failed here
  float hole = 1e9f;  // distance from the hole's edge
};

Maker::Maker(const Frame& f, const View& view)
    : view_(view),
      px_(view.mm_per_px()),
      position_(value(f, cause("position"))),
      side_(f.whole(cause("side")) == 1 ? 1.0f : -1.0f),
      half_width_(value(f, cause("seam_width")) / 2),
      height_(std::max(0.01f, value(f, cause("seam_height")))),
      pitch_(value(f, cause("ripple_pitch"))),
      ripple_(value(f, cause("ripple_depth"))),
      disorder_(value(f, cause("ripple_disorder"))),
      bow_(value(f, cause("ripple_bow"))),
      wave_(value(f, cause("edge_waviness"))),
      offset_(value(f, cause("seam_offset")) * side_),
      drift_(std::tan(value(f, cause("seam_drift")) * std::numbers::pi_v<float> / 180)),
      step_(value(f, cause("step_height")) * side_),
      gap_(value(f, cause("joint_gap")) / 2),
      brush_cos_(std::cos(value(f, cause("brush_angle")) * std::numbers::pi_v<float> / 180)),
      brush_sin_(std::sin(value(f, cause("brush_angle")) * std::numbers::pi_v<float> / 180)),
      brush_(value(f, cause("brush_depth"))),
      etch_(value(f, cause("etch_width"))),
      film_(value(f, cause("heat_tint"))),
      hole_radius_(value(f, cause("hole_diameter")) / 2),
      hole_along_(value(f, cause("hole_along"))),
      hole_across_(value(f, cause("hole_across"))),
      sag_(value(f, cause("sag_depth"))),
      soot_(value(f, cause("soot_cover"))),
      soot_level_(static_cast<float>(assay::stats::quantile(
          assay::stats::Normal{}, 1 - std::clamp(f[cause("soot_cover")], 1e-4, 1 - 1e-4)))),
      unfused_half_(value(f, cause("unfused_length")) / 2),
      unfused_gap_(value(f, cause("unfused_gap")) / 2),
      unfused_along_(value(f, cause("unfused_along"))),
      groove_depth_(value(f, cause("groove_depth"))),
      groove_half_(value(f, cause("groove_width")) / 2),
      shift_x_(std::fmod(position_ * 11.7f, 512.0f)),
      shift_y_(std::fmod(position_ * 5.3f + static_cast<float>(f.part % 512) * 37.0f, 512.0f)),
      off_joint_(f[cause("step_height")] >= kAccepted.step_height ||
                 f[cause("seam_offset")] >= kAccepted.seam_offset),
      crown_([&](double t) {
        const double slope = std::tan(f[cause("toe_angle")] * std::numbers::pi / 180);
        return 1 - std::pow(t, std::clamp(slope * half_width_ / height_, 1.3, 12.0));
      }),
      steep_([](double t) { return std::sqrt(std::max(0.0, 1 - t * t * t * t)); }),
      round_([](double t) { return std::sqrt(std::max(0.0, 1 - 0.92 * t)); }),
      ripple_shape_([](double x) { return 4 * std::pow(x, 0.7) * (1 - std::pow(x, 0.7)); }),
      curves_(f.seed, f.part, kKnots, position_ - 16, 32) {
  assay::Stream stream(f.seed, "weld ripples", static_cast<std::uint64_t>(f.part));
  for (float& s : strength_) s = static_cast<float>(stream.normal());
}

// Bead, plates, joint, and the faults that are part of their shape.
void Maker::bead(Pixel& p) const {
  const Curves::Values curve = curves_.at(p.u);
  const float centre = offset_ + drift_ * p.along + 0.5f * wave_ * curve[kMiddle];
  p.v = p.across - centre;
  const bool faulty_side = p.v * side_ > 0;
  const float toe = wave_ * curve[p.v < 0 ? kLeftToe : kRightToe];
  if (unfused_half_ > 0 && faulty_side)
    p.unfused = smooth(0.5f - (std::abs(p.along - unfused_along_) - unfused_half_) / 1.2f);
  p.half = half_width_ * (1 - 0.09f * p.unfused) + toe;

  // Ripples: which one, how far into it, and how strong it came out.
  const float rough = p.v / p.half, across2 = std::min(1.0f, rough * rough);
  const float pace = disorder_ * pitch_ * 1.4f * curve[kPace];
  const float round = round_(across2);
  const float phase = (p.u + pace - bow_ * round) / pitch_ + 64;
  const int number = static_cast<int>(phase);
  const float shape = ripple_shape_(phase - static_cast<float>(number));
  const float strength = std::max(0.2f, 1 + 2.2f * disorder_ * strength_[number & 63]);
  p.half += 0.35f * ripple_ * strength * (shape - 0.5f);
  p.t = p.v / p.half;
  const float t = std::abs(p.t);
  p.bead = clamp01((1 - t) * p.half / px_ + 0.5f);

  // The plates at the bead's toes, and the bead between them.
  const auto plate = [this](float across) {
    return std::abs(step_) * smooth((step_ < 0 ? -across : across) / 0.7f + 0.5f);
  };
  p.joint = p.across + 0.04f * curve[kJointLine];
  if (t < 1) {
    const float low = plate(centre - half_width_), high = plate(centre + half_width_);
    float arch = crown_(t);
    if (p.unfused > 0) arch += (steep_(t) - arch) * p.unfused;
    p.height = low + (high - low) * 0.5f * (p.t + 1);
    p.height += height_ * (1 + 0.07f * curve[kCrown]) * arch;
    p.height += ripple_ * strength * shape * round;
    if (groove_depth_ > 0) {
      const float depth = groove_depth_ * (0.75f + 0.25f * curve[kGrooveDepth]);
      const float wall = clamp01(1 - std::abs(p.joint) / groove_half_);
      p.height -= depth * wall;
      p.hollow = std::max(p.hollow, clamp01(2.4f * depth * (1.6f * wall - 0.6f)));
    }
  } else {
    p.height = p.across * step_ > 0 ? std::abs(step_) : 0;
    const float open =
        clamp01((gap_ - std::abs(p.joint)) / px_ + 0.5f) * clamp01(gap_ / (0.3f * px_));
    p.height -= 0.8f * open;
    p.hollow = open;
  }
  if (p.unfused > 0) {
    const float crevice =
        clamp01((unfused_gap_ * p.unfused - std::abs(p.v - side_ * p.half)) / px_ + 0.5f) *
        smooth(p.unfused);
    p.height -= 0.5f * crevice;
    p.hollow = std::max(p.hollow, 0.95f * crevice);
  }
}

void Maker::hole(Pixel& p) const {
  const float dx = p.along - hole_along_, dy = p.v - hole_across_, r2 = dx * dx + dy * dy;
  if (sag_ > 0 && std::abs(p.t) < 1) {
    const float spread = 1.2f + 1.3f * hole_radius_;
    p.height -= 1.5f * sag_ * (1 - p.t * p.t) * bump(0.5f * dx * dx / (spread * spread));
  }
  const float reach = 3 * hole_radius_ + 1;
  if (hole_radius_ <= 0 || r2 > reach * reach) return;
  const float r = std::sqrt(r2);
  const float edge = hole_radius_ * (1 + 0.16f * texture_.at(1.1f * dx / (r + 0.1f) + shift_x_,
                                                             1.1f * dy / (r + 0.1f) + shift_y_));
  p.hole = r - edge;
  const float inside = clamp01(-p.hole / px_ + 0.5f), rim = (p.hole - 0.16f) / 0.2f;
  p.height += 0.26f * bump(rim * rim) - 0.35f * bump(r2 / (2.2f * edge * edge));
  p.height -= 2.5f * inside;
  p.hollow = std::max(p.hollow, inside);
  p.film += 35 * bump(p.hole * p.hole / 1.2f);
  p.soot = std::max(p.soot, 0.55f * bump(p.hole * p.hole / 0.25f));
}

// Cleaned band, oxide film and soot.
void Maker::stain(Pixel& p) const {
  const float beyond = std::abs(p.v) - p.half;  // mm outside the toe
  const float ragged =
      0.22f * etch_ * texture_.at(p.along * 0.9f + shift_x_, p.v * 0.9f + shift_y_);
  p.etch = (1 - p.bead) * smooth((etch_ + ragged - beyond) / 0.5f + 0.5f);
  const float fade = 0.8f * etch_ + 0.8f;
  p.film += film_ * bump(std::max(0.0f, beyond) * std::max(0.0f, beyond) / (fade * fade));
  if (soot_ < 0.004f || beyond > 2.2f) return;
  const float cloud = texture_.cloud(p.along * 0.55f + shift_y_, p.v * 0.75f + shift_x_) * 1.25f;
  const float level = soot_level_ + 1.1f * std::max(0.0f, beyond - 0.6f);
  const float speck = 0.12f * texture_.at(p.along * 5 + shift_x_, p.v * 5 + shift_y_);
  const float veil = smooth((cloud + speck - level) / 1.5f + 0.6f);
  p.soot = std::max(p.soot, veil * std::min(1.0f, 0.88f + speck));
}

// Slopes finer than the height map: brushing on the plate, dendrites on the bead, etched grain.
void Maker::grain(Pixel& p) const {
  const float bare = (1 - p.bead) * (1 - 0.75f * p.etch);
  if (bare > 0.01f) {
    const float a = p.along * brush_cos_ + p.across * brush_sin_;
    const float b = p.across * brush_cos_ - p.along * brush_sin_;
    const float streaks = 0.8f * texture_.at(a * 0.21f + shift_x_, b * 8.3f + shift_y_) +
                          0.6f * texture_.at(a * 0.6f + shift_y_, b * 15.1f + shift_x_);
    const float slope = bare * brush_ * streaks;
    p.fine_x -= slope * brush_sin_;
    p.fine_y += slope * brush_cos_;
  }
  const float strength = 0.03f * p.bead + 0.09f * p.etch + 0.12f * p.soot;
  if (strength > 0.001f) {
    p.fine_x += strength * texture_.nearest(p.along * 9.7f + shift_x_, p.across * 9.7f + shift_y_);
    p.fine_y +=
        strength * texture_.nearest(p.along * 10.3f + shift_y_, p.across * 10.3f + shift_x_);
  }
}

bool Maker::in_defect(const Pixel& p) const {
  if (p.hole < 0.3f) return true;
  if (soot_ >= kAccepted.soot_cover && p.soot > 0.5f && p.hole > 1) return true;
  if (p.unfused > 0.3f && std::abs(p.v - side_ * p.half) < unfused_gap_ + 0.25f) return true;
  if (groove_depth_ > 0 && std::abs(p.t) < 1 && std::abs(p.joint) < groove_half_ + 0.1f)
    return true;
  return off_joint_ && std::abs(p.joint) < gap_ + 0.4f;
}

void Maker::row(Surface& s, int y) const {
  for (int x = 0; x < s.size; ++x) {
    const Place place = view_.place(y, x);
    Pixel p{place.along, place.across, place.along + position_};
    bead(p);
    hole(p);
    stain(p);
    grain(p);
    const auto i = static_cast<std::size_t>(y) * static_cast<std::size_t>(s.size) +
                   static_cast<std::size_t>(x);
    s.height[i] = p.height;
    s.fine_x[i] = p.fine_x;
    s.fine_y[i] = p.fine_y;
    s.bead[i] = p.bead;
    s.etch[i] = p.etch;
    s.soot[i] = p.soot;
    s.hollow[i] = p.hollow;
    s.film[i] = p.film;
    const bool defect = in_defect(p);
    s.valid[i] = defect || std::abs(p.v) < p.half + etch_ + 1 ? 255 : 0;
    s.defect[i] = defect ? 255 : 0;
  }
}

}  // namespace

Surface::Surface(int side)
    : size(side),
      height(static_cast<std::size_t>(side) * static_cast<std::size_t>(side)),
      fine_x(height),
      fine_y(height),
      bead(height),
      etch(height),
      soot(height),
      hollow(height),
      film(height),
      valid(height.size()),
      defect(height.size()) {}

Surface make_surface(const Frame& frame, const View& view) {
  Surface surface(view.size());
  surface.mm_per_px = view.mm_per_px();
  const Maker maker(frame, view);
  for (int y = 0; y < surface.size; ++y) maker.row(surface, y);
  return scattered(std::move(surface), frame, view);
}

}  // namespace weld
