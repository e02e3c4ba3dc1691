// The scene map: one θ and one picture to the picture that a changed scene, camera or storage would have given.
//
//   pixels ─ camera ─ geometry ─ occlusion ─ light ─ optics ─ sensor ─ rendering ─ coding ─► pixels
//
// The stages and the factors in them act in the order of scene_factors(). All geometric factors make one homography
// and one bilinear resampling; exposure, colour of the light, vignetting and haze act in linear light (sRGB's
// curve). Values are cut to [0,1] after light, sensor and rendering. At nominal θ a picture comes
// back bit for bit. Each row depends on its own θ and draw only, whatever else is in the batch.
// The camera's factors (camera/drift.h) develop the picture's RAW frame again where there is one, else one made up from the picture.
// Perspective: the picture's plane turns about its centre, seen from a distance of its longer side.
// Cost for a 224 px picture: see docs/performance.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/imaging/scene/factor.h"

namespace at {
class Tensor;
}

namespace assay::imaging {

class CameraView;

// What shows beyond the picture's border once it is moved.
enum class Border {
  kFill,     // a value
  kReflect,  // the picture, mirrored
  kCrop,     // nothing: the view is magnified until none shows
};

struct SceneOptions {
  Border border = Border::kReflect;
  double fill = 0;  // of kFill, from 0 to 1
  std::uint64_t seed = 0;
};

class Scene {
 public:
  // InputError for a name that is no factor, or that stands twice.
  Scene(std::vector<std::string> factors, const SceneOptions& options,
        const std::string& where = "");

  std::span<const Factor* const> factors() const { return factors_; }

  // pixels [N,C,H,W] in [0,1], float32 or float64, C = 1 or 3 (RGB); theta [N,F] float64 in the order of
  // factors(); `draws`: the N numbers that with the seed decide the random factors. Both may take gradients.
  // `raw`: the frame that all rows were made of, or none.
  // InputError for a θ outside of its factor's range, and for a factor of colours on a grey picture.
  at::Tensor operator()(const at::Tensor& pixels, const at::Tensor& theta,
                        std::span<const std::uint64_t> draws,
                        const CameraView* raw = nullptr) const;
  bool has_camera() const;  // some factor is the camera's

 private:
  std::vector<const Factor*> factors_;
  SceneOptions options_;
};

}  // namespace assay::imaging
