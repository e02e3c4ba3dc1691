// The camera whose every number may be learnt: 132 parameters, one pass forward and one back, written out.
//
//   v = mosaic − black[place]                               4 places of the 2 × 2 pattern
//   rgb = debayer(sparse v): 3 × 3 over three channels      81, whole-sample border
//   rgb = matrix · (gain ∘ rgb)                             3 and 9
//   Y, U, V of rgb; Y through a 3 × 3 (zeros outside) and a 5 × 5 filter (whole-sample border)    9 and 25
//   rgb from Y, U, V by the source's rounded inverse; cut to [1e-5, 1] (derivative 0 outside); rgb^(1 / gamma)    1
//
// All filters are correlations. A mosaic has one value a pixel, so debayer, gains, matrix and YUV are together one 3 × 3 filter
// for each of the four places: 27 multiply-adds a pixel instead of 243; the sharpening and blur are 34, the rest is three powers.
// Backward gives the gradient in all parameters. Powers in single precision are good to 3e-7.
// Cost: linear in the pixels; docs/performance.md. Source: oala2023, with its constants.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "assay/imaging/camera/mosaic.h"

namespace assay::imaging {

struct CameraParameters {
  std::array<double, 4> black{};         // at the 2 × 2 places row by row
  std::array<double, 3> gains{1, 1, 1};  // red, green, blue
  std::array<double, 9> matrix{1, 0, 0, 0, 1, 0, 0, 0, 1};
  double gamma = 2.2;
  std::array<double, 81> debayer{};  // [out][in][3][3]
  std::array<double, 9> sharpen{};   // [3][3]
  std::array<double, 25> blur{};     // [5][5]

  static constexpr std::size_t kCount = 132;
  // All in the order above, and back.
  std::vector<double> flat() const;
  static CameraParameters of(std::span<const double> flat);
};

// The name of each group with its first place and length in flat().
struct ParameterGroup {
  std::string_view name;
  std::size_t first, count;
};
std::span<const ParameterGroup> camera_parameter_groups();

// The source's start: levels 0, gains 1, matrix of identity, bilinear debayering, the 3 × 3 sharpening filter, no blur, gamma 2.2.
CameraParameters neutral_camera();

enum class MosaicSlope { kNo, kKept };

class ParametrisedCamera {
 public:
  // `mosaic_slope`: backward() works that out too.
  ParametrisedCamera(const CameraParameters& parameters, Cfa cfa,
                     MosaicSlope mosaic_slope = MosaicSlope::kNo);

  // mosaic [N,1,H,W], even sides of at least 4 px, float32 or float64, contiguous, to [N,3,H,W] of the same type. What
  // backward() needs of the pass is kept until the next.
  at::Tensor forward(const at::Tensor& mosaic);
  // d loss / d parameters from d loss / d output [N,3,H,W] of the last forward().
  CameraParameters backward(const at::Tensor& slope);
  // d loss / d mosaic [N,1,H,W] of the last backward(), where it was asked for.
  const at::Tensor& mosaic_slope() const { return mosaic_slope_; }

 private:
  template <class T>
  at::Tensor forward_as(const at::Tensor& mosaic);
  template <class T>
  CameraParameters backward_as(const at::Tensor& slope);

  CameraParameters parameters_;
  Cfa cfa_;
  MosaicSlope wanted_;
  at::Tensor mosaic_slope_;
  // Of the last pass: the mosaic; Y before the filters, between them, and after; U and V, each [N,1,H,W].
  at::Tensor mosaic_, y_, sharp_, blurred_, u_, v_, out_;
};

// The source's other form: each channel of the camera's output less its mean over batch and pixels, over √(variance + 1e-5); no
// affine map. And back: the slope in the output from the slope in what became of it.
at::Tensor batch_normalised(const at::Tensor& output);
at::Tensor slope_before_batch_norm(const at::Tensor& output, const at::Tensor& slope);

}  // namespace assay::imaging
