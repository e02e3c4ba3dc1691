#include "assay/methods/visualisation/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace assay::methods {

namespace {

// Column k of a basis has the frequency ⌈k / 2⌉ / n.
double frequency(std::int64_t k, std::int64_t n) {
  return static_cast<double>((k + 1) / 2) / static_cast<double>(n);
}

at::Tensor basis(std::int64_t n) {
  at::Tensor matrix = at::empty({n, n}, at::kDouble);
  auto* const items = matrix.data_ptr<double>();
  for (std::int64_t k = 0; k < n; ++k) {
    const bool alone = k == 0 || (n % 2 == 0 && k == n - 1);  // has no sine
    const double size = std::sqrt((alone ? 1.0 : 2.0) / static_cast<double>(n));
    for (std::int64_t j = 0; j < n; ++j) {
      // The whole turns are taken off exactly.
      const double turns = static_cast<double>((k + 1) / 2 * j % n) / static_cast<double>(n);
      const double phase = 2 * std::numbers::pi * turns;
      items[j * n + k] = size * (k % 2 == 1 || alone ? std::cos(phase) : std::sin(phase));
    }
  }
  return matrix;
}

at::Tensor amplitudes(std::int64_t height, std::int64_t width) {
  at::Tensor scale = at::empty({height, width}, at::kDouble);
  auto* const items = scale.data_ptr<double>();
  const double lowest = 1.0 / static_cast<double>(std::max(height, width));
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const double f = std::hypot(frequency(y, height), frequency(x, width));
      items[y * width + x] = 1 / (4 * std::max(f, lowest));
    }
  return scale;
}

}  // namespace

Spectrum::Spectrum(std::int64_t height, std::int64_t width, at::ScalarType precision)
    : rows_(basis(height).to(precision)),
      columns_(basis(width).to(precision)),
      scale_(amplitudes(height, width).to(precision)) {}

at::Tensor Spectrum::field(const at::Tensor& coefficients) const {
  return at::matmul(at::matmul(rows_, coefficients * scale_), columns_.t());
}

at::Tensor Spectrum::coefficients(const at::Tensor& field) const {
  return at::matmul(at::matmul(rows_.t(), field), columns_) / scale_;
}

double Spectrum::contrast() const { return std::sqrt((scale_ * scale_).mean().item<double>()); }

}  // namespace assay::methods
