// CAMs without gradients: what a channel is worth is measured by running the model.
//
//   Score-CAM     w = softmax over channels of z_k(x ⊙ mask_c); mask_c is A_c, brought to the input's
//                 size bilinearly (corners aligned) and stretched to 0–1          (wang2020scorecam)
//   Ablation-CAM  w_c = (z_k − z_k with A_c set to 0) / z_k                   (desai2020ablationcam)
//
// and the map is Σ_c w_c · A_c. Ablation-CAM divides by the signed logit, as published: for a
// negative one the map's sign turns. Cost: Score-CAM C forwards a picture, Ablation-CAM C forwards of
// the part behind the layer. When they lie: Score-CAM's masked pictures are none that the model was
// trained on, and its softmax gives almost everything to a few channels.
#pragma once

#include "assay/methods/attribution/cam.h"

namespace assay::methods {

struct ScoreCam : WithoutOptions {
  static constexpr MethodInfo kInfo{
      "score_cam", "Score-CAM", "channels weighted by the logit of the picture seen through them",
      "wang2020scorecam", Resolution::kLayer};
  static at::Tensor weights(const Question& question);  // [N,C]
  static Attribution explain(const Question& question, const Params&);
};

struct AblationCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"ablation_cam", "Ablation-CAM",
                                    "channels weighted by how much the logit falls without them",
                                    "desai2020ablationcam", Resolution::kLayer};
  static at::Tensor weights(const Question& question);  // [N,C]
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
