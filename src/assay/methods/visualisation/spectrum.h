// Pictures as sums of waves whose amplitudes fall with their frequency (olah2017feature).
//
//   field = R (P ⊙ s) Cᵀ,   s = 1 / (4 max(f, 1 / max(H, W)))
//
// P are the coefficients, R [H,H] and C [W,W] real orthonormal Fourier bases (constant, then cosine
// and sine of each frequency), f = √(f_y² + f_x²) in cycles a pixel, at most ½ along each side. The
// four products of sines and cosines at one (|f_y|, |f_x|) span what the waves (f_y, ±f_x) span, so
// that this is lucid's inverse real FFT with its scale; as two matrix products it needs no FFT
// library and its gradient is the transposed product. A step of equal size in every coefficient
// changes a picture as natural pictures vary: mostly in what is large.
// Cost: 2 C H W (H + W) multiplications, 0.02 of a small network's forward at 224 px.
#pragma once

#include "assay/network/torch.h"

namespace assay::methods {

class Spectrum {
 public:
  Spectrum(std::int64_t height, std::int64_t width, at::ScalarType precision = at::kFloat);
  // Coefficients to the field, both [N,C,H,W]; differentiable.
  at::Tensor field(const at::Tensor& coefficients) const;
  // The inverse of field().
  at::Tensor coefficients(const at::Tensor& field) const;
  // The standard deviation of a field whose coefficients have standard deviation 1.
  double contrast() const;

 private:
  at::Tensor rows_, columns_, scale_;
};

}  // namespace assay::methods
