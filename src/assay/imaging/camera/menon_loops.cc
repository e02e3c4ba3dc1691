#include "assay/imaging/camera/menon_loops.h"

#include <cmath>

#include "assay/imaging/camera/padded_plane.h"

namespace assay::imaging {

namespace {

template <class T>
class MenonLoops {
 public:
  MenonLoops(const T* mosaic, std::int64_t h, std::int64_t w, Cfa cfa)
      : h_(h),
        w_(w),
        mosaic_(mosaic),
        planes_{Plane<T>(h, w, 1), Plane<T>(h, w, 1), Plane<T>(h, w, 1)},
        difference_(h, w, 1),
        by_rows_(static_cast<std::size_t>(h * w)),
        scratch_(static_cast<std::size_t>(h * w)) {
    for (std::int64_t y = 0; y < 2; ++y)
      for (std::int64_t x = 0; x < 2; ++x) colour_[2 * y + x] = colour_at(cfa, y, x);
  }

  void run(bool refined, T* rgb) {
    choose_direction();
    red_and_blue_at_green();
    red_and_blue_at_each_other();
    if (refined) refine();
    for (int c = 0; c < 3; ++c)
      for (std::int64_t y = 0; y < h_; ++y)
        std::copy(row(c, y), row(c, y) + w_, rgb + (c * h_ + y) * w_);
  }

 private:
  static constexpr int kRed = 0, kGreen = 1, kBlue = 2;

  T* row(int plane, std::int64_t y) { return planes_[plane].row(y); }
  int colour(std::int64_t y, std::int64_t x) const { return colour_[2 * (y % 2) + x % 2]; }
  // Whether the row, or the column, holds the colour's values.
  bool in_row(int c, std::int64_t y) const {
    return colour_[2 * (y % 2)] == c || colour_[2 * (y % 2) + 1] == c;
  }
  bool in_column(int c, std::int64_t x) const {
    return colour_[x % 2] == c || colour_[2 + x % 2] == c;
  }
  // Calls f(y, x) for the pixels of a colour.
  template <class F>
  void at_each(int c, F f) {
    for (std::int64_t y = 0; y < h_; ++y)
      for (std::int64_t first = 0; first < 2; ++first) {
        if (colour(y, first) != c) continue;
        for (std::int64_t x = first; x < w_; x += 2) f(y, x);
      }
  }
  // The margin again, after a plane has changed.
  void mirror(Plane<T>& p) {
    for (std::int64_t y = 0; y < h_; ++y) {
      p.row(y)[-1] = p.row(y)[1];
      p.row(y)[w_] = p.row(y)[w_ - 2];
    }
    std::copy(p.row(1) - 1, p.row(1) + w_ + 1, p.row(-1) - 1);
    std::copy(p.row(h_ - 2) - 1, p.row(h_ - 2) + w_ + 1, p.row(h_) - 1);
  }

  static T beside(Plane<T>& p, std::int64_t y, std::int64_t x) {
    const T* v = p.row(y) + x;
    return v[-1] * T(0.5) + v[1] * T(0.5);
  }
  static T above(Plane<T>& p, std::int64_t y, std::int64_t x) {
    return p.row(y - 1)[x] * T(0.5) + p.row(y + 1)[x] * T(0.5);
  }
  bool by_rows(std::int64_t y, std::int64_t x) const {
    return by_rows_[static_cast<std::size_t>(y * w_ + x)] != 0;
  }
  T mean_along(Plane<T>& p, std::int64_t y, std::int64_t x) const {
    const T third = static_cast<T>(1.0 / 3);
    if (by_rows(y, x)) {
      const T* v = p.row(y) + x;
      return v[-1] * third + v[0] * third + v[1] * third;
    }
    return p.row(y - 1)[x] * third + p.row(y)[x] * third + p.row(y + 1)[x] * third;
  }
  Plane<T>& difference(int a, int b) {
    for (std::int64_t y = -1; y <= h_; ++y)
      for (std::int64_t x = -1; x <= w_; ++x) difference_.row(y)[x] = row(a, y)[x] - row(b, y)[x];
    return difference_;
  }
  // f's values at a colour's pixels of a plane, all worked out before any is set.
  template <class F>
  void set_at(int plane, int c, F f) {
    at_each(c, [&](std::int64_t y, std::int64_t x) {
      scratch_[static_cast<std::size_t>(y * w_ + x)] = f(y, x);
    });
    at_each(c, [&](std::int64_t y, std::int64_t x) {
      row(plane, y)[x] = scratch_[static_cast<std::size_t>(y * w_ + x)];
    });
    mirror(planes_[plane]);
  }

  void choose_direction() {
    Plane<T> m(h_, w_, 2), g_rows(h_, w_, 0), g_columns(h_, w_, 0), c_rows(h_, w_, 0),
        c_columns(h_, w_, 0), d_rows(h_, w_, 2), d_columns(h_, w_, 2);
    fill_mirrored(m, mosaic_, h_, w_);
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *v = m.row(y), *u1 = m.row(y - 1), *u2 = m.row(y - 2), *l1 = m.row(y + 1),
              *l2 = m.row(y + 2);
      T *gr = g_rows.row(y), *gc = g_columns.row(y), *cr = c_rows.row(y), *cc = c_columns.row(y);
      for (std::int64_t x = 0; x < w_; ++x) {
        gr[x] = (v[x - 1] + v[x + 1]) * T(0.5) + (v[x] * T(0.5) + (v[x - 2] + v[x + 2]) * T(-0.25));
        gc[x] = (u1[x] + l1[x]) * T(0.5) + (v[x] * T(0.5) + (u2[x] + l2[x]) * T(-0.25));
        cr[x] = v[x] - gr[x];
        cc[x] = v[x] - gc[x];
      }
      for (std::int64_t x = 0; x < w_; ++x)
        if (colour(y, x) == kGreen) {
          gr[x] = gc[x] = v[x];
          cr[x] = cc[x] = 0;
        }
    }
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *cr = c_rows.row(y), *cc = c_columns.row(y),
              *below = c_columns.row(mirrored(y + 2, h_));
      for (std::int64_t x = 0; x < w_; ++x) {
        d_rows.row(y)[x] = std::abs(cr[x] - cr[mirrored(x + 2, w_)]);
        d_columns.row(y)[x] = std::abs(cc[x] - below[x]);
      }
    }
    for (std::int64_t y = 0; y < h_; ++y) {
      const T *a = d_rows.row(y - 2), *b = d_rows.row(y - 1), *c = d_rows.row(y),
              *d = d_rows.row(y + 1), *e = d_rows.row(y + 2);
      const T *p = d_columns.row(y - 2), *q = d_columns.row(y - 1), *r = d_columns.row(y);
      std::uint8_t* to = by_rows_.data() + y * w_;
      T *g = row(kGreen, y), *gr = g_rows.row(y), *gc = g_columns.row(y);
      for (std::int64_t x = 0; x < w_; ++x) {
        const T rows =
            a[x - 2] + a[x] + b[x - 1] + c[x - 2] * 3 + c[x] * 3 + d[x - 1] + e[x - 2] + e[x];
        const T columns =
            p[x - 2] + p[x] * 3 + p[x + 2] + q[x - 1] + q[x + 1] + r[x - 2] + r[x] * 3 + r[x + 2];
        to[x] = columns >= rows;
        g[x] = columns >= rows ? gr[x] : gc[x];
      }
      for (std::int64_t x = 0; x < w_; ++x) {
        row(kRed, y)[x] = colour(y, x) == kRed ? mosaic_[y * w_ + x] : T(0);
        row(kBlue, y)[x] = colour(y, x) == kBlue ? mosaic_[y * w_ + x] : T(0);
      }
    }
    for (Plane<T>& plane : planes_) mirror(plane);
  }

  void red_and_blue_at_green() {
    for (const int c : {kRed, kBlue})
      set_at(c, kGreen, [&](std::int64_t y, std::int64_t x) {
        const T value = in_row(c, y) ? beside(planes_[c], y, x) - beside(planes_[kGreen], y, x)
                                     : above(planes_[c], y, x) - above(planes_[kGreen], y, x);
        return row(kGreen, y)[x] + value;
      });
  }

  void red_and_blue_at_each_other() {
    for (const int c : {kRed, kBlue}) {
      const int known = kBlue - c;
      set_at(c, known, [&](std::int64_t y, std::int64_t x) {
        const T value = by_rows(y, x) ? beside(planes_[c], y, x) - beside(planes_[known], y, x)
                                      : above(planes_[c], y, x) - above(planes_[known], y, x);
        return row(known, y)[x] + value;
      });
    }
  }

  void refine() {
    // Red's and blue's places see the green that was there before.
    std::vector<T> at_red;
    Plane<T>& red_green = difference(kRed, kGreen);
    at_each(kRed, [&](std::int64_t y, std::int64_t x) {
      at_red.push_back(row(kRed, y)[x] - mean_along(red_green, y, x));
    });
    Plane<T>& blue_green = difference(kBlue, kGreen);
    set_at(kGreen, kBlue, [&](std::int64_t y, std::int64_t x) {
      return row(kBlue, y)[x] - mean_along(blue_green, y, x);
    });
    std::size_t next = 0;
    at_each(kRed, [&](std::int64_t y, std::int64_t x) { row(kGreen, y)[x] = at_red[next++]; });
    mirror(planes_[kGreen]);
    for (const int c : {kRed, kBlue}) {
      const int other = kBlue - c;
      Plane<T>& d = difference(c, kGreen);
      // Along columns in the other colour's rows, along rows in its columns.
      set_at(c, kGreen, [&](std::int64_t y, std::int64_t x) {
        if (in_column(other, x)) return row(kGreen, y)[x] + beside(d, y, x);
        return in_row(other, y) ? row(kGreen, y)[x] + above(d, y, x) : row(c, y)[x];
      });
    }
    Plane<T>& red_blue = difference(kRed, kBlue);
    set_at(kRed, kBlue, [&](std::int64_t y, std::int64_t x) {
      return row(kBlue, y)[x] + mean_along(red_blue, y, x);
    });
    Plane<T>& again = difference(kRed, kBlue);
    set_at(kBlue, kRed, [&](std::int64_t y, std::int64_t x) {
      return row(kRed, y)[x] - mean_along(again, y, x);
    });
  }

  std::int64_t h_, w_;
  const T* mosaic_;
  int colour_[4] = {};
  Plane<T> planes_[3];  // red, green, blue
  Plane<T> difference_;
  std::vector<std::uint8_t> by_rows_;
  std::vector<T> scratch_;
};

}  // namespace

template <class T>
void menon_in_loops(const T* mosaic, std::int64_t height, std::int64_t width, Cfa cfa, bool refined,
                    T* rgb) {
  MenonLoops<T>(mosaic, height, width, cfa).run(refined, rgb);
}
template void menon_in_loops<float>(const float*, std::int64_t, std::int64_t, Cfa, bool, float*);
template void menon_in_loops<double>(const double*, std::int64_t, std::int64_t, Cfa, bool, double*);

}  // namespace assay::imaging
