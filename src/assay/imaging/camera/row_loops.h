// The loops over one row of the parametrised camera (parametrised.h), each for plain and for wide vectors.
//
//   filter      out[x] += Σ taps · in, side × side taps round each pixel; back: the slopes of in and of the taps
//   yuv         Y, U and V of the pixels of one parity from nine neighbours, side by side; back: the slopes of the filter
//   tone        rgb of Y, U, V, cut and raised to 1 / gamma; back: the slopes of Y, U, V, and Σ slope · out · log2(cut)
// In single precision powers are good to 3e-7. One build runs everywhere: the better loops are chosen at the start.
#pragma once

#include <array>
#include <cstdint>

namespace assay::imaging {

template <class T>
struct RowLoops {
  void (*filter)(T*, const T*, std::int64_t, const T*, int, std::int64_t);
  void (*filter_back)(const T*, const T*, T*, std::int64_t, const T*, T*, int, std::int64_t);
  void (*yuv)(const std::array<const T*, 9>&, const T*, T*, T*, T*, std::int64_t);
  void (*yuv_back)(const std::array<const T*, 9>&, const T*, const T*, const T*, T*, std::int64_t);
  void (*tone)(const T*, const T*, const T*, T*, std::int64_t, T, std::int64_t);
  T(*tone_back)
  (const T*, const T*, const T*, const T*, const T*, std::int64_t, T, T*, T*, T*, std::int64_t);
};

template <class T>
const RowLoops<T>& row_loops();
extern template const RowLoops<float>& row_loops<float>();
extern template const RowLoops<double>& row_loops<double>();

}  // namespace assay::imaging
