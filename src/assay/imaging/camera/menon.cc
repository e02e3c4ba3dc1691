#include "assay/imaging/camera/menon.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "assay/imaging/camera/padded_plane.h"

namespace assay::imaging {

namespace {

constexpr int kRed = 0, kGreen = 1, kBlue = 2;

// Along a line through a place: target = known + mean of (target − known) at the two neighbours, and where it counts at the
// place itself. None of the neighbours is filled by the same step.
struct Fill {
  int target, known;
  int at;  // places of this colour
  enum class Along { kOwnValues, kDirection } along;
  bool with_itself;
};
constexpr Fill kFills[] = {
    {kRed, kGreen, kGreen, Fill::Along::kOwnValues, false},
    {kBlue, kGreen, kGreen, Fill::Along::kOwnValues, false},
    {kRed, kBlue, kBlue, Fill::Along::kDirection, false},
    {kBlue, kRed, kRed, Fill::Along::kDirection, false},
    // refined
    {kGreen, kRed, kRed, Fill::Along::kDirection, true},
    {kGreen, kBlue, kBlue, Fill::Along::kDirection, true},
    {kRed, kGreen, kGreen, Fill::Along::kOwnValues, false},
    {kBlue, kGreen, kGreen, Fill::Along::kOwnValues, false},
    {kRed, kBlue, kBlue, Fill::Along::kDirection, true},
    {kBlue, kRed, kRed, Fill::Along::kDirection, true},
};
std::span<const Fill> fills(bool refined) { return std::span(kFills).first(refined ? 10 : 4); }

template <class T>
class Menon {
 public:
  Menon(std::int64_t h, std::int64_t w, Cfa cfa)
      : h_(h),
        w_(w),
        planes_{Plane<T>(h, w, 1), Plane<T>(h, w, 1), Plane<T>(h, w, 1)},
        ones_(static_cast<std::size_t>(w), T(1)),
        zeros_(static_cast<std::size_t>(w), T(0)),
        scratch_(static_cast<std::size_t>(w)),
        direction_(static_cast<std::size_t>(w)) {
    for (int k = 0; k < 2; ++k)
      for (std::int64_t x = 0; x < w; ++x) every_second_[k].push_back(x % 2 == k ? T(1) : T(0));
    for (std::int64_t y = 0; y < 2; ++y)
      for (std::int64_t x = 0; x < 2; ++x) colour_[2 * y + x] = colour_at(cfa, y, x);
  }

  void forward(const T* mosaic, bool refined, T* rgb, std::uint8_t* by_rows) {
    choose_direction(mosaic, by_rows);
    for (const Fill& step : fills(refined)) {
      for (std::int64_t y = 0; y < h_; ++y)
        if (const T* places = places_of(step.at, y)) fill(step, y, places, by_rows + y * w_);
      mirror(planes_[step.target]);
    }
    for (int c = 0; c < 3; ++c)
      for (std::int64_t y = 0; y < h_; ++y)
        std::copy(row(c, y), row(c, y) + w_, rgb + (c * h_ + y) * w_);
  }

  void backward(const T* rgb_slopes, bool refined, const std::uint8_t* by_rows, T* mosaic_slopes) {
    for (int c = 0; c < 3; ++c)
      for (std::int64_t y = 0; y < h_; ++y) {
        const T* from = rgb_slopes + (c * h_ + y) * w_;
        std::copy(from, from + w_, row(c, y));
      }
    const auto steps = fills(refined);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      for (std::int64_t y = 0; y < h_; ++y)
        if (const T* places = places_of(step->at, y)) unfill(*step, y, places, by_rows + y * w_);
      fold(planes_[step->target]);
      fold(planes_[step->known]);
    }
    slopes_of_guess(by_rows, mosaic_slopes);
  }

 private:
  T* row(int plane, std::int64_t y) { return planes_[plane].row(y); }
  // 1 at a colour's places in a row; null where it has none.
  const T* places_of(int colour, std::int64_t y) const {
    const int* pair = colour_ + 2 * (y % 2);
    return pair[0] == colour   ? every_second_[0].data()
           : pair[1] == colour ? every_second_[1].data()
                               : nullptr;
  }
  // 1 where a step goes along the row.
  const T* along_row(const Fill& step, std::int64_t y, const std::uint8_t* by_rows) {
    if (step.along == Fill::Along::kOwnValues)
      return places_of(step.target, y) ? ones_.data() : zeros_.data();
    for (std::int64_t x = 0; x < w_; ++x)
      direction_[static_cast<std::size_t>(x)] = static_cast<T>(by_rows[x]);
    return direction_.data();
  }

  // The margin, after a plane has changed; and for slopes what the margin took goes to where it came from.
  void mirror(Plane<T>& p) {
    for (std::int64_t y = 0; y < h_; ++y) {
      p.row(y)[-1] = p.row(y)[1];
      p.row(y)[w_] = p.row(y)[w_ - 2];
    }
    std::copy(p.row(1) - 1, p.row(1) + w_ + 1, p.row(-1) - 1);
    std::copy(p.row(h_ - 2) - 1, p.row(h_ - 2) + w_ + 1, p.row(h_) - 1);
  }
  void fold(Plane<T>& p) {
    const std::int64_t m = p.margin;
    const auto taken = [](T& from) { return std::exchange(from, T(0)); };
    for (std::int64_t k = 1; k <= m; ++k)
      for (std::int64_t x = -m; x < w_ + m; ++x) {
        p.row(k)[x] += taken(p.row(-k)[x]);
        p.row(h_ - 1 - k)[x] += taken(p.row(h_ - 1 + k)[x]);
      }
    for (std::int64_t y = 0; y < h_; ++y)
      for (std::int64_t k = 1; k <= m; ++k) {
        p.row(y)[k] += taken(p.row(y)[-k]);
        p.row(y)[w_ - 1 - k] += taken(p.row(y)[w_ - 1 + k]);
      }
  }

  static T share_of(const Fill& step) { return step.with_itself ? T(1.0 / 3) : T(0.5); }

  void fill(const Fill& step, std::int64_t y, const T* places, const std::uint8_t* by_rows) {
    T *v = row(step.target, y), *to = scratch_.data();
    const T *k = row(step.known, y), *v_up = row(step.target, y - 1),
            *k_up = row(step.known, y - 1), *v_down = row(step.target, y + 1),
            *k_down = row(step.known, y + 1);
    const T *by_row = along_row(step, y, by_rows), share = share_of(step),
            itself = step.with_itself ? T(1) : T(0);
    for (std::int64_t x = 0; x < w_; ++x) {
      const T rows = (v[x - 1] - k[x - 1]) + (v[x + 1] - k[x + 1]),
              columns = (v_up[x] - k_up[x]) + (v_down[x] - k_down[x]);
      to[x] = k[x] + share * ((by_row[x] != T(0) ? rows : columns) + itself * (v[x] - k[x]));
    }
    for (std::int64_t x = 0; x < w_; ++x) v[x] = places[x] != T(0) ? to[x] : v[x];
  }

  void unfill(const Fill& step, std::int64_t y, const T* places, const std::uint8_t* by_rows) {
    T *v = row(step.target, y), *k = row(step.known, y), *part = scratch_.data();
    const T *by_row = along_row(step, y, by_rows), share = share_of(step),
            itself = step.with_itself ? T(1) : T(0);
    for (std::int64_t x = 0; x < w_; ++x) {
      const T slope = places[x] * v[x], own = itself * share * slope;
      part[x] = share * slope;
      v[x] += own - slope;
      k[x] += slope - own;
    }
    const auto spread = [&](T* target, T* known, const T* of) {
      for (std::int64_t x = 0; x < w_; ++x) target[x] += of[x];
      for (std::int64_t x = 0; x < w_; ++x) known[x] -= of[x];
    };
    if (step.along == Fill::Along::kDirection) {
      auto& rows = rows_part_;
      rows.resize(static_cast<std::size_t>(w_));
      for (std::int64_t x = 0; x < w_; ++x) {
        rows[static_cast<std::size_t>(x)] = part[x] * by_row[x];
        part[x] -= rows[static_cast<std::size_t>(x)];
      }
      for (const int d : {-1, 1}) {
        spread(v + d, k + d, rows.data());
        spread(row(step.target, y + d), row(step.known, y + d), part);
      }
    } else if (by_row == ones_.data()) {
      for (const int d : {-1, 1}) spread(v + d, k + d, part);
    } else {
      for (const int d : {-1, 1}) spread(row(step.target, y + d), row(step.known, y + d), part);
    }
  }

  // The sums in the order of the published implementations: where two directions are alike up to rounding, it decides.
  void choose_direction(const T* mosaic, std::uint8_t* by_rows) {
    Plane<T> m(h_, w_, 2), g_rows(h_, w_, 0), g_columns(h_, w_, 0), c_rows(h_, w_, 2),
        c_columns(h_, w_, 0), d_rows(h_, w_, 2), d_columns(h_, w_, 2);
    fill_mirrored(m, mosaic, h_, w_);
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *v = m.row(y), *u1 = m.row(y - 1), *u2 = m.row(y - 2), *l1 = m.row(y + 1),
              *l2 = m.row(y + 2), *green = places_of(kGreen, y);
      T *gr = g_rows.row(y), *gc = g_columns.row(y), *cr = c_rows.row(y), *cc = c_columns.row(y);
      for (std::int64_t x = 0; x < w_; ++x) {
        // The neighbours' mean, corrected by the own colour's bend; pairs first.
        const T along =
            (v[x - 1] + v[x + 1]) * T(0.5) + (v[x] * T(0.5) + (v[x - 2] + v[x + 2]) * T(-0.25));
        const T across = (u1[x] + l1[x]) * T(0.5) + (v[x] * T(0.5) + (u2[x] + l2[x]) * T(-0.25));
        gr[x] = green[x] != T(0) ? v[x] : along;
        gc[x] = green[x] != T(0) ? v[x] : across;
        cr[x] = v[x] - gr[x];
        cc[x] = v[x] - gc[x];
      }
      for (const std::int64_t x : {w_, w_ + 1}) cr[x] = cr[mirrored(x, w_)];
    }
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *cr = c_rows.row(y), *cc = c_columns.row(y),
              *below = c_columns.row(mirrored(y + 2, h_));
      T *dr = d_rows.row(y), *dc = d_columns.row(y);
      for (std::int64_t x = 0; x < w_; ++x) dr[x] = std::abs(cr[x] - cr[x + 2]);
      for (std::int64_t x = 0; x < w_; ++x) dc[x] = std::abs(cc[x] - below[x]);
    }
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *a = d_rows.row(y - 2), *b = d_rows.row(y - 1), *c = d_rows.row(y),
              *d = d_rows.row(y + 1), *e = d_rows.row(y + 2);
      const T *p = d_columns.row(y - 2), *q = d_columns.row(y - 1), *r = d_columns.row(y);
      std::uint8_t* to = by_rows + y * w_;
      T *g = row(kGreen, y), *rows = scratch_.data();
      const T *gr = g_rows.row(y), *gc = g_columns.row(y);
      for (std::int64_t x = 0; x < w_; ++x) {
        const T along =
            a[x - 2] + a[x] + b[x - 1] + c[x - 2] * 3 + c[x] * 3 + d[x - 1] + e[x - 2] + e[x];
        const T across =
            p[x - 2] + p[x] * 3 + p[x + 2] + q[x - 1] + q[x + 1] + r[x - 2] + r[x] * 3 + r[x + 2];
        rows[x] = across >= along ? T(1) : T(0);
        g[x] = across >= along ? gr[x] : gc[x];
      }
      for (std::int64_t x = 0; x < w_; ++x) to[x] = static_cast<std::uint8_t>(rows[x]);
      for (const int colour : {kRed, kBlue}) {
        const T* places = places_of(colour, y);
        if (!places) places = zeros_.data();
        T* known = row(colour, y);
        const T* v = mosaic + y * w_;
        for (std::int64_t x = 0; x < w_; ++x) known[x] = places[x] != T(0) ? v[x] : T(0);
      }
    }
    for (Plane<T>& plane : planes_) mirror(plane);
  }

  // Of the mosaic, from those of the three planes before the first step.
  void slopes_of_guess(const std::uint8_t* by_rows, T* mosaic_slopes) {
    Plane<T> m(h_, w_, 2);
    for (std::int64_t y = 0; y < h_; ++y) {
      const T* green = places_of(kGreen, y);
      const int other = places_of(kRed, y) ? kRed : kBlue;
      const T *g = row(kGreen, y), *o = row(other, y);
      T* v = m.row(y);
      for (std::int64_t x = 0; x < w_; ++x) {
        const T guess = (1 - green[x]) * g[x];
        v[x] += green[x] * g[x] + (1 - green[x]) * o[x] + T(0.5) * guess;
        const T along = guess * static_cast<T>(by_rows[y * w_ + x]);
        scratch_[static_cast<std::size_t>(x)] = along;
        direction_[static_cast<std::size_t>(x)] = guess - along;
      }
      const T *rows = scratch_.data(), *columns = direction_.data();
      for (const int d : {-2, -1, 1, 2}) {
        const T tap = d % 2 == 0 ? T(-0.25) : T(0.5);
        T* across = m.row(y + d);
        for (std::int64_t x = 0; x < w_; ++x) v[x + d] += tap * rows[x];
        for (std::int64_t x = 0; x < w_; ++x) across[x] += tap * columns[x];
      }
    }
    fold(m);
    for (std::int64_t y = 0; y < h_; ++y)
      std::copy(m.row(y), m.row(y) + w_, mosaic_slopes + y * w_);
  }

  std::int64_t h_, w_;
  int colour_[4] = {};
  Plane<T> planes_[3];  // red, green, blue; of values, or of their slopes
  std::vector<T> ones_, zeros_, every_second_[2], scratch_, direction_, rows_part_;
};

template <class T>
[[gnu::always_inline]] inline void forward(const T* mosaic, std::int64_t h, std::int64_t w, Cfa cfa,
                                           bool refined, T* rgb, std::uint8_t* by_rows) {
  Menon<T>(h, w, cfa).forward(mosaic, refined, rgb, by_rows);
}
template <class T>
[[gnu::always_inline]] inline void backward(const T* slopes, std::int64_t h, std::int64_t w,
                                            Cfa cfa, bool refined, const std::uint8_t* by_rows,
                                            T* mosaic_slopes) {
  Menon<T>(h, w, cfa).backward(slopes, refined, by_rows, mosaic_slopes);
}

#if defined(__x86_64__)
// Without fused multiply-adds: sums that decide are rounded as elsewhere.
#define ASSAY_WIDE [[gnu::target("avx2"), gnu::noinline, gnu::flatten]]
ASSAY_WIDE void wide_forward(const float* mosaic, std::int64_t h, std::int64_t w, Cfa cfa,
                             bool refined, float* rgb, std::uint8_t* by_rows) {
  forward(mosaic, h, w, cfa, refined, rgb, by_rows);
}
ASSAY_WIDE void wide_backward(const float* slopes, std::int64_t h, std::int64_t w, Cfa cfa,
                              bool refined, const std::uint8_t* by_rows, float* mosaic_slopes) {
  backward(slopes, h, w, cfa, refined, by_rows, mosaic_slopes);
}
#undef ASSAY_WIDE
bool has_wide_loops() {
  static const bool yes = __builtin_cpu_supports("avx2");
  return yes;
}
#endif

}  // namespace

template <class T>
void menon(const T* mosaic, std::int64_t height, std::int64_t width, Cfa cfa, bool refined, T* rgb,
           std::uint8_t* by_rows) {
#if defined(__x86_64__)
  if constexpr (std::is_same_v<T, float>)
    if (has_wide_loops()) return wide_forward(mosaic, height, width, cfa, refined, rgb, by_rows);
#endif
  forward(mosaic, height, width, cfa, refined, rgb, by_rows);
}

template <class T>
void menon_back(const T* rgb_slopes, std::int64_t height, std::int64_t width, Cfa cfa, bool refined,
                const std::uint8_t* by_rows, T* mosaic_slopes) {
#if defined(__x86_64__)
  if constexpr (std::is_same_v<T, float>)
    if (has_wide_loops())
      return wide_backward(rgb_slopes, height, width, cfa, refined, by_rows, mosaic_slopes);
#endif
  backward(rgb_slopes, height, width, cfa, refined, by_rows, mosaic_slopes);
}

template void menon<float>(const float*, std::int64_t, std::int64_t, Cfa, bool, float*,
                           std::uint8_t*);
template void menon<double>(const double*, std::int64_t, std::int64_t, Cfa, bool, double*,
                            std::uint8_t*);
template void menon_back<float>(const float*, std::int64_t, std::int64_t, Cfa, bool,
                                const std::uint8_t*, float*);
template void menon_back<double>(const double*, std::int64_t, std::int64_t, Cfa, bool,
                                 const std::uint8_t*, double*);

}  // namespace assay::imaging
