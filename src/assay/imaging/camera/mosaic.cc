#include "assay/imaging/camera/mosaic.h"

#include <algorithm>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/camera/borders.h"
#include "assay/imaging/camera/menon.h"
#include "assay/network/torch_function.h"

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
  // The values one before and one after along an axis.
  const auto both_sides = [](const at::Tensor& x, std::int64_t axis) {
    const std::int64_t rows = axis == 2 ? 1 : 0;
    const at::Tensor wide = padded(x, rows, 1 - rows, Padding::kHalfSample);
    return wide.slice(axis, 0, x.size(axis)) + wide.slice(axis, 2, x.size(axis) + 2);
  };
  at::Tensor corners = at::cat({sparse.narrow(1, 0, 1), sparse.narrow(1, 2, 1)}, 1);
  for (const std::int64_t axis : {3, 2}) corners = corners + both_sides(corners, axis) * 0.5;
  const at::Tensor cross = sparse.narrow(1, 1, 1),
                   green = cross + (both_sides(cross, 2) + both_sides(cross, 3)) * 0.25;
  return at::cat({corners.narrow(1, 0, 1), green, corners.narrow(1, 1, 1)}, 1);
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

// Given the directions it is linear, so that the way back needs nothing but them.
class MenonFunction : public torch::autograd::Function<MenonFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& mosaic,
                            std::int64_t cfa, bool refined) {
    const at::Tensor whole = mosaic.contiguous();
    at::Tensor out = at::empty({whole.size(0), 3, whole.size(2), whole.size(3)}, whole.options()),
               by_rows = at::empty(whole.sizes(), whole.options().dtype(at::kByte));
    each_picture(whole, out, by_rows, [&](auto* values, auto* rgb, std::uint8_t* rows) {
      menon(values, whole.size(2), whole.size(3), static_cast<Cfa>(cfa), refined, rgb, rows);
    });
    context->save_for_backward({by_rows});
    context->saved_data["cfa"] = cfa;
    context->saved_data["refined"] = refined;
    return out;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list slopes) {
    const at::Tensor by_rows = context->get_saved_variables()[0], whole = slopes[0].contiguous();
    const auto cfa = static_cast<Cfa>(context->saved_data["cfa"].toInt());
    const bool refined = context->saved_data["refined"].toBool();
    at::Tensor out = at::empty(by_rows.sizes(), whole.options());
    each_picture(out, whole, by_rows, [&](auto* values, auto* rgb, std::uint8_t* rows) {
      menon_back(rgb, out.size(2), out.size(3), cfa, refined, rows, values);
    });
    return {out, {}, {}};
  }

 private:
  // f(mosaic, rgb, by_rows) of each.
  template <class F>
  static void each_picture(const at::Tensor& mosaic, const at::Tensor& rgb,
                           const at::Tensor& by_rows, F f) {
    const std::int64_t area = mosaic.size(2) * mosaic.size(3);
    auto* rows = by_rows.data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < mosaic.size(0); ++i)
      if (mosaic.scalar_type() == at::kDouble)
        f(mosaic.data_ptr<double>() + i * area, rgb.data_ptr<double>() + 3 * i * area,
          rows + i * area);
      else
        f(mosaic.data_ptr<float>() + i * area, rgb.data_ptr<float>() + 3 * i * area,
          rows + i * area);
  }
};

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
      return MenonFunction::apply(mosaic, static_cast<std::int64_t>(cfa), refined);
  }
  throw BugError("no such demosaicing");
}

}  // namespace assay::imaging
