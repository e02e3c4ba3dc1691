// Resampling: Resize, Upsample.
//
// Interpolation is separable: along each axis an output item is a weighted sum of a few input
// items, whose positions and weights depend on the sizes alone. One index_select a tap keeps it
// differentiable; cost: taps × output size.
#include <algorithm>
#include <cmath>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

enum class Interpolation { kNearest, kLinear, kCubic };

struct ResizeNode {
  Interpolation interpolation = Interpolation::kNearest;
  std::string coordinates, nearest, aspect;
  double cubic_a = -0.75, extrapolation = 0;
  bool exclude_outside = false, antialias = false;
  std::vector<std::int64_t> axes;
};

// What happens along one axis.
struct Axis {
  std::int64_t in = 0, out = 0;
  double scale = 1, roi_start = 0, roi_end = 1;
};

ResizeNode resize_node(const Node& node) {
  ResizeNode r;
  const std::string mode = node.text("mode", "nearest");
  if (mode == "linear" || mode == "bilinear")
    r.interpolation = Interpolation::kLinear;
  else if (mode == "cubic")
    r.interpolation = Interpolation::kCubic;
  else if (mode != "nearest")
    refuse("mode " + mode + " is unknown");
  const bool old = node.op == "Upsample" || node.opset < 11;
  r.coordinates = node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  r.nearest = node.text("nearest_mode", old ? "floor" : "round_prefer_floor");
  r.aspect = node.text("keep_aspect_ratio_policy", "stretch");
  for (const char* known :
       {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
        "tf_half_pixel_for_nn", "tf_crop_and_resize", ""}) {
    if (!*known) refuse("coordinate_transformation_mode " + r.coordinates + " is unknown");
    if (r.coordinates == known) break;
  }
  r.cubic_a = node.number("cubic_coeff_a", -0.75f);
  r.extrapolation = node.number("extrapolation_value", 0);
  r.exclude_outside = node.integer("exclude_outside", 0) != 0;
  r.antialias = node.integer("antialias", 0) != 0;
  r.axes = node.integers("axes");
  return r;
}

// Where output item i lies in the input, in items.
double source(const ResizeNode& r, const Axis& a, std::int64_t i) {
  const auto x = static_cast<double>(i);
  const auto in = static_cast<double>(a.in), out = static_cast<double>(a.out);
  if (r.coordinates == "align_corners") return a.out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (r.coordinates == "asymmetric") return x / a.scale;
  if (r.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / a.scale;
  if (r.coordinates == "pytorch_half_pixel") return a.out > 1 ? (x + 0.5) / a.scale - 0.5 : 0;
  if (r.coordinates == "tf_crop_and_resize")
    return a.out > 1 ? a.roi_start * (in - 1) + x * (a.roi_end - a.roi_start) * (in - 1) / (out - 1)
                     : 0.5 * (a.roi_start + a.roi_end) * (in - 1);
  double offset = 0;
  if (r.coordinates == "half_pixel_symmetric") offset = in / 2 * (1 - out / (a.scale * in));
  return offset + (x + 0.5) / a.scale - 0.5;
}

std::int64_t nearest_item(const ResizeNode& r, double x) {
  double rounded;
  if (r.nearest == "round_prefer_floor")
    rounded = std::ceil(x - 0.5);
  else if (r.nearest == "round_prefer_ceil")
    rounded = std::floor(x + 0.5);
  else if (r.nearest == "floor")
    rounded = std::floor(x);
  else if (r.nearest == "ceil")
    rounded = std::ceil(x);
  else
    refuse("nearest_mode " + r.nearest + " is unknown");
  return static_cast<std::int64_t>(rounded);
}

double weight(const ResizeNode& r, double distance) {
  const double t = std::abs(distance), a = r.cubic_a;
  if (r.interpolation == Interpolation::kLinear) return std::max(0.0, 1 - t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

at::Tensor resize_axis(const at::Tensor& x, std::int64_t d, const ResizeNode& r, const Axis& a) {
  if (r.interpolation == Interpolation::kNearest) {
    std::vector<std::int64_t> from;
    for (std::int64_t i = 0; i < a.out; ++i)
      from.push_back(std::clamp<std::int64_t>(nearest_item(r, source(r, a, i)), 0, a.in - 1));
    return x.index_select(d, at::tensor(from, at::kLong));
  }
  // Antialiasing widens the kernel by the factor by which the axis shrinks.
  const double narrow = r.antialias ? std::min(a.scale, 1.0) : 1;
  const double reach = (r.interpolation == Interpolation::kLinear ? 1 : 2) / narrow;
  const auto taps = static_cast<std::int64_t>(std::ceil(2 * reach)) + 1;
  check_shape({taps, a.out});
  std::vector<std::int64_t> from(static_cast<std::size_t>(taps * a.out));
  std::vector<double> weights(from.size());
  for (std::int64_t i = 0; i < a.out; ++i) {
    const double center = source(r, a, i);
    const auto first = static_cast<std::int64_t>(std::ceil(center - reach));
    double sum = 0;
    for (std::int64_t t = 0; t < taps; ++t) {
      const std::int64_t j = first + t;
      const bool outside = j < 0 || j >= a.in;
      double w = weight(r, (static_cast<double>(j) - center) * narrow);
      if (outside && r.exclude_outside) w = 0;
      from[t * a.out + i] = std::clamp<std::int64_t>(j, 0, a.in - 1);
      weights[t * a.out + i] = w;
      sum += w;
    }
    for (std::int64_t t = 0; t < taps && sum != 0; ++t) weights[t * a.out + i] /= sum;
  }
  std::vector<std::int64_t> along(static_cast<std::size_t>(x.dim()), 1);
  along[d] = a.out;
  const at::Tensor positions = at::tensor(from, at::kLong).reshape({taps, a.out});
  const at::Tensor factors = at::tensor(weights, at::kDouble).to(x.scalar_type());
  at::Tensor y;
  for (std::int64_t t = 0; t < taps; ++t) {
    const at::Tensor part = at::mul(x.index_select(d, positions[t]),
                                    factors.narrow(0, t * a.out, a.out).reshape(along));
    y = t == 0 ? part : at::add(y, part);
  }
  return y;
}

// Where tf_crop_and_resize looks outside the input it sees the extrapolation value.
at::Tensor extrapolate(const at::Tensor& y, std::int64_t d, const ResizeNode& r, const Axis& a) {
  std::vector<std::int64_t> outside;
  for (std::int64_t i = 0; i < a.out; ++i) {
    const double x = source(r, a, i);
    outside.push_back(x < 0 || x > static_cast<double>(a.in - 1));
  }
  std::vector<std::int64_t> along(static_cast<std::size_t>(y.dim()), 1);
  along[d] = a.out;
  return at::where(at::tensor(outside, at::kLong).to(at::kBool).reshape(along),
                   at::full({}, r.extrapolation, y.options()), y);
}

at::Tensor resize(const at::Tensor& x, const ResizeNode& r, const std::vector<Axis>& axes) {
  std::vector<std::int64_t> shape;
  for (const Axis& a : axes) {
    if (a.in < 1) refuse("there is nothing to resize");
    shape.push_back(a.out);
  }
  check_shape(shape);
  const bool crops = r.coordinates == "tf_crop_and_resize";
  const bool integral = at::isIntegralType(x.scalar_type(), true);
  const bool blends = r.interpolation != Interpolation::kNearest;
  at::Tensor y = integral && blends ? x.to(at::kFloat) : x;
  for (std::size_t d = 0; d < axes.size(); ++d)
    if (crops || axes[d].in != axes[d].out || axes[d].scale != 1)
      y = resize_axis(y, static_cast<std::int64_t>(d), r, axes[d]);
  if (crops)
    for (std::size_t d = 0; d < axes.size(); ++d)
      y = extrapolate(y, static_cast<std::int64_t>(d), r, axes[d]);
  return integral && blends ? at::round(y).to(x.scalar_type()) : y;
}

std::vector<float> floats_of(const at::Tensor& t) {
  const at::Tensor flat = t.to(at::kFloat).contiguous();
  if (flat.numel() > 64) refuse("a short list of numbers was wanted");
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::vector<Axis> whole_axes(const at::Tensor& x) {
  std::vector<Axis> axes;
  for (const std::int64_t size : x.sizes()) axes.push_back({size, size, 1, 0, 1});
  return axes;
}

void set_scale(Axis& axis, float scale) {
  if (!(scale > 0)) refuse("a scale must be positive");
  const float out = std::floor(static_cast<float>(axis.in) * scale);
  if (!(out < 1e9f)) refuse("a scale is out of range");
  axis.scale = scale;
  axis.out = static_cast<std::int64_t>(out);
}

void set_sizes(std::vector<Axis>& axes, const std::vector<std::int64_t>& along,
               const std::vector<std::int64_t>& sizes, const std::string& aspect) {
  double common = 0;
  for (std::size_t i = 0; i < along.size(); ++i) {
    Axis& a = axes[along[i]];
    a.out = sizes[i];
    a.scale = static_cast<double>(sizes[i]) / static_cast<double>(a.in);
    const bool better = aspect == "not_larger" ? a.scale < common : a.scale > common;
    if (i == 0 || better) common = a.scale;
  }
  if (aspect == "stretch") return;
  for (const std::int64_t d : along) {
    axes[d].scale = common;
    axes[d].out = std::llround(common * static_cast<double>(axes[d].in));
  }
}

Kernel resize_kernel(const Node& node) {
  const ResizeNode r = resize_node(node);
  // Upsample and the Resize of opset 10: (X, scales); later (X, roi, scales, sizes).
  const bool old = node.op == "Upsample" || node.opset < 11;
  const std::vector<float> fixed_scales = node.numbers("scales");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    std::vector<Axis> axes = whole_axes(x);
    std::vector<std::int64_t> along = r.axes;
    if (along.empty())
      for (std::int64_t d = 0; d < x.dim(); ++d) along.push_back(d);
    for (std::int64_t& d : along) d = axis_of(d, x.dim());
    const auto check_length = [&](std::size_t length) {
      if (length != along.size()) refuse("wanted one scale or size an axis");
    };
    const std::size_t scales_input = old ? 1 : 2;
    if (!old && in.has(3) && in[3].numel() > 0) {
      const auto sizes = integers_of(in[3]);
      check_length(sizes.size());
      set_sizes(axes, along, sizes, r.aspect);
    } else {
      const std::vector<float> scales =
          in.has(scales_input) ? floats_of(in[scales_input]) : fixed_scales;
      check_length(scales.size());
      for (std::size_t i = 0; i < along.size(); ++i) set_scale(axes[along[i]], scales[i]);
    }
    if (r.coordinates == "tf_crop_and_resize") {
      const std::vector<float> roi = floats_of(in[1]);
      if (roi.size() != 2 * along.size()) refuse("wanted two numbers of roi an axis");
      for (std::size_t i = 0; i < along.size(); ++i) {
        axes[along[i]].roi_start = roi[i];
        axes[along[i]].roi_end = roi[along.size() + i];
      }
    }
    return resize(x, r, axes);
  });
}

constexpr Operator kResizeOperators[] = {
    {"Resize", resize_kernel, Reads::kSizes},
    {"Upsample", resize_kernel, Reads::kSizes, Gradient::kExact, {.last = 9}},
};

}  // namespace

std::span<const Operator> resize_operators() { return kResizeOperators; }

}  // namespace assay::network
