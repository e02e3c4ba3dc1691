#include "assay/imaging/camera/row_loops.h"

#include <bit>
#include <cmath>
#include <type_traits>

namespace assay::imaging {

namespace {

// The source's inverse, as rounded there: columns Y, U, V.
constexpr double kRgb[3][3] = {{1, -4.1827794561e-9, 1.1398830414},
                               {1, -0.39464232326, -0.58062183857},
                               {1, 2.0320618153, -1.2232658220e-9}};
constexpr double kLeast = 1e-5;

// 2^x and log2 x without branches, so that loops over them become vectors; relative error below 3e-7.
[[gnu::always_inline]] inline float exp2_of(float x) {
  const auto rounded = static_cast<std::int32_t>(x + (x < 0 ? -0.5f : 0.5f));
  const float f = x - static_cast<float>(rounded);
  const float p =
      1 +
      f * (0.69314718f +
           f * (0.24022651f + f * (0.055504109f + f * (0.0096181291f +
                                                       f * (0.0013333558f + f * 0.00015403530f)))));
  return p * std::bit_cast<float>((rounded + 127) << 23);
}
[[gnu::always_inline]] inline float log2_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  // The mantissa round 1: from √½ to √2.
  const std::int32_t e = (bits - 0x3f3504f3) >> 23;
  const auto m = std::bit_cast<float>(bits - (e << 23));
  const float s = (m - 1) / (m + 1), q = s * s;
  return static_cast<float>(e) +
         s * (2.8853901f +
              q * (0.96179669f + q * (0.57707802f + q * (0.41219859f + q * 0.32059889f))));
}
[[gnu::always_inline]] inline double exp2_of(double x) { return std::exp2(x); }
[[gnu::always_inline]] inline double log2_of(double x) { return std::log2(x); }

// out[x] += Σ taps · in: `side`² taps round each pixel of a row.
template <class T>
[[gnu::always_inline]] inline void filter_row(T* out, const T* in, std::int64_t stride,
                                              const T* taps, int side, std::int64_t w) {
  const int r = side / 2;
  for (int dy = -r; dy <= r; ++dy)
    for (int dx = -r; dx <= r; ++dx) {
      const T tap = taps[(dy + r) * side + dx + r];
      const T* from = in + dy * stride + dx;
      for (std::int64_t x = 0; x < w; ++x) out[x] += tap * from[x];
    }
}
// slopes of taps += Σ_x slope[x] · in[x + d]; slopes of in += taps · slope.
template <class T>
[[gnu::always_inline]] inline void filter_row_back(const T* slope, const T* in, T* in_slope,
                                                   std::int64_t stride, const T* taps,
                                                   T* tap_slopes, int side, std::int64_t w) {
  const int r = side / 2;
  for (int dy = -r; dy <= r; ++dy)
    for (int dx = -r; dx <= r; ++dx) {
      const int k = (dy + r) * side + dx + r;
      const T tap = taps[k];
      const T* from = in + dy * stride + dx;
      T* to = in_slope + dy * stride + dx;
      T sum = 0;
      for (std::int64_t x = 0; x < w; ++x) sum += slope[x] * from[x];
      tap_slopes[k] += sum;
      for (std::int64_t i = 0; i < w; ++i) to[i] += tap * slope[i];
    }
}

// Y, U and V of the pixels of one parity in a row, side by side.
template <class T>
[[gnu::always_inline]] inline void yuv_row(const std::array<const T*, 9>& n, const T* kernel,
                                           T* __restrict y, T* __restrict u, T* __restrict v,
                                           std::int64_t half) {
  const T *n0 = n[0], *n1 = n[1], *n2 = n[2], *n3 = n[3], *n4 = n[4], *n5 = n[5], *n6 = n[6],
          *n7 = n[7], *n8 = n[8];
  const auto at = [&](const T* k, std::int64_t j) {
    return k[0] * n0[j] + k[1] * n1[j] + k[2] * n2[j] + k[3] * n3[j] + k[4] * n4[j] + k[5] * n5[j] +
           k[6] * n6[j] + k[7] * n7[j] + k[8] * n8[j];
  };
  for (std::int64_t j = 0; j < half; ++j) {
    y[j] = at(kernel, j);
    u[j] = at(kernel + 9, j);
    v[j] = at(kernel + 18, j);
  }
}
// slopes of the kernel += slope ⊗ neighbours.
template <class T>
[[gnu::always_inline]] inline void yuv_row_back(const std::array<const T*, 9>& n, const T* dy,
                                                const T* du, const T* dv, T* kernel_slopes,
                                                std::int64_t half) {
  const T* slopes[3] = {dy, du, dv};
  for (int k = 0; k < 9; ++k)
    for (int o = 0; o < 3; ++o) {
      const T *from = n[static_cast<std::size_t>(k)], *s = slopes[o];
      T sum = 0;
      for (std::int64_t j = 0; j < half; ++j) sum += from[j] * s[j];
      kernel_slopes[9 * o + k] += sum;
    }
}

template <class T>
[[gnu::always_inline]] inline void tone_row(const T* y, const T* u, const T* v, T* out,
                                            std::int64_t plane, T inverse_gamma, std::int64_t w) {
  for (int c = 0; c < 3; ++c) {
    const T of_u = static_cast<T>(kRgb[c][1]), of_v = static_cast<T>(kRgb[c][2]);
    T* to = out + c * plane;
    for (std::int64_t x = 0; x < w; ++x) {
      const T value = y[x] + of_u * u[x] + of_v * v[x];
      const T least = static_cast<T>(kLeast), above = value < least ? least : value,
              cut = above > T(1) ? T(1) : above;
      to[x] = exp2_of(inverse_gamma * log2_of(cut));
    }
  }
}
// The slopes of Y, U and V; gives Σ slope · out · log2(cut) for gamma.
template <class T>
[[gnu::always_inline]] inline T tone_row_back(const T* y, const T* u, const T* v, const T* out,
                                              const T* slope, std::int64_t plane, T inverse_gamma,
                                              T* __restrict dy, T* __restrict du, T* __restrict dv,
                                              std::int64_t w) {
  T total = 0;
  constexpr T kLow = static_cast<T>(kLeast);
  for (std::int64_t x = 0; x < w; ++x) {
    T sum[3] = {};
    for (int c = 0; c < 3; ++c) {
      const T of_u = static_cast<T>(kRgb[c][1]), of_v = static_cast<T>(kRgb[c][2]);
      const T value = y[x] + of_u * u[x] + of_v * v[x];
      const T above = value < kLow ? kLow : value, cut = above > T(1) ? T(1) : above;
      const T flow = slope[c * plane + x] * out[c * plane + x];
      total += flow * log2_of(cut);
      const T d = cut == value ? flow * inverse_gamma / cut : T(0);
      sum[0] += d;
      sum[1] += of_u * d;
      sum[2] += of_v * d;
    }
    dy[x] = sum[0];
    du[x] = sum[1];
    dv[x] = sum[2];
  }
  return total;
}

template <class T>
RowLoops<T> plain_loops() {
  return {[](auto... a) { filter_row<T>(a...); },
          [](auto... a) { filter_row_back<T>(a...); },
          [](const std::array<const T*, 9>& n, auto... a) { yuv_row<T>(n, a...); },
          [](const std::array<const T*, 9>& n, auto... a) { yuv_row_back<T>(n, a...); },
          [](auto... a) { tone_row<T>(a...); },
          [](auto... a) { return tone_row_back<T>(a...); }};
}

#if defined(__x86_64__)
#define ASSAY_WIDE [[gnu::target("avx2,fma"), gnu::noinline]]
using F = float;
ASSAY_WIDE void wide_filter(F* out, const F* in, std::int64_t stride, const F* taps, int side,
                            std::int64_t w) {
  filter_row(out, in, stride, taps, side, w);
}
ASSAY_WIDE void wide_filter_back(const F* slope, const F* in, F* in_slope, std::int64_t stride,
                                 const F* taps, F* tap_slopes, int side, std::int64_t w) {
  filter_row_back(slope, in, in_slope, stride, taps, tap_slopes, side, w);
}
ASSAY_WIDE void wide_yuv(const std::array<const F*, 9>& n, const F* kernel, F* y, F* u, F* v,
                         std::int64_t half) {
  yuv_row(n, kernel, y, u, v, half);
}
ASSAY_WIDE void wide_yuv_back(const std::array<const F*, 9>& n, const F* dy, const F* du,
                              const F* dv, F* slopes, std::int64_t half) {
  yuv_row_back(n, dy, du, dv, slopes, half);
}
ASSAY_WIDE void wide_tone(const F* y, const F* u, const F* v, F* out, std::int64_t plane,
                          F inverse_gamma, std::int64_t w) {
  tone_row(y, u, v, out, plane, inverse_gamma, w);
}
ASSAY_WIDE F wide_tone_back(const F* y, const F* u, const F* v, const F* out, const F* slope,
                            std::int64_t plane, F inverse_gamma, F* dy, F* du, F* dv,
                            std::int64_t w) {
  return tone_row_back(y, u, v, out, slope, plane, inverse_gamma, dy, du, dv, w);
}
#undef ASSAY_WIDE
#endif

}  // namespace

template <class T>
const RowLoops<T>& row_loops() {
  static const RowLoops<T> best = [] {
#if defined(__x86_64__)
    if constexpr (std::is_same_v<T, float>)
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return RowLoops<T>{wide_filter,   wide_filter_back, wide_yuv,
                           wide_yuv_back, wide_tone,        wide_tone_back};
#endif
    return plain_loops<T>();
  }();
  return best;
}

template const RowLoops<float>& row_loops<float>();
template const RowLoops<double>& row_loops<double>();

}  // namespace assay::imaging
