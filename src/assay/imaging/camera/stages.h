// The stages of a camera chain on tensors (chain.h says what each does).
#pragma once

#include <array>

#include "assay/imaging/camera/chain.h"

namespace assay::imaging {

at::Tensor without_black(const at::Tensor& mosaic, const Sensor& sensor, bool normalised);
// A mosaic [N,1,H,W] or colours [N,3,H,W].
at::Tensor balanced(const at::Tensor& x, const std::array<double, 3>& gains, Cfa cfa);
at::Tensor with_matrix(const at::Tensor& rgb, const std::array<double, 9>& matrix);

// On luma alone.
at::Tensor sharpened(const at::Tensor& rgb);
at::Tensor unsharp_masked(const at::Tensor& rgb, double sigma, double amount, bool vertical);
at::Tensor median_filtered(const at::Tensor& rgb);
at::Tensor gaussian_filtered(const at::Tensor& rgb, double sigma);
at::Tensor bilateral_filtered(const at::Tensor& rgb, double sigma, double range);

at::Tensor with_gamma(const at::Tensor& x, double gamma);
at::Tensor with_srgb_curve(const at::Tensor& x);
at::Tensor with_bt709_curve(const at::Tensor& x);

at::Tensor without_shading(const at::Tensor& x, double share);
// Straight through.
at::Tensor quantised(const at::Tensor& x, double bits);
at::Tensor through_jpeg(const at::Tensor& rgb, double quality);

// The stage by its name and form; of a chain that was checked.
at::Tensor after_stage(const CameraStage& stage, const at::Tensor& x, const Sensor& sensor);

}  // namespace assay::imaging
