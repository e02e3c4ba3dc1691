// Sharpening and denoising, on luma alone.
#include <algorithm>
#include <cmath>
#include <vector>

#include "assay/imaging/camera/borders.h"
#include "assay/imaging/camera/stages.h"

namespace assay::imaging {

namespace {

// RGB whose luma is `y` and whose U and V are those of `rgb`: all three channels change by the difference, for U and V are
// differences to the luma.
at::Tensor with_luma(const at::Tensor& rgb, const at::Tensor& before, const at::Tensor& y) {
  return rgb + (y - before);
}

at::Tensor luma_of(const at::Tensor& rgb) {
  return 0.299 * rgb.narrow(1, 0, 1) + 0.587 * rgb.narrow(1, 1, 1) + 0.114 * rgb.narrow(1, 2, 1);
}

template <class Change>
at::Tensor on_luma(const at::Tensor& rgb, Change change) {
  const at::Tensor y = luma_of(rgb);
  return with_luma(rgb, y, change(y));
}

// What lies (dy, dx) beside each pixel of x, in the padded picture.
at::Tensor beside(const at::Tensor& wide, const at::Tensor& x, std::int64_t radius, std::int64_t dy,
                  std::int64_t dx) {
  return wide.slice(2, radius + dy, radius + dy + x.size(2))
      .slice(3, radius + dx, radius + dx + x.size(3));
}

// A Gaussian along both axes, or along columns alone; its radius is at most the sides.
at::Tensor blurred(const at::Tensor& y, double sigma, bool vertical = false) {
  const auto radius = std::min<std::int64_t>(static_cast<std::int64_t>(4 * sigma + 0.5),
                                             std::min(y.size(2), y.size(3)));
  std::vector<double> taps;
  double sum = 0;
  for (std::int64_t k = -radius; k <= radius; ++k) {
    taps.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma)));
    sum += taps.back();
  }
  at::Tensor out = y;
  for (const std::int64_t axis : {2, 3}) {
    if (axis == 3 && vertical) break;
    const at::Tensor wide =
        padded(out, axis == 2 ? radius : 0, axis == 3 ? radius : 0, Padding::kHalfSample);
    at::Tensor total;
    for (std::int64_t k = 0; k <= 2 * radius; ++k) {
      const at::Tensor part =
          wide.slice(axis, k, k + y.size(axis)) * (taps[static_cast<std::size_t>(k)] / sum);
      total = total.defined() ? total + part : part;
    }
    out = total;
  }
  return out;
}

}  // namespace

at::Tensor sharpened(const at::Tensor& rgb) {
  return on_luma(rgb, [](const at::Tensor& y) {
    const at::Tensor wide = padded(y, 1, 1, Padding::kZeros);
    return 5 * y - beside(wide, y, 1, -1, 0) - beside(wide, y, 1, 1, 0) -
           beside(wide, y, 1, 0, -1) - beside(wide, y, 1, 0, 1);
  });
}

at::Tensor unsharp_masked(const at::Tensor& rgb, double sigma, double amount, bool vertical) {
  return on_luma(
      rgb, [&](const at::Tensor& y) { return y + amount * (y - blurred(y, sigma, vertical)); });
}

at::Tensor median_filtered(const at::Tensor& rgb) {
  return on_luma(rgb, [](const at::Tensor& y) {
    const at::Tensor wide = padded(y, 1, 1, Padding::kHalfSample);
    std::vector<at::Tensor> nine;
    for (std::int64_t dy = -1; dy <= 1; ++dy)
      for (std::int64_t dx = -1; dx <= 1; ++dx) nine.push_back(beside(wide, y, 1, dy, dx));
    return std::get<0>(at::stack(nine).median(0));
  });
}

at::Tensor gaussian_filtered(const at::Tensor& rgb, double sigma) {
  return on_luma(rgb, [&](const at::Tensor& y) { return blurred(y, sigma); });
}

at::Tensor bilateral_filtered(const at::Tensor& rgb, double sigma, double range) {
  return on_luma(rgb, [&](const at::Tensor& y) {
    const auto radius = std::min<std::int64_t>(static_cast<std::int64_t>(2 * sigma + 0.5),
                                               std::min(y.size(2), y.size(3)));
    const at::Tensor wide = padded(y, radius, radius, Padding::kHalfSample);
    at::Tensor above, below;
    for (std::int64_t dy = -radius; dy <= radius; ++dy)
      for (std::int64_t dx = -radius; dx <= radius; ++dx) {
        const at::Tensor v = beside(wide, y, radius, dy, dx);
        const at::Tensor w =
            at::exp(-0.5 / (range * range) * (v - y).square() -
                    0.5 * static_cast<double>(dy * dy + dx * dx) / (sigma * sigma));
        above = above.defined() ? above + w * v : w * v;
        below = below.defined() ? below + w : w;
      }
    return above / below;
  });
}

}  // namespace assay::imaging
