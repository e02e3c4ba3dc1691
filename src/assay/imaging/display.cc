#include "assay/imaging/display.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "assay/imaging/resize.h"

namespace assay::imaging {

Picture to_8_bit(const Picture& picture) {
  if (picture.bits == 8) return picture;
  Picture p{picture.height, picture.width, picture.channels, 8, {}};
  p.bytes.resize(picture.bytes.size() / 2);
  const auto* from = reinterpret_cast<const std::uint16_t*>(picture.bytes.data());
  for (std::size_t i = 0; i < p.bytes.size(); ++i)
    p.bytes[i] = static_cast<std::uint8_t>((from[i] * 255u + 32767u) / 65535u);
  return p;
}

Picture shrunk(const Picture& picture, int longest_px) {
  const int side = std::max(picture.height, picture.width);
  if (side <= longest_px) return picture;
  const auto scaled = [&](int n) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(n) * longest_px / side)));
  };
  return resize(picture, {scaled(picture.height), scaled(picture.width)});
}

Picture enlarged(const Picture& picture, int factor) {
  if (factor <= 1) return picture;
  Picture p{picture.height * factor, picture.width * factor, picture.channels, 8, {}};
  const auto n = static_cast<std::size_t>(picture.channels);
  p.bytes.reserve(picture.bytes.size() * static_cast<std::size_t>(factor * factor));
  for (int y = 0; y < p.height; ++y) {
    const std::uint8_t* row =
        picture.bytes.data() + static_cast<std::size_t>(y / factor * picture.width) * n;
    for (int x = 0; x < p.width; ++x) {
      const std::uint8_t* pixel = row + static_cast<std::size_t>(x / factor) * n;
      p.bytes.insert(p.bytes.end(), pixel, pixel + n);
    }
  }
  return p;
}

}  // namespace assay::imaging
