// ONNX's narrow number formats on tensors that are computed in wider ones.
//
// float16, bfloat16 and the four kinds of float8 are held as float32 that lie on the narrow
// format's grid; 4-bit integers as 8-bit ones. A type is named by its number in ONNX's
// TensorProto.DataType, because the onnx.proto of Debian 12 does not know the newer ones.
// Rounding is to the nearest, halves to even. Source: ONNX's documents "Float stored in 8 bits" and
// Cast-19.
#pragma once

#include <cstdint>
#include <string>

#include "assay/network/torch.h"

namespace assay::network {

namespace onnx_type {
inline constexpr std::int64_t kFloat = 1, kUint8 = 2, kInt8 = 3, kUint16 = 4, kInt16 = 5,
                              kInt32 = 6, kInt64 = 7, kBool = 9, kFloat16 = 10, kDouble = 11,
                              kUint32 = 12, kUint64 = 13, kBfloat16 = 16, kFloat8E4m3fn = 17,
                              kFloat8E4m3fnuz = 18, kFloat8E5m2 = 19, kFloat8E5m2fnuz = 20,
                              kUint4 = 21, kInt4 = 22;
}  // namespace onnx_type

bool is_float8(std::int64_t type);
bool is_floating(std::int64_t type);  // of any width

// What happens beyond the largest number of a float8: it is taken, or the result is infinite (NaN
// where the kind has no infinity).
enum class Overflow { kSaturates, kEscapes };

// x (floating) on the grid of `type`, in x's own type; x itself for float32 and double. Gradients
// pass as if nothing was rounded.
at::Tensor rounded_to(const at::Tensor& x, std::int64_t type, Overflow overflow);

// The smallest and largest number of an integer type of at most 32 bits; of float8 the largest
// finite one and its opposite.
struct NumberRange {
  double low = 0, high = 0;
};
NumberRange range_of(std::int64_t type);
// The type of a tensor as ONNX numbers it (float32 for every floating one).
std::int64_t onnx_type_of(const at::Tensor& x);

// float8 bytes as float32 of the same shape.
at::Tensor from_float8(const at::Tensor& bytes, std::int64_t type);

}  // namespace assay::network
