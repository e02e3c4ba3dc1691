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

at::Tensor moved(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options);
at::Tensor occluded(const at::Tensor& pixels, const Theta& theta);
at::Tensor lit(const at::Tensor& pixels, const Theta& theta);
at::Tensor blurred(const at::Tensor& pixels, const Theta& theta);
at::Tensor noisy(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options,
                 std::span<const std::uint64_t> draws);
at::Tensor rendered(const at::Tensor& pixels, const Theta& theta);
at::Tensor coded(const at::Tensor& pixels, const Theta& theta);

}  // namespace assay::imaging
