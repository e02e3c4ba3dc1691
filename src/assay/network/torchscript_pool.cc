// Pooling and resampling.
#include <algorithm>
#include <cmath>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// kernel, stride (empty: the kernel), padding: arguments 1 to 3 of every pooling.
Attributes window(const Call& c, std::size_t dims) {
  const Numbers kernel = repeated(c, 1, dims, 1);
  const bool own_stride = c.has(2) && !(c.as<List>(2) && c.list(2)->empty());
  return {{"kernel_shape", kernel},
          {"strides", own_stride ? repeated(c, 2, dims, 1) : kernel},
          {"pads", both_sides(repeated(c, 3, dims, 0))}};
}

template <std::size_t kDims>
void check_rank(const Traced& x) {
  if (x.trial.dim() != static_cast<std::int64_t>(kDims) + 2)
    throw Untranslated("of an input without a batch");
}

// max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
template <std::size_t kDims>
Value max_pool(Call& c) {
  check_rank<kDims>(c.tensor(0));
  Attributes attributes = window(c, kDims);
  attributes["dilations"] = repeated(c, 4, kDims, 1);
  if (c.flag(5)) attributes["ceil_mode"] = std::int64_t{1};
  return tensor(c.emit("MaxPool", {c.tensor(0)}, std::move(attributes)));
}

Value max_pool_with_indices(Call& c) { return make_tuple({max_pool<2>(c), Unknown{}}); }

// avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
template <std::size_t kDims>
Value average_pool(Call& c) {
  check_rank<kDims>(c.tensor(0));
  if (c.has(6)) throw Untranslated("with a divisor of its own");
  Attributes attributes = window(c, kDims);
  if (c.flag(4)) attributes["ceil_mode"] = std::int64_t{1};
  attributes["count_include_pad"] = std::int64_t{!c.has(5) || c.flag(5)};
  return tensor(c.emit("AveragePool", {c.tensor(0)}, std::move(attributes)));
}

// The wanted sizes of an adaptive pooling; None keeps the input's.
Numbers wanted_sizes(const Call& c, const Traced& x, std::size_t dims) {
  Numbers wanted;
  if (c.is_number(1)) return Numbers(dims, c.integer(1));
  const auto& items = *c.list(1);
  for (std::size_t d = 0; d < items.size(); ++d) {
    const Number* number = items[d].as<Number>();
    wanted.push_back(number ? c.graph.decide(*number)
                            : c.graph.decide(c.graph.size(x, static_cast<std::int64_t>(d) + 2)));
  }
  if (wanted.size() == 1) wanted.assign(dims, wanted[0]);
  if (wanted.size() != dims) throw OperatorError("one size a dimension was wanted");
  return wanted;
}

// [out,in]: row o averages the items from floor(o in / out) to ceil((o + 1) in / out).
at::Tensor averaging_matrix(std::int64_t out, std::int64_t in) {
  at::Tensor matrix = at::zeros({out, in}, at::kFloat);
  for (std::int64_t o = 0; o < out; ++o) {
    const std::int64_t from = o * in / out, to = ((o + 1) * in + out - 1) / out;
    matrix.select(0, o).slice(0, from, to).fill_(1.0 / static_cast<double>(to - from));
  }
  return matrix;
}

template <std::size_t kDims>
Value adaptive_pool(Call& c, bool maximum) {
  const Traced x = c.tensor(0);
  check_rank<kDims>(x);
  const Numbers wanted = wanted_sizes(c, x, kDims);
  const auto is = [&](auto predicate) {
    for (std::size_t d = 0; d < kDims; ++d)
      if (!predicate(wanted[d], x.trial.size(static_cast<std::int64_t>(d) + 2))) return false;
    return true;
  };
  if (is([](std::int64_t out, std::int64_t) { return out == 1; }))
    return tensor(c.emit(maximum ? "GlobalMaxPool" : "GlobalAveragePool", {x}));
  // From here on the form follows from the size.
  c.graph.note_decision();
  if (is([](std::int64_t out, std::int64_t in) { return out == in; })) return tensor(x);
  if (is([](std::int64_t out, std::int64_t in) { return out > 0 && in % out == 0; })) {
    Numbers kernel;
    for (std::size_t d = 0; d < kDims; ++d)
      kernel.push_back(x.trial.size(static_cast<std::int64_t>(d) + 2) / wanted[d]);
    return tensor(c.emit(maximum ? "MaxPool" : "AveragePool", {x},
                         {{"kernel_shape", kernel}, {"strides", kernel}}));
  }
  if (maximum || kDims != 2 || wanted[0] < 1 || wanted[1] < 1)
    throw Untranslated("to a size that does not divide the input's");
  if (std::max(wanted[0], wanted[1]) > 4096) throw Untranslated("to more than 4096 px");
  // Windows of unequal sizes: rows, then columns, by a matrix each.
  const Traced rows = c.graph.constant(averaging_matrix(wanted[0], x.trial.size(2)));
  const Traced columns = c.graph.constant(averaging_matrix(wanted[1], x.trial.size(3)).t());
  return tensor(c.emit("MatMul", {c.emit("MatMul", {rows, x}), columns}));
}

template <std::size_t kDims>
Value adaptive_max_pool(Call& c) {
  return make_tuple({adaptive_pool<kDims>(c, true), Unknown{}});
}

// -- resampling

struct Resampling {
  const char* mode;
  std::size_t dims;
  bool aligns;  // has an align_corners argument, the one after the size
};

Attributes resize_attributes(const Resampling& r, bool align_corners) {
  const std::string mode = r.mode;
  if (mode == "nearest")
    return {{"mode", mode},
            {"coordinate_transformation_mode", std::string("asymmetric")},
            {"nearest_mode", std::string("floor")}};
  Attributes attributes = {{"mode", mode},
                           {"coordinate_transformation_mode",
                            std::string(align_corners ? "align_corners" : "half_pixel")}};
  if (mode == "cubic") attributes["cubic_coeff_a"] = -0.75f;
  return attributes;
}

// upsample(x, size, [align_corners,] scale_factors) and upsample(x, size, [align_corners,] scale a
// dimension): the sizes when they are given, else the factors.
Value upsample(Call& c, const Resampling& r) {
  const Traced x = c.tensor(0);
  if (x.trial.dim() != static_cast<std::int64_t>(r.dims) + 2)
    throw Untranslated("of an input without a batch");
  const std::size_t first_scale = r.aligns ? 3 : 2;
  std::vector<double> scales;
  for (std::size_t i = first_scale; i < c.size(); ++i) {
    if (c.is_number(i)) scales.push_back(c.real(i, 0));
    if (c.as<List>(i))
      for (const Number& n : c.numbers(i)) scales.push_back(n.real());
  }
  const Attributes attributes = resize_attributes(r, r.aligns && c.flag(2));
  if (scales.size() == r.dims) {
    std::vector<float> all = {1, 1};
    bool whole = true;
    for (std::size_t d = 0; d < r.dims; ++d) {
      all.push_back(static_cast<float>(scales[d]));
      whole = whole && scales[d] == std::floor(scales[d]);
    }
    if (whole || !c.has(1))
      return tensor(
          c.emit("Resize", {x, {}, c.graph.constant(at::tensor(all, at::kFloat))}, attributes));
  }
  std::vector<Number> sizes = {c.graph.size(x, 0), c.graph.size(x, 1)};
  const std::vector<Number> wanted = c.numbers(1);
  if (wanted.size() != r.dims) throw OperatorError("one size a dimension was wanted");
  sizes.insert(sizes.end(), wanted.begin(), wanted.end());
  return tensor(c.emit("Resize", {x, {}, {}, c.graph.shape(sizes)}, attributes));
}

Value pixel_shuffle(Call& c) {
  return tensor(c.emit("DepthToSpace", {c.tensor(0)},
                       {{"blocksize", c.integer(1)}, {"mode", std::string("CRD")}}));
}

constexpr ScriptOperator kScriptPoolOperators[] = {
    {"aten::max_pool1d", max_pool<1>},
    {"aten::max_pool2d", max_pool<2>},
    {"aten::max_pool3d", max_pool<3>},
    {"aten::max_pool2d_with_indices", max_pool_with_indices},
    {"aten::avg_pool1d", average_pool<1>},
    {"aten::avg_pool2d", average_pool<2>},
    {"aten::avg_pool3d", average_pool<3>},
    {"aten::adaptive_avg_pool1d", [](Call& c) { return adaptive_pool<1>(c, false); }},
    {"aten::adaptive_avg_pool2d", [](Call& c) { return adaptive_pool<2>(c, false); }},
    {"aten::adaptive_avg_pool3d", [](Call& c) { return adaptive_pool<3>(c, false); }},
    {"aten::adaptive_max_pool1d", adaptive_max_pool<1>},
    {"aten::adaptive_max_pool2d", adaptive_max_pool<2>},
    {"aten::upsample_nearest1d",
     [](Call& c) {
       return upsample(c, {"nearest", 1, false});
     }},
    {"aten::upsample_nearest2d",
     [](Call& c) {
       return upsample(c, {"nearest", 2, false});
     }},
    {"aten::upsample_bilinear2d",
     [](Call& c) {
       return upsample(c, {"linear", 2, true});
     }},
    {"aten::upsample_bicubic2d",
     [](Call& c) {
       return upsample(c, {"cubic", 2, true});
     }},
    {"aten::pixel_shuffle", pixel_shuffle},
};

}  // namespace

std::span<const ScriptOperator> pool_translations() { return kScriptPoolOperators; }

}  // namespace assay::network::torchscript
