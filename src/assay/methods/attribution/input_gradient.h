// Maps from the gradient of the logit with respect to the model's input.
//
//   gradient           ∂z_k/∂x                                              (simonyan2013deep)
//   gradient × input   x ⊙ ∂z_k/∂x                                          (shrikumar2016not)
//   guided backprop    the gradient with every ReLU's backward pass cut at zero too: what flows back
//                      passes where the ReLU's input and the flow itself are positive
//                                                                           (springenberg2014striving)
//
// x is the input after normalisation, so "zero" is the mean colour. `channels` holds the values,
// `map` their sum over the channels. Cost: one forward and one backward without weight gradients.
// When they lie: gradients say what a small change would do, not what made the decision (a saturated
// class has none), and are noisy; guided backprop hardly depends on the later layers or the class
// (adebayo2018sanity): it shows edges, not reasons.
#pragma once

#include "assay/methods/attribution/cam.h"

namespace assay::methods {

// Σ over the rows of z_target differentiated: [N,C,H,W] float32, channels first. InputError where
// the input has no gradient.
at::Tensor input_gradient(const network::Classifier& classifier, const at::Tensor& input,
                          std::span<const std::int64_t> targets,
                          const network::Classifier::Observe& observe = {});
// channels [N,C,H,W] and their sum.
Attribution of_channels(at::Tensor channels);

struct InputGradient : WithoutOptions {
  static constexpr MethodInfo kInfo{"gradient", "Gradient",
                                    "what a small change of the pixel does to the logit",
                                    "simonyan2013deep", Resolution::kInput};
  static Attribution explain(const Question& question, const Params&);
};

struct GradientTimesInput : WithoutOptions {
  static constexpr MethodInfo kInfo{"gradient_x_input", "Gradient × input",
                                    "the pixel's part of the logit, were the model linear",
                                    "shrikumar2016not", Resolution::kInput};
  static Attribution explain(const Question& question, const Params&);
};

struct GuidedBackprop : WithoutOptions {
  static constexpr MethodInfo kInfo{"guided_backprop", "Guided backpropagation",
                                    "the gradient along paths that raise the logit only",
                                    "springenberg2014striving", Resolution::kInput};
  // InputError for a network without ReLU.
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
