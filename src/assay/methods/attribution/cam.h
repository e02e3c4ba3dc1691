// Class activation maps: which places of a layer's output raise the logit of a class.
//
//   CAM         Σ_c w_kc · A_c / (h·w)                                   (zhou2016cam)
//               where z_k = b_k + Σ_c w_kc · mean_xy(A_c): all classes from one forward
//   Grad-CAM    Σ_c mean_xy(G_c) · A_c                                   (selvaraju2017gradcam)
//   HiResCAM    Σ_c G_c ⊙ A_c                                            (draelos2020hirescam)
//   Grad-CAM++  Σ_c w_c · A_c,  w_c = Σ_xy ReLU(G_c) · α_c,              (chattopadhay2018gradcampp)
//               α_c = G_c² / (2 G_c² + Σ_xy(A_c) · G_c³ + 1e-6), 0 where G_c is
//   XGrad-CAM   Σ_c w_c · A_c,  w_c = Σ_xy G_c ⊙ A_c / (Σ_xy A_c + 1e-7) (fu2020xgradcam)
//   LayerCAM    Σ_c ReLU(G_c) ⊙ A_c                                      (jiang2021layercam)
//
// A is a graph value [N,C,h,w], or the tokens [N,T,C] of an attention network at their places
// (layer.h), z_k the logit of the target class, G = ∂z_k/∂A. Published maps are the ReLU of these;
// here the sign is kept. Cost: with `value` from the clean pass, one forward and one backward of the
// part of the network behind the layer; none where that is pooling + linear, whose gradient is known
// (network/linear_tail.h). When they lie: all but HiResCAM weigh whole channels, so they can light
// places that do not raise the logit unless the part behind the layer is pooling + linear, where
// Grad-CAM, XGrad-CAM and HiResCAM are the same; a map of a layer says nothing about pixels outside
// the receptive field of its cells, and cells see far beyond the area they are drawn on: a token has
// seen the whole picture.
#pragma once

#include "assay/methods/attribution/layer.h"

namespace assay::methods {

// A, [N,C,h,w]. InputError where the layer has no places (layer.h).
at::Tensor layer_value(const Question& question);
// ∂z_k/∂A of each row's target, [N,C,h,w]; zeros where the logits do not depend on the layer.
at::Tensor layer_gradient(const Question& question);
// Σ_c weights_c · A_c for weights [N,C].
at::Tensor weighted_sum(const at::Tensor& value, const at::Tensor& weights);

// The map's sum and the bias are the logit. InputError where the part behind the layer is another.
struct Cam : WithoutOptions {
  static constexpr MethodInfo kInfo{"cam", "Class activation map",
                                    "the place's part of the logit, where pooling + linear follows",
                                    "zhou2016cam", Resolution::kLayer};
  static Attribution explain(const Question& question, const Params&);
  // Cost: one matrix product.
  static at::Tensor explain_all(const Question& question, const Params&);  // [N,K,h,w]
};

struct GradCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"grad_cam", "Grad-CAM",
                                    "channels weighted by their mean gradient",
                                    "selvaraju2017gradcam", Resolution::kLayer};
  static Attribution explain(const Question& question, const Params&);
};

struct HiResCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"hires_cam", "HiResCAM",
                                    "each cell's activation times its gradient",
                                    "draelos2020hirescam", Resolution::kLayer};
  static Attribution explain(const Question& question, const Params&);
};

struct GradCamPlusPlus : WithoutOptions {
  static constexpr MethodInfo kInfo{
      "grad_cam_pp", "Grad-CAM++",
      "channels weighted by their positive gradients, evened out over places",
      "chattopadhay2018gradcampp", Resolution::kLayer};
  // [N,C]
  static at::Tensor weights(const at::Tensor& value, const at::Tensor& gradient);
  static Attribution explain(const Question& question, const Params&);
};

struct XGradCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"xgrad_cam", "XGrad-CAM",
                                    "channels weighted by their gradients where they are active",
                                    "fu2020xgradcam", Resolution::kLayer};
  static at::Tensor weights(const at::Tensor& value, const at::Tensor& gradient);
  static Attribution explain(const Question& question, const Params&);
};

struct LayerCam : WithoutOptions {
  static constexpr MethodInfo kInfo{"layer_cam", "LayerCAM",
                                    "each cell's activation times its positive gradient",
                                    "jiang2021layercam", Resolution::kLayer};
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
