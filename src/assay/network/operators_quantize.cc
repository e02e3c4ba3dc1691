// Quantised operators of ONNX's own domain. The rules that all of them share: quantize.h.
#include <limits>

#include "assay/network/number_format.h"
#include "assay/network/operators.h"
#include "assay/network/quantize.h"

namespace assay::network {

namespace {

struct Layout {
  std::int64_t axis = 1, block = 0;
  static Layout of(const Node& node) {
    Layout layout{node.integer("axis", 1), node.integer("block_size", 0)};
    if (layout.block < 0 || layout.block > (1 << 24)) refuse("block_size is out of range");
    return layout;
  }
};

Kernel quantize_linear(const Node& node) {
  const Layout layout = Layout::of(node);
  // From opset 21 on an attribute; the reader sets it too where the zero point is of a type that
  // the graph widens (uint16, int4, float8).
  const std::int64_t named = node.integer("output_dtype", 0);
  const Overflow overflow =
      node.integer("saturate", 1) != 0 ? Overflow::kSaturates : Overflow::kEscapes;
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Steps steps = Steps::of(in, 1).along(x, layout.axis, layout.block);
    std::int64_t type = named;
    if (type == 0)
      type = steps.zero_point.defined() ? onnx_type_of(steps.zero_point) : onnx_type::kUint8;
    // In the input's own precision, as ONNX's tests have it.
    const at::Tensor units = at::div(x, steps.scale.detach().to(x.scalar_type())).to(at::kDouble);
    if (!is_float8(type)) return stored_as(units, steps.zero_point, type, x);
    return rounded_to(units, type, overflow).to(x.scalar_type());
  });
}

Kernel dequantize_linear(const Node& node) {
  const Layout layout = Layout::of(node);
  return single([=](const Inputs& in) {
    const at::Tensor& stored = in[0];
    const at::Tensor real =
        real_of(stored, Steps::of(in, 1).along(stored, layout.axis, layout.block));
    return stored.scalar_type() == at::kDouble ? real : real.to(at::kFloat);
  });
}

// One scale and zero point for the whole tensor, so that 0 and both extremes can be stored.
Kernel dynamic_quantize_linear(const Node&) {
  return [](const Inputs& in) -> Outputs {
    const at::Tensor& x = in[0];
    if (x.numel() == 0) refuse("there is nothing to quantise");
    const at::Tensor exact = x.detach();
    const auto bound = [&](const at::Tensor& extreme, bool low) {
      return low ? at::clamp_max(extreme, 0) : at::clamp_min(extreme, 0);
    };
    const at::Tensor low = bound(at::min(exact), true), high = bound(at::max(exact), false);
    const at::Tensor span = at::div(at::sub(high, low), 255);
    const at::Tensor scale = at::where(at::eq(span, 0), at::ones_like(span), span);
    const at::Tensor zero_point =
        at::clamp(at::round(at::div(at::neg(low), scale)), 0, 255).to(at::kByte);
    // As ONNX defines this one: in the input's own precision.
    const at::Tensor units = at::div(x, scale).to(at::kDouble);
    const at::Tensor stored = stored_as(units.detach(), zero_point, onnx_type::kUint8, x);
    // The extremes are within the bounds by definition, so nothing is cut off.
    if (!follows(x)) return {stored, scale, zero_point};
    return {straight_through(stored.to(at::kDouble), units).to(x.scalar_type()), scale, zero_point};
  };
}

// Exact whole numbers as int32, or floating where they carry a gradient.
at::Tensor whole(const at::Tensor& sums, const at::Tensor& like) {
  return stored_as(sums, {}, onnx_type::kInt32, like);
}

at::Tensor zero_point_of(const Inputs& in, std::size_t input, const at::Tensor& x,
                         std::int64_t axis) {
  return in.has(input) ? laid_along(in[input], x, axis) : at::Tensor();
}

Kernel conv_integer(const Node& node) {
  const ExactConv conv = exact_conv(node);
  return single([conv](const Inputs& in) {
    const at::Tensor x = centred(in[0], zero_point_of(in, 2, in[0], 1));
    const at::Tensor w = centred(in[1], zero_point_of(in, 3, in[1], 0));
    return whole(conv(x, w), in[0]);
  });
}

Kernel matmul_integer(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor a = centred(in[0], zero_point_of(in, 2, in[0], -2));
    const at::Tensor b = centred(in[1], zero_point_of(in, 3, in[1], -1));
    return whole(exact_matmul(a, b), in[0]);
  });
}

// x, w, y: (x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias)
Kernel qlinear_conv(const Node& node) {
  const ExactConv conv = exact_conv(node);
  return single([conv](const Inputs& in) {
    const at::Tensor &x = in[0], &w = in[3];
    const Steps of_x = Steps::of(in, 1), of_w = Steps::of(in, 4), of_y = Steps::of(in, 6);
    at::Tensor sums =
        conv(centred(x, of_x.along(x, 1).zero_point), centred(w, of_w.along(w, 0).zero_point));
    if (in.has(8)) sums = at::add(sums, laid_along(in[8].to(at::kDouble), sums, 1));
    const at::Tensor scale = at::mul(of_x.scale.reshape({}).to(at::kDouble),
                                     laid_along(of_w.scale, sums, 1).to(at::kDouble));
    return quantised(at::mul(sums, scale), of_y, x);
  });
}

Kernel qlinear_matmul(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor &a = in[0], &b = in[3];
    const Steps of_a = Steps::of(in, 1).along(a, -2), of_b = Steps::of(in, 4).along(b, -1);
    const at::Tensor sums = exact_matmul(centred(a, of_a.zero_point), centred(b, of_b.zero_point));
    const at::Tensor scale = at::mul(of_a.scale.to(at::kDouble), of_b.scale.to(at::kDouble));
    return quantised(at::mul(sums, scale), Steps::of(in, 6).along(sums, -2), a);
  });
}

constexpr auto kQuantizeThrough = Gradient::kStraightThrough;

constexpr Operator kQuantizeOperators[] = {
    {"ConvInteger", conv_integer, Reads::kData, kQuantizeThrough},
    {"DequantizeLinear", dequantize_linear},
    {"DynamicQuantizeLinear", dynamic_quantize_linear, Reads::kData, kQuantizeThrough},
    {"MatMulInteger", matmul_integer, Reads::kData, kQuantizeThrough},
    {"QLinearConv", qlinear_conv, Reads::kData, kQuantizeThrough},
    {"QLinearMatMul", qlinear_matmul, Reads::kData, kQuantizeThrough},
    {"QuantizeLinear", quantize_linear, Reads::kData, kQuantizeThrough},
};

}  // namespace

std::span<const Operator> quantize_operators() { return kQuantizeOperators; }

}  // namespace assay::network
