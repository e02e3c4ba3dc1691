// Eigen-CAM: the direction in which a layer's activations vary most over the picture
// (muhammad2020eigencam).
//
//   A as [h·w, C], each channel centred over space; the map is its projection on the first right
//   singular vector.
//
// The vector's sign is arbitrary; here it is the one for which the map goes with the sum of the
// activations. It knows of no class: it shows what stands out to the network, not what speaks for
// a decision. Cost: no gradient; one eigenvalue problem of min(C, h·w) a picture.
#pragma once

#include "assay/methods/attribution/cam.h"

namespace assay::methods {

struct EigenCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"eigen_cam", "Eigen-CAM",
                                    "the main direction of the activations, of no class",
                                    "muhammad2020eigencam", Resolution::kLayer};
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
