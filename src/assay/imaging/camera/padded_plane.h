// A plane of values with a margin round it, for loops that look beyond the border.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace assay::imaging {

// Whole-sample: d c b | a b c d.
inline std::int64_t mirrored(std::int64_t i, std::int64_t n) {
  if (i < 0) i = -i;
  return i >= n ? 2 * (n - 1) - i : i;
}

template <class T>
struct Plane {
  std::int64_t stride = 0, margin = 0;
  std::vector<T> values;

  Plane(std::int64_t height, std::int64_t width, std::int64_t m)
      : stride(width + 2 * m),
        margin(m),
        values(static_cast<std::size_t>((height + 2 * m) * stride)) {}
  T* row(std::int64_t y) { return values.data() + (y + margin) * stride + margin; }
};

template <class T>
void fill_mirrored(Plane<T>& plane, const T* from, std::int64_t h, std::int64_t w) {
  const std::int64_t m = plane.margin;
  for (std::int64_t y = -m; y < h + m; ++y) {
    const T* in = from + mirrored(y, h) * w;
    T* to = plane.row(y);
    std::copy(in, in + w, to);
    for (std::int64_t k = 1; k <= m; ++k) {
      to[-k] = to[k];
      to[w - 1 + k] = to[w - 1 - k];
    }
  }
}

}  // namespace assay::imaging
