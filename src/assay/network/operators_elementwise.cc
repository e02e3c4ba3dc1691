// Arithmetic, comparison and logic, item by item with NumPy's broadcasting.
#include "assay/network/operators.h"

namespace assay::network {

namespace {

template <at::Tensor (*F)(const at::Tensor&)>
Kernel unary(const Node&) {
  return single([](const Inputs& in) { return F(in[0]); });
}

template <at::Tensor (*F)(const at::Tensor&, const at::Tensor&)>
Kernel binary(const Node&) {
  return single([](const Inputs& in) { return F(in[0], in[1]); });
}

at::Tensor add(const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); }
at::Tensor subtract(const at::Tensor& a, const at::Tensor& b) { return at::sub(a, b); }

// As in quantisation written out by hand (Div, Round, Clip, Mul).
at::Tensor round_half_even(const at::Tensor& x) { return straight_through(at::round(x), x); }

bool is_integral(const at::Tensor& x) { return at::isIntegralType(x.scalar_type(), true); }

// The divisors of a whole-number division without -1, on which the processor traps for the smallest
// number. Refuses zeros.
at::Tensor safe_divisors(const at::Tensor& b) {
  if (at::eq(b, 0).any().item<bool>()) refuse("division of integers by zero");
  return b.scalar_type() == at::kByte ? b : at::where(at::eq(b, -1), at::ones_like(b), b);
}

// Integers round towards zero.
at::Tensor divide(const at::Tensor& a, const at::Tensor& b) {
  if (!is_integral(a) || !is_integral(b)) return at::div(a, b);
  const at::Tensor quotient = at::div(a, safe_divisors(b), "trunc");
  return b.scalar_type() == at::kByte ? quotient : at::where(at::eq(b, -1), at::neg(a), quotient);
}

Kernel modulo(const Node& node) {
  const bool sign_of_dividend = node.integer("fmod", 0) != 0;
  return single([=](const Inputs& in) {
    const at::Tensor &a = in[0], &b = in[1];
    if (!is_integral(a) || !is_integral(b))
      return sign_of_dividend ? at::fmod(a, b) : at::remainder(a, b);
    const at::Tensor safe = safe_divisors(b);  // x mod -1 is 0, and so is x mod 1
    return sign_of_dividend ? at::fmod(a, safe) : at::remainder(a, safe);
  });
}

at::Tensor power(const at::Tensor& base, const at::Tensor& exponent) {
  if (!is_integral(base)) {
    // A square is the usual case (hand-made variances); a number as exponent has the cheaper
    // gradient.
    if (exponent.numel() == 1 && !exponent.requires_grad() && exponent.dim() <= base.dim())
      return at::pow(base, exponent.item());
    return at::pow(base, exponent);
  }
  if (is_integral(exponent) && at::ge(exponent, 0).all().item<bool>())
    return at::pow(base, exponent).to(base.scalar_type());
  return at::pow(base.to(at::kDouble), exponent).to(base.scalar_type());
}

// Max, Min, Sum: any number of inputs, folded from the left.
template <at::Tensor (*F)(const at::Tensor&, const at::Tensor&)>
Kernel variadic(const Node&) {
  return single([](const Inputs& in) {
    at::Tensor result = in[0];
    for (std::size_t i = 1; i < in.size(); ++i) result = F(result, in[i]);
    return result;
  });
}

Kernel mean(const Node&) {
  return single([](const Inputs& in) {
    at::Tensor sum = in[0];
    for (std::size_t i = 1; i < in.size(); ++i) sum = at::add(sum, in[i]);
    return at::div(sum, static_cast<double>(in.size()));
  });
}

Kernel is_inf(const Node& node) {
  const bool negative = node.integer("detect_negative", 1) != 0;
  const bool positive = node.integer("detect_positive", 1) != 0;
  return single([=](const Inputs& in) {
    if (negative && positive) return at::isinf(in[0]);
    if (negative) return at::isneginf(in[0]);
    if (positive) return at::isposinf(in[0]);
    return at::zeros_like(in[0], in[0].options().dtype(at::kBool));
  });
}

Kernel bit_shift(const Node& node) {
  const std::string direction = node.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") refuse("direction must be LEFT or RIGHT");
  const bool left = direction == "LEFT";
  return single([=](const Inputs& in) {
    if (!is_integral(in[0]) || !is_integral(in[1])) refuse("wanted integers");
    return left ? at::bitwise_left_shift(in[0], in[1]) : at::bitwise_right_shift(in[0], in[1]);
  });
}

Kernel where(const Node&) {
  return single([](const Inputs& in) { return at::where(in[0].to(at::kBool), in[1], in[2]); });
}

Kernel clip(const Node& node) {
  // Opset 11 made the bounds inputs.
  c10::optional<at::Scalar> fixed_low, fixed_high;
  if (node.opset < 11) {
    if (node.has("min")) fixed_low = node.number("min", 0);
    if (node.has("max")) fixed_high = node.number("max", 0);
  }
  return single([=](const Inputs& in) {
    const auto bound = [&](std::size_t i) -> c10::optional<at::Scalar> {
      if (!in.has(i)) return c10::nullopt;
      if (in[i].numel() != 1) refuse("a bound must be a single number");
      return in[i].item();
    };
    const auto low = fixed_low ? fixed_low : bound(1);
    const auto high = fixed_high ? fixed_high : bound(2);
    return low || high ? at::clamp(in[0], low, high) : in[0];
  });
}

constexpr Operator kElementwiseOperators[] = {
    {"Abs", unary<at::abs>},
    {"Acos", unary<at::acos>},
    {"Acosh", unary<at::acosh>},
    {"Add", binary<add>},
    {"And", binary<at::logical_and>, Reads::kData, Gradient::kNone},
    {"Asin", unary<at::asin>},
    {"Asinh", unary<at::asinh>},
    {"Atan", unary<at::atan>},
    {"Atanh", unary<at::atanh>},
    {"BitShift", bit_shift, Reads::kData, Gradient::kNone},
    {"BitwiseAnd", binary<at::bitwise_and>, Reads::kData, Gradient::kNone},
    {"BitwiseNot", unary<at::bitwise_not>, Reads::kData, Gradient::kNone},
    {"BitwiseOr", binary<at::bitwise_or>, Reads::kData, Gradient::kNone},
    {"BitwiseXor", binary<at::bitwise_xor>, Reads::kData, Gradient::kNone},
    {"Ceil", unary<at::ceil>, Reads::kData, Gradient::kZero},
    {"Clip", clip},
    {"Cos", unary<at::cos>},
    {"Cosh", unary<at::cosh>},
    {"Div", binary<divide>},
    {"Equal", binary<at::eq>, Reads::kData, Gradient::kNone},
    {"Erf", unary<at::erf>},
    {"Exp", unary<at::exp>},
    {"Floor", unary<at::floor>, Reads::kData, Gradient::kZero},
    {"Greater", binary<at::gt>, Reads::kData, Gradient::kNone},
    {"GreaterOrEqual", binary<at::ge>, Reads::kData, Gradient::kNone},
    {"IsInf", is_inf, Reads::kData, Gradient::kNone},
    {"IsNaN", unary<at::isnan>, Reads::kData, Gradient::kNone},
    {"Less", binary<at::lt>, Reads::kData, Gradient::kNone},
    {"LessOrEqual", binary<at::le>, Reads::kData, Gradient::kNone},
    {"Log", unary<at::log>},
    {"Max", variadic<at::maximum>},
    {"Mean", mean},
    {"Min", variadic<at::minimum>},
    {"Mod", modulo},
    {"Mul", binary<at::mul>},
    {"Neg", unary<at::neg>},
    {"Not", unary<at::logical_not>, Reads::kData, Gradient::kNone, {.first = 1}},
    {"Or", binary<at::logical_or>, Reads::kData, Gradient::kNone},
    {"Pow", binary<power>},
    {"Reciprocal", unary<at::reciprocal>},
    {"Round", unary<round_half_even>, Reads::kData, Gradient::kStraightThrough},
    {"Sign", unary<at::sign>, Reads::kData, Gradient::kZero},
    {"Sin", unary<at::sin>},
    {"Sinh", unary<at::sinh>},
    {"Sqrt", unary<at::sqrt>},
    {"Sub", binary<subtract>},
    {"Sum", variadic<add>},
    {"Tan", unary<at::tan>},
    {"Where", where},
    {"Xor", binary<at::logical_xor>, Reads::kData, Gradient::kNone},
};

}  // namespace

std::span<const Operator> elementwise_operators() { return kElementwiseOperators; }

}  // namespace assay::network
