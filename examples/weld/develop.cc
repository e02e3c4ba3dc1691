#include "develop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace weld {

namespace {

// sRGB bytes of linear light, rounded; fine enough that a byte is met exactly but next to a tie.
class Curve8 {
 public:
  Curve8() {
    for (int i = 0; i <= kCells; ++i) {
      const double v = static_cast<double>(i) / kCells;
      const double encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
      bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(std::lround(encoded * 255));
    }
  }
  std::uint8_t operator()(float linear) const {
    const float place = std::min(1.0f, std::max(0.0f, linear)) * kCells + 0.5f;
    return bytes_[static_cast<std::size_t>(place)];
  }

 private:
  static constexpr int kCells = 1 << 14;
  std::array<std::uint8_t, kCells + 1> bytes_;
};

}  // namespace

assay::imaging::Picture develop(const RawFrame& raw) {
  static const Curve8 curve;
  const int size = raw.size;
  const auto n = static_cast<std::size_t>(size);
  const auto black = static_cast<float>(raw.sidecar.black_level);
  const double range = raw.sidecar.white_level - raw.sidecar.black_level;

  // The mosaic in a frame of one mirrored pixel.
  const std::size_t stride = n + 2;
  std::vector<float> plane(stride * stride);
  const auto mirrored = [size](int i) { return i < 0 ? -i : i >= size ? 2 * size - 2 - i : i; };
  for (int y = -1; y <= size; ++y) {
    const std::uint16_t* from = &raw.mosaic[static_cast<std::size_t>(mirrored(y)) * n];
    float* to = &plane[static_cast<std::size_t>(y + 1) * stride + 1];
    const auto gain = [&](int column) {
      const auto colour = static_cast<std::size_t>(filter_at(raw.sidecar.cfa, y + 2, column));
      return static_cast<float>(raw.sidecar.white_balance[colour] / range);
    };
    const float gains[2] = {gain(0), gain(1)};
    for (int x = 0; x < size; ++x)
      to[x] = std::min(1.0f, (static_cast<float>(from[x]) - black) * gains[x & 1]);
    to[-1] = to[1];
    to[size] = to[size - 2];
  }

  float m[3][3];
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c)
      m[r][c] = static_cast<float>(raw.sidecar.colour_matrix[r][c]);

  assay::imaging::Picture picture{size, size, 3, 8, {}};
  picture.bytes.resize(3 * n * n);
  std::array<std::vector<float>, 3> rgb;
  for (auto& line : rgb) line.resize(n);
  for (int y = 0; y < size; ++y) {
    const float* here = &plane[static_cast<std::size_t>(y + 1) * stride + 1];
    const float *above = here - stride, *below = here + stride;
    // Of the row's two filters one is green; the other colour of the row lies to the sides of green,
    // the third colour above and below it.
    const int first = filter_at(raw.sidecar.cfa, y, 0), second = filter_at(raw.sidecar.cfa, y, 1);
    const int green_phase = first == 1 ? 0 : 1;
    const auto same = static_cast<std::size_t>(first == 1 ? second : first);
    float *green = rgb[1].data(), *row_colour = rgb[same].data(), *other = rgb[2 - same].data();
    for (int x = green_phase; x < size; x += 2) {
      green[x] = here[x];
      row_colour[x] = 0.5f * (here[x - 1] + here[x + 1]);
      other[x] = 0.5f * (above[x] + below[x]);
    }
    for (int x = 1 - green_phase; x < size; x += 2) {
      row_colour[x] = here[x];
      green[x] = 0.25f * (here[x - 1] + here[x + 1] + above[x] + below[x]);
      other[x] = 0.25f * (above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1]);
    }
    std::uint8_t* to = &picture.bytes[static_cast<std::size_t>(y) * n * 3];
    for (std::size_t x = 0; x < n; ++x)
      for (int c = 0; c < 3; ++c)
        to[3 * x + static_cast<std::size_t>(c)] =
            curve(m[c][0] * rgb[0][x] + m[c][1] * rgb[1][x] + m[c][2] * rgb[2][x]);
  }
  return picture;
}

}  // namespace weld
