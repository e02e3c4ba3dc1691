// What is lost when a picture is stored. Both are taken straight through: forward as they are, derivative 1.
#include <algorithm>
#include <cmath>

#include "assay/imaging/camera/stages.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

at::Tensor straight_through(const at::Tensor& x, const at::Tensor& stored) {
  if (!x.requires_grad()) return stored;
  return x + (stored - x).detach();
}

}  // namespace

at::Tensor quantised(const at::Tensor& x, double bits) {
  const double steps = std::exp2(bits) - 1;
  return straight_through(x, at::round(x.detach().clamp(0, 1) * steps) / steps);
}

at::Tensor through_jpeg(const at::Tensor& rgb, double quality) {
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < rgb.size(0); ++i)
    rows.push_back(jpeg_coded(rgb.detach().narrow(0, i, 1).clamp(0, 1),
                              static_cast<int>(std::lround(quality))));
  return straight_through(rgb, at::cat(rows));
}

}  // namespace assay::imaging
