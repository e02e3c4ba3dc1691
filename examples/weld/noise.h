// Random textures. One fixed periodic tile of independent standard normal numbers serves all
// pictures; a picture reads it at places and scales of its own. Reading costs a few nanoseconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weld {

// An interpolated tile of normal numbers; period 512 in both directions.
class Texture {
 public:
  static const Texture& shared();

  // Bilinear between texels; |x|, |y| below 4096.
  float at(float x, float y) const {
    const float px = x + kBias, py = y + kBias;
    const int ix = static_cast<int>(px), iy = static_cast<int>(py);
    const float fx = px - static_cast<float>(ix), fy = py - static_cast<float>(iy);
    const float* top = &texels_[static_cast<std::size_t>((iy & kMask) * kStride + (ix & kMask))];
    const float* low = top + kStride;  // the tile's first row and column are repeated at its end
    const float a = top[0] + (top[1] - top[0]) * fx, b = low[0] + (low[1] - low[0]) * fx;
    return a + (b - a) * fy;
  }
  // The texel that a place lies in.
  float nearest(float x, float y) const {
    const int ix = static_cast<int>(x + kBias), iy = static_cast<int>(y + kBias);
    return texels_[static_cast<std::size_t>((iy & kMask) * kStride + (ix & kMask))];
  }
  // Three octaves, smooth to the eye; deviation about 1.
  float cloud(float x, float y) const {
    return 0.95f * at(x, y) + 0.6f * at(2.03f * x + 17, 2.03f * y + 5) +
           0.4f * at(4.1f * x + 3, 4.1f * y + 29);
  }

 private:
  static constexpr int kSide = 512, kMask = kSide - 1, kStride = kSide + 1;
  static constexpr float kBias = 4096;  // makes places positive, so that truncation is floor
  Texture();
  std::vector<float> texels_;
};

// Smooth random curves along the seam, read together: each standard normal at knots of its own
// distance, cubic-smooth between them, tabled every 0.1 mm over the stretch in sight.
class Curves {
 public:
  static constexpr std::size_t kCount = 8;
  using Values = std::array<float, kCount>;

  // `knots_mm` is each curve's distance from knot to knot; `from_mm` where the stretch begins.
  Curves(std::uint64_t seed, std::int64_t item, const Values& knots_mm, float from_mm,
         float length_mm);
  // Beyond the stretch's ends the curves go straight on.
  Values at(float mm) const {
    const float place = std::min(last_, std::max(0.0f, (mm - from_mm_) * kPerMm));
    const int i = static_cast<int>(place);
    const float part = place - static_cast<float>(i);
    const Values &a = table_[static_cast<std::size_t>(i)],
                 &b = table_[static_cast<std::size_t>(i) + 1];
    Values values;
    for (std::size_t k = 0; k < kCount; ++k) values[k] = a[k] + (b[k] - a[k]) * part;
    return values;
  }

 private:
  static constexpr float kPerMm = 10;
  float from_mm_, last_;
  std::vector<Values> table_;
};

}  // namespace weld
