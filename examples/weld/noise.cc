#include "noise.h"

#include <cmath>
#include <string>

#include "assay/base/seed.h"

namespace weld {

Texture::Texture() : texels_(static_cast<std::size_t>(kStride) * kStride) {
  assay::Stream stream(0, "weld texture");
  float* texels = texels_.data();
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) texels[y * kStride + x] = static_cast<float>(stream.normal());
  for (int i = 0; i < kSide; ++i) {
    texels[i * kStride + kSide] = texels[i * kStride];
    texels[kSide * kStride + i] = texels[i];
  }
  texels_.back() = texels_.front();
}

const Texture& Texture::shared() {
  static const Texture texture;
  return texture;
}

Curves::Curves(std::uint64_t seed, std::int64_t item, const Values& knots_mm, float from_mm,
               float length_mm)
    : from_mm_(from_mm),
      last_(length_mm * kPerMm),
      table_(static_cast<std::size_t>(length_mm * kPerMm) + 2) {
  for (std::size_t k = 0; k < kCount; ++k) {
    // A knot's number is a stretch of its own of the stream's item: knots need no order.
    const auto knot = [&](int i) {
      return static_cast<float>(
          assay::Stream(seed, "weld curve " + std::to_string(k),
                        static_cast<std::uint64_t>(item) << 20 | static_cast<unsigned>(i & 0xFFFFF))
              .normal());
    };
    int at = static_cast<int>(std::floor(from_mm / knots_mm[k]));
    float low = knot(at), high = knot(at + 1);
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const float place = (from_mm + static_cast<float>(i) / kPerMm) / knots_mm[k];
      while (static_cast<int>(std::floor(place)) > at) {
        ++at;
        low = high;
        high = knot(at + 1);
      }
      const float f = place - static_cast<float>(at);
      table_[i][k] = low + (high - low) * f * f * (3 - 2 * f);
    }
  }
}

}  // namespace weld
