#include "assay/imaging/camera/borders.h"

namespace assay::imaging {

at::Tensor padded(const at::Tensor& x, std::int64_t rows, std::int64_t cols, Padding padding) {
  if (padding == Padding::kZeros) return at::constant_pad_nd(x, {cols, cols, rows, rows}, 0);
  if (padding == Padding::kWholeSample) return at::reflection_pad2d(x, {cols, cols, rows, rows});
  at::Tensor out = x;
  if (rows > 0)
    out = at::cat(
        {out.narrow(2, 0, rows).flip(2), out, out.narrow(2, out.size(2) - rows, rows).flip(2)}, 2);
  if (cols > 0)
    out = at::cat(
        {out.narrow(3, 0, cols).flip(3), out, out.narrow(3, out.size(3) - cols, cols).flip(3)}, 3);
  return out;
}

}  // namespace assay::imaging
