#include "assay/network/number_format.h"

#include <cmath>
#include <limits>
#include <vector>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

struct Float8 {
  int mantissa = 0, bias = 0;  // bits; what is added to the exponent
  double largest = 0;
  bool infinite = false;       // has infinities
  bool unsigned_zero = false;  // -0's code is NaN; there is no other
  int least_exponent() const { return 1 - bias; }
};

Float8 float8(std::int64_t type) {
  switch (type) {
    case onnx_type::kFloat8E4m3fn:
      return {3, 7, 448, false, false};
    case onnx_type::kFloat8E4m3fnuz:
      return {3, 8, 240, false, true};
    case onnx_type::kFloat8E5m2:
      return {2, 15, 57344, true, false};
    default:
      return {2, 16, 57344, false, true};
  }
}

at::Tensor on_float8_grid(const at::Tensor& x, std::int64_t type, Overflow overflow) {
  const Float8 f = float8(type);
  const at::Tensor wide = x.to(at::kDouble);
  // frexp's fraction lies in [1/2, 1).
  const at::Tensor exponent =
      at::clamp_min(at::sub(std::get<1>(at::frexp(wide)).to(at::kDouble), 1), f.least_exponent());
  const at::Tensor step = at::exp2(at::sub(exponent, f.mantissa));
  at::Tensor y = at::mul(at::round(at::div(wide, step)), step);
  const at::Tensor too_large = at::gt(at::abs(y), f.largest);
  if (overflow == Overflow::kSaturates) {
    y = at::clamp(y, -f.largest, f.largest);
  } else {
    const double beyond = f.infinite ? std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::quiet_NaN();
    y = at::where(too_large, at::mul(at::sign(wide), beyond), y);
  }
  y = at::where(at::isinf(wide),
                overflow == Overflow::kSaturates
                    ? at::mul(at::sign(wide), f.largest)
                    : at::mul(at::sign(wide), f.infinite ? INFINITY : NAN),
                y);
  if (f.unsigned_zero) y = at::where(at::eq(y, 0), at::zeros_like(y), y);
  return y.to(x.scalar_type());
}

float float8_number(unsigned code, std::int64_t type) {
  const Float8 f = float8(type);
  const bool negative = (code & 0x80) != 0;
  const int exponent_bits = 7 - f.mantissa;
  const int exponent = static_cast<int>(code & 0x7f) >> f.mantissa;
  const int mantissa = static_cast<int>(code) & ((1 << f.mantissa) - 1);
  const bool all_ones = exponent == (1 << exponent_bits) - 1;
  if (f.unsigned_zero && code == 0x80) return NAN;
  if (f.infinite && all_ones) return mantissa ? NAN : (negative ? -INFINITY : INFINITY);
  if (!f.infinite && !f.unsigned_zero && (code & 0x7f) == 0x7f) return NAN;
  const double fraction =
      exponent ? 1 + std::ldexp(mantissa, -f.mantissa) : std::ldexp(mantissa, -f.mantissa);
  const double value = std::ldexp(fraction, exponent ? exponent - f.bias : f.least_exponent());
  return static_cast<float>(negative ? -value : value);
}

}  // namespace

bool is_float8(std::int64_t type) {
  return type >= onnx_type::kFloat8E4m3fn && type <= onnx_type::kFloat8E5m2fnuz;
}

bool is_floating(std::int64_t type) {
  return type == onnx_type::kFloat || type == onnx_type::kFloat16 || type == onnx_type::kDouble ||
         type == onnx_type::kBfloat16 || is_float8(type);
}

at::Tensor rounded_to(const at::Tensor& x, std::int64_t type, Overflow overflow) {
  const at::Tensor exact = x.detach();
  if (is_float8(type)) return straight_through(on_float8_grid(exact, type, overflow), x);
  if (type == onnx_type::kFloat16)
    return straight_through(exact.to(at::kHalf).to(x.scalar_type()), x);
  if (type == onnx_type::kBfloat16)
    return straight_through(exact.to(at::kBFloat16).to(x.scalar_type()), x);
  return x;
}

NumberRange range_of(std::int64_t type) {
  switch (type) {
    case onnx_type::kUint8:
      return {0, 255};
    case onnx_type::kInt8:
      return {-128, 127};
    case onnx_type::kUint16:
      return {0, 65535};
    case onnx_type::kInt16:
      return {-32768, 32767};
    case onnx_type::kInt32:
      return {-2147483648.0, 2147483647.0};
    case onnx_type::kUint4:
      return {0, 15};
    case onnx_type::kInt4:
      return {-8, 7};
    default:
      if (!is_float8(type))
        refuse("element type " + std::to_string(type) + " cannot be quantised to");
      return {-float8(type).largest, float8(type).largest};
  }
}

std::int64_t onnx_type_of(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kByte:
      return onnx_type::kUint8;
    case at::kChar:
      return onnx_type::kInt8;
    case at::kShort:
      return onnx_type::kInt16;
    case at::kInt:
      return onnx_type::kInt32;
    case at::kLong:
      return onnx_type::kInt64;
    case at::kBool:
      return onnx_type::kBool;
    default:
      return onnx_type::kFloat;
  }
}

at::Tensor from_float8(const at::Tensor& bytes, std::int64_t type) {
  std::vector<float> numbers;
  for (unsigned code = 0; code < 256; ++code) numbers.push_back(float8_number(code, type));
  return at::tensor(numbers, at::kFloat)
      .index_select(0, bytes.reshape({-1}).to(at::kLong))
      .reshape(bytes.sizes());
}

}  // namespace assay::network
