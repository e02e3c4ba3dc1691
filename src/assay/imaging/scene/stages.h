// What the files of this folder share: θ by name, and one function a stage. See scene.h for the order.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "assay/imaging/scene/scene.h"
#include "assay/network/torch.h"

namespace assay::imaging {

// The rows' values of the factors that are asked about, [N] each, in the pixels' type.
class Theta {
 public:
  Theta(std::span<const Factor* const> factors, const at::Tensor& theta, at::ScalarType type);

  bool has(std::string_view name) const { return values_.contains(name); }
  // Of a factor that is not asked about: its nominal value.
  at::Tensor operator()(std::string_view name) const;
  // [N] true where all of the stage's factors are nominal, `companions` (an angle, a place) not counted.
  at::Tensor nominal(SceneStage stage) const;
  bool any_of(SceneStage stage) const;
  std::int64_t rows() const { return rows_; }

 private:
  std::map<std::string_view, at::Tensor> values_;
  std::map<std::string_view, const Factor*> factors_;
  at::TensorOptions options_;
  std::int64_t rows_;
};

// The changed picture, and bit for bit the old one in rows where nothing changed, nominal [N]; the derivative in θ is there too.
at::Tensor unless_nominal(const at::Tensor& nominal, const at::Tensor& before,
                          const at::Tensor& after);
// [N] to [N,1,1,1].
at::Tensor per_picture(const at::Tensor& values);
// Rec. 601 luma [N,1,H,W] of [N,1 or 3,H,W].
at::Tensor luma(const at::Tensor& pixels);
// Each picture to a power of its own, exponents [N]. Row by row: libtorch's power of an element depends, in the last
// bit, on how far it lies from the end of the tensor.
at::Tensor power(const at::Tensor& pixels, const at::Tensor& exponents);
at::Tensor power(const at::Tensor& pixels, double exponent);
// sRGB's curve and its inverse, for values of 0 and above.
at::Tensor linear_light(const at::Tensor& encoded);
at::Tensor encoded_light(const at::Tensor& linear);

// Each picture [N,C,H,W] by a kernel of its own: kernels [N,kh,kw], odd sides; the border is repeated outwards.
at::Tensor filtered(const at::Tensor& pixels, const at::Tensor& kernels);
// exp(-k²/2σ²), cut at 4 σ of each picture's own; σ = 0 leaves the picture alone.
at::Tensor gaussian_blurred(const at::Tensor& pixels, const at::Tensor& sigma);
// Pixels' distances from the centre along a side.
at::Tensor across(std::int64_t size, const at::TensorOptions& options);
// Squared distance from the centre, 1 in the corners: [H,W].
at::Tensor radius_squared(const at::Tensor& like);
// Linear sRGB [N,3] of a black body at [N] kelvin, relative to one of 6500 K.
at::Tensor light_of(const at::Tensor& kelvin);
// A row a draw, each of `count` standard normals by its own stream: [N,count] float32.
at::Tensor normals(std::int64_t count, const char* factor, std::uint64_t seed,
                   std::span<const std::uint64_t> draws);

// One picture in [0,1], rounded to 8 bits, coded and read again.
at::Tensor jpeg_coded(const at::Tensor& row, int quality);

at::Tensor moved(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options);
at::Tensor occluded(const at::Tensor& pixels, const Theta& theta);
at::Tensor lit(const at::Tensor& pixels, const Theta& theta);
at::Tensor blurred(const at::Tensor& pixels, const Theta& theta);
at::Tensor noisy(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options,
                 std::span<const std::uint64_t> draws);
at::Tensor rendered(const at::Tensor& pixels, const Theta& theta);
at::Tensor coded(const at::Tensor& pixels, const Theta& theta);

}  // namespace assay::imaging
