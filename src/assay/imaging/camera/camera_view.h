// One frame as a model is shown it, developed by a camera that drifts.
//
//   pixels(θ) = pixels + framed(development at θ) − framed(development as it was), cut to [0,1]
//
// So at nominal a picture comes back bit for bit, and what was rounded when it was stored stays.
// Of a picture that has no frame an approximate one is made: the standard camera's inverse (tone, colours, gains) with typical
// constants, seen through a Bayer filter again. What a camera had cut off, sharpened or denoised cannot be told then, and distances
// are in px of the model's input. Source: brooks2019.
#pragma once

#include <cstdint>
#include <span>

#include "assay/imaging/camera/drift.h"
#include "assay/imaging/prepare.h"

namespace assay::imaging {

// How a development becomes a model's pixels.
struct Framing {
  int flip = 0;  // RawFrame::flip; 0 leaves it as recorded
  Placement placement;
};
// [N,3,H,W] to [N,3,h,w]; differentiable. Beyond the picture's border 0.
at::Tensor framed(const at::Tensor& picture, const Framing& framing);
// As the camera was held; LibRaw's numbers.
at::Tensor turned_upright(const at::Tensor& picture, int flip);
// The placement that shows `box` of a picture at this size, nothing else.
Placement placement_of_box(const Box& box, Size size);

class CameraView {
 public:
  // counts [N or 1,1,H,W]; with no framing the development is shown as it is. `draw`: of the chain's own random settings,
  // when the pixels were made.
  CameraView(CameraChain chain, const Sensor& sensor, at::Tensor counts,
             const Framing* framing = nullptr, std::uint64_t draw = 0);

  const CameraChain& chain() const { return chain_; }
  // pixels [N,1 or 3,h,w] in [0,1] to the same. See drifted().
  at::Tensor changed(const at::Tensor& pixels, std::span<const Factor* const> factors,
                     const at::Tensor& theta, std::uint64_t seed,
                     std::span<const std::uint64_t> draws) const;
  // The same by another camera.
  at::Tensor by(const CameraChain& other, const at::Tensor& pixels, std::uint64_t draw) const;

 private:
  at::Tensor developed_by(const CameraChain& chain, std::uint64_t draw) const;
  at::Tensor shown(const at::Tensor& development) const;
  at::Tensor difference(const at::Tensor& pixels, const at::Tensor& development) const;

  CameraChain chain_;
  Sensor sensor_;
  at::Tensor counts_, as_it_was_;  // the second framed
  bool is_framed_ = false;
  Framing framing_;
};

// Of pixels [N,1 or 3,H,W] in [0,1] without a frame, at least 4 px a side. Differentiable in them.
CameraView unprocessed_view(const at::Tensor& pixels);

}  // namespace assay::imaging
