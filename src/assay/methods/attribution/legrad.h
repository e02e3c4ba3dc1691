// LeGrad: which places' attention raises the logit of a class (after bousselham2024legrad).
//
//   map(t) = mean over layers l, heads and queries q of ReLU(∂z_k / ∂A_l[head, q, t])
//
// A_l [heads,T,T] the weights of layer l, z_k the logit of the target; only the columns of places
// are shown. The published form reads a logit off every layer, which needs a head made for that (it
// was written for CLIP); here all layers have the model's own logit. Values are 0 or above. Cost: one
// forward and backward without weight gradients. When it lies: a gradient says what more attention
// would do, not what it did; a place that is attended to fully already shows as much as one that is
// not attended to at all; what speaks against the class is not shown.
#pragma once

#include "assay/methods/attribution/layer.h"

namespace assay::methods {

struct LeGrad : WithoutOptions {
  static constexpr MethodInfo kInfo{"legrad", "LeGrad",
                                    "how much more attention to the place would raise the logit",
                                    "bousselham2024legrad", Resolution::kTokens};
  // ∂z_k/∂A of each layer, [N,heads,T,T].
  static std::vector<at::Tensor> gradients(const Question& question,
                                           const network::Attention& attention);
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
