#include "assay/imaging/camera/mosaic.h"

#include <algorithm>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/camera/borders.h"
#include "assay/imaging/camera/menon_loops.h"

namespace assay::imaging {

namespace {

const std::vector<std::string>& cfa_words() {
  static const std::vector<std::string> words{"RGGB", "BGGR", "GRBG", "GBRG"};
  return words;
}

std::size_t word_index(const std::vector<std::string>& words, const std::string& word,
                       const std::string& what, const std::string& where) {
  const auto at = std::find(words.begin(), words.end(), word);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  throw InputError(where, what + " is \"" + word + "\"; wanted one of " + all);
}

// A kernel [rows][cols] over every channel by itself, the border as given. Summed tap by tap in the kernel's order: where two
// directions are alike up to rounding, it is the rounding of the published implementations that decides.
at::Tensor filtered(const at::Tensor& x, std::initializer_list<double> taps, std::int64_t rows,
                    std::int64_t cols, Padding padding) {
  const at::Tensor wide = padded(x, rows / 2, cols / 2, padding);
  at::Tensor sum;
  std::int64_t k = 0;
  for (const double tap : taps) {
    const std::int64_t dy = k / cols, dx = k % cols;
    ++k;
    if (tap == 0) continue;
    const at::Tensor part = wide.slice(2, dy, dy + x.size(2)).slice(3, dx, dx + x.size(3)) * tap;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

at::Tensor bilinear(const at::Tensor& mosaic, const at::Tensor& masks) {
  const at::Tensor sparse = mosaic * masks;
  const auto spread = [&](std::int64_t c, std::initializer_list<double> taps) {
    return filtered(sparse.narrow(1, c, 1), taps, 3, 3, Padding::kHalfSample);
  };
  const auto of_corners = {0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25};
  return at::cat({spread(0, of_corners), spread(1, {0, 0.25, 0, 0.25, 1, 0.25, 0, 0.25, 0}),
                  spread(2, of_corners)},
                 1);
}

// Rows and columns that hold a colour's values, [1,1,H,W].
struct Lines {
  at::Tensor rows, columns;
};
Lines lines_of(const at::Tensor& mask) {
  return {mask.amax({3}, true).expand_as(mask).to(at::kBool),
          mask.amax({2}, true).expand_as(mask).to(at::kBool)};
}

at::Tensor malvar(const at::Tensor& mosaic, const at::Tensor& masks) {
  const auto by = [&](std::initializer_list<double> eighths) {
    return filtered(mosaic, eighths, 5, 5, Padding::kHalfSample) / 8;
  };
  // clang-format off
  const at::Tensor green = by({0, 0, -1, 0, 0,  0, 0, 2, 0, 0,  -1, 2, 4, 2, -1,  0, 0, 2, 0, 0,  0, 0, -1, 0, 0}),
      along_row = by({0, 0, 0.5, 0, 0,  0, -1, 0, -1, 0,  -1, 4, 5, 4, -1,  0, -1, 0, -1, 0,  0, 0, 0.5, 0, 0}),
      along_column = by({0, 0, -1, 0, 0,  0, -1, 4, -1, 0,  0.5, 0, 5, 0, 0.5,  0, -1, 4, -1, 0,  0, 0, -1, 0, 0}),
      diagonal = by({0, 0, -1.5, 0, 0,  0, 2, 0, 2, 0,  -1.5, 0, 6, 0, -1.5,  0, 2, 0, 2, 0,  0, 0, -1.5, 0, 0});
  // clang-format on
  const at::Tensor is_red = masks.narrow(1, 0, 1).to(at::kBool),
                   is_green = masks.narrow(1, 1, 1).to(at::kBool),
                   is_blue = masks.narrow(1, 2, 1).to(at::kBool);
  const Lines red = lines_of(masks.narrow(1, 0, 1)), blue = lines_of(masks.narrow(1, 2, 1));
  const auto other = [&](const at::Tensor& itself, const Lines& own, const at::Tensor& opposite) {
    at::Tensor value = at::where(itself, mosaic, at::where(opposite, diagonal, mosaic));
    return at::where(is_green, at::where(own.rows, along_row, along_column), value);
  };
  return at::cat({other(is_red, red, is_blue), at::where(is_green, mosaic, green),
                  other(is_blue, blue, is_red)},
                 1);
}

class Menon {
 public:
  Menon(const at::Tensor& mosaic, const at::Tensor& masks) : mosaic_(mosaic) {
    for (std::int64_t c = 0; c < 3; ++c) is_[c] = masks.narrow(1, c, 1).to(at::kBool);
    red_ = lines_of(masks.narrow(1, 0, 1));
    blue_ = lines_of(masks.narrow(1, 2, 1));
  }

  at::Tensor operator()(bool refined) {
    choose_direction();
    red_and_blue_at_green();
    red_and_blue_at_each_other();
    if (refined) refine();
    return at::cat({r_, g_, b_}, 1);
  }

 private:
  static at::Tensor along_rows(const at::Tensor& x, std::initializer_list<double> taps) {
    return filtered(x, taps, 1, static_cast<std::int64_t>(taps.size()), Padding::kWholeSample);
  }
  static at::Tensor along_columns(const at::Tensor& x, std::initializer_list<double> taps) {
    return filtered(x, taps, static_cast<std::int64_t>(taps.size()), 1, Padding::kWholeSample);
  }
  static at::Tensor beside(const at::Tensor& x) { return along_rows(x, {0.5, 0, 0.5}); }
  static at::Tensor above(const at::Tensor& x) { return along_columns(x, {0.5, 0, 0.5}); }
  at::Tensor mean_along(const at::Tensor& x) const {
    constexpr double kThird = 1.0 / 3;
    return at::where(by_rows_, along_rows(x, {kThird, kThird, kThird}),
                     along_columns(x, {kThird, kThird, kThird}));
  }

  void choose_direction() {
    // The neighbours' mean, corrected by the own colour's bend; pairs first.
    const auto guess = [&](int axis) {
      const std::int64_t rows = axis == 2 ? 2 : 0, cols = 2 - rows;
      const at::Tensor wide = padded(mosaic_, rows, cols, Padding::kWholeSample);
      const auto at = [&](std::int64_t offset) {
        return wide.slice(axis, 2 + offset, 2 + offset + mosaic_.size(axis));
      };
      return (at(-1) + at(1)) * 0.5 + (at(0) * 0.5 + (at(-2) + at(2)) * -0.25);
    };
    const at::Tensor none = at::zeros_like(mosaic_);
    const at::Tensor g_rows = at::where(is_[1], mosaic_, guess(3)),
                     g_columns = at::where(is_[1], mosaic_, guess(2));
    const at::Tensor c_rows = at::where(is_[1], none, mosaic_ - g_rows),
                     c_columns = at::where(is_[1], none, mosaic_ - g_columns);
    const std::int64_t h = mosaic_.size(2), w = mosaic_.size(3);
    const at::Tensor d_rows = (c_rows - padded_after(c_rows, 0, 2).slice(3, 2, w + 2)).abs(),
                     d_columns =
                         (c_columns - padded_after(c_columns, 2, 0).slice(2, 2, h + 2)).abs();
    const auto summed = [&](const at::Tensor& d, std::initializer_list<double> taps) {
      return filtered(d, taps, 5, 5, Padding::kZeros);
    };
    // clang-format off
    const at::Tensor rough_rows = summed(d_rows, {1, 0, 1, 0, 0,  0, 1, 0, 0, 0,  3, 0, 3, 0, 0,  0, 1, 0, 0, 0,  1, 0, 1, 0, 0}),
        rough_columns = summed(d_columns, {1, 0, 3, 0, 1,  0, 1, 0, 1, 0,  1, 0, 3, 0, 1,  0, 0, 0, 0, 0,  0, 0, 0, 0, 0});
    // clang-format on
    by_rows_ = rough_columns.detach().ge(rough_rows.detach());
    g_ = at::where(by_rows_, g_rows, g_columns);
    r_ = at::where(is_[0], mosaic_, none);
    b_ = at::where(is_[2], mosaic_, none);
  }

  void red_and_blue_at_green() {
    const auto filled = [&](const at::Tensor& x, const at::Tensor& own_rows) {
      const at::Tensor value = at::where(own_rows, beside(x) - beside(g_), above(x) - above(g_));
      return at::where(is_[1], g_ + value, x);
    };
    const at::Tensor r = filled(r_, red_.rows), b = filled(b_, blue_.rows);
    r_ = r;
    b_ = b;
  }

  void red_and_blue_at_each_other() {
    const auto difference = [&](const at::Tensor& x, const at::Tensor& known) {
      return at::where(by_rows_, beside(x) - beside(known), above(x) - above(known));
    };
    const at::Tensor r = at::where(is_[2], b_ + difference(r_, b_), r_);
    b_ = at::where(is_[0], r + difference(b_, r), b_);
    r_ = r;
  }

  void refine() {
    g_ = at::where(is_[0], r_ - mean_along(r_ - g_),
                   at::where(is_[2], b_ - mean_along(b_ - g_), g_));
    const auto again = [&](const at::Tensor& x, const Lines& other) {
      // Along columns in the other colour's rows, along rows in its columns.
      const at::Tensor difference = x - g_;
      return at::where(at::logical_and(is_[1], other.columns), g_ + beside(difference),
                       at::where(at::logical_and(is_[1], other.rows), g_ + above(difference), x));
    };
    r_ = again(r_, blue_);
    b_ = again(b_, red_);
    const at::Tensor r = at::where(is_[2], b_ + mean_along(r_ - b_), r_);
    b_ = at::where(is_[0], r - mean_along(r - b_), b_);
    r_ = r;
  }

  at::Tensor mosaic_, is_[3], by_rows_, r_, g_, b_;
  Lines red_, blue_;
};

// Without derivatives.
at::Tensor menon_without_slopes(const at::Tensor& mosaic, Cfa cfa, bool refined) {
  const at::Tensor whole = mosaic.contiguous();
  const std::int64_t h = whole.size(2), w = whole.size(3);
  at::Tensor out = at::empty({whole.size(0), 3, h, w}, whole.options());
  const auto run = [&](auto* from, auto* to) {
    for (std::int64_t i = 0; i < whole.size(0); ++i)
      menon_in_loops(from + i * h * w, h, w, cfa, refined, to + 3 * i * h * w);
  };
  if (whole.scalar_type() == at::kDouble)
    run(static_cast<const double*>(whole.data_ptr<double>()), out.data_ptr<double>());
  else
    run(static_cast<const float*>(whole.data_ptr<float>()), out.data_ptr<float>());
  return out;
}

}  // namespace

Cfa cfa_named(const std::string& word, const std::string& where) {
  return static_cast<Cfa>(word_index(cfa_words(), word, "the colour filter", where));
}

std::string_view cfa_name(Cfa cfa) { return cfa_words()[static_cast<std::size_t>(cfa)]; }

int colour_at(Cfa cfa, std::int64_t y, std::int64_t x) {
  const char c = cfa_name(cfa)[static_cast<std::size_t>(2 * (y % 2) + x % 2)];
  return c == 'R' ? 0 : c == 'G' ? 1 : 2;
}

Demosaic demosaic_named(const std::string& word, const std::string& where) {
  return static_cast<Demosaic>(
      word_index({"bilinear", "malvar", "menon"}, word, "the demosaicing", where));
}

at::Tensor colour_masks(Cfa cfa, std::int64_t height, std::int64_t width, at::ScalarType type) {
  at::Tensor masks = at::zeros({1, 3, height, width}, type);
  for (std::int64_t y = 0; y < 2; ++y)
    for (std::int64_t x = 0; x < 2; ++x)
      masks.select(1, colour_at(cfa, y, x)).slice(1, y, height, 2).slice(2, x, width, 2).fill_(1);
  return masks;
}

at::Tensor mosaic_of(const at::Tensor& rgb, Cfa cfa) {
  if (rgb.dim() != 4 || rgb.size(1) != 3) throw BugError("a mosaic is made of [N,3,H,W]");
  return (rgb * colour_masks(cfa, rgb.size(2), rgb.size(3), rgb.scalar_type())).sum(1, true);
}

at::Tensor demosaiced(const at::Tensor& mosaic, Cfa cfa, Demosaic method, bool refined) {
  if (mosaic.dim() != 4 || mosaic.size(1) != 1) throw BugError("a mosaic is [N,1,H,W]");
  if (mosaic.size(2) < 4 || mosaic.size(3) < 4)
    throw InputError("", "a mosaic of " + std::to_string(mosaic.size(3)) + " × " +
                             std::to_string(mosaic.size(2)) +
                             " px is too small; wanted at least 4 × 4");
  const at::Tensor masks = colour_masks(cfa, mosaic.size(2), mosaic.size(3), mosaic.scalar_type());
  switch (method) {
    case Demosaic::kBilinear:
      return bilinear(mosaic, masks);
    case Demosaic::kMalvar:
      return malvar(mosaic, masks);
    case Demosaic::kMenon:
      if (!(mosaic.requires_grad() && at::GradMode::is_enabled()))
        return menon_without_slopes(mosaic, cfa, refined);
      return Menon(mosaic, masks)(refined);
  }
  throw BugError("no such demosaicing");
}

}  // namespace assay::imaging
