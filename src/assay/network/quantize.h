// Numbers stored as small whole numbers: real = (stored - zero_point) * scale.
//
// Sums of products of stored numbers are exact (float32 where every partial sum stays below 2^24,
// else double), and what is rounded is rounded once, halves to even, then bounded to the stored
// type: the answer by ONNX's definition, not a runtime's saturating shortcut.
// Stored tensors are of their integer type. Where a gradient is asked for they are floating tensors
// of the same whole numbers, which every kernel here takes too; it passes as if nothing was
// rounded, and is zero beyond a bound that was hit. Scales and zero points count as constants.
#pragma once

#include <functional>

#include "assay/network/operators.h"
#include "assay/network/torch.h"

namespace assay::network {

struct Steps {
  at::Tensor scale, zero_point;  // zero_point undefined: 0
  // Inputs `first` and `first + 1`.
  static Steps of(const Inputs& in, std::size_t first);
  // The same, laid along `axis` of x (see laid_along).
  Steps along(const at::Tensor& x, std::int64_t axis, std::int64_t block = 0) const;
};

// `t` so that it broadcasts over x: one number stays one; [C] goes along `axis`; with `block` > 0
// each item along `axis` serves so many of x's.
at::Tensor laid_along(const at::Tensor& t, const at::Tensor& x, std::int64_t axis,
                      std::int64_t block = 0);

// stored - zero_point: whole numbers, float32 where that is exact, else double.
at::Tensor centred(const at::Tensor& stored, const at::Tensor& zero_point);
// The real numbers, as double.
at::Tensor real_of(const at::Tensor& stored, const Steps& steps);
// `units` (real / scale, double) rounded, moved by zero_point and bounded to what `type` (ONNX's
// number) holds. `like`: a tensor whose floating type carries the result of a gradient.
at::Tensor stored_as(const at::Tensor& units, const at::Tensor& zero_point, std::int64_t type,
                     const at::Tensor& like);
// `real` (double) in `steps`, in the zero point's type; uint8 where there is none.
at::Tensor quantised(const at::Tensor& real, const Steps& steps, const at::Tensor& like);

using Product = std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>;
// product(a, b) of whole numbers, exactly, as double. `most`: the largest sum of b's absolute
// values that one result reads.
at::Tensor exact_sums(const at::Tensor& a, const at::Tensor& b, double most,
                      const Product& product);
at::Tensor exact_matmul(const at::Tensor& a, const at::Tensor& b);
// The node's convolution of x and w, exactly, as double.
using ExactConv = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& w)>;
ExactConv exact_conv(const Node& node);

}  // namespace assay::network
