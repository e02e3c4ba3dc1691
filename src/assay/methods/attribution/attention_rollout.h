// Attention rollout: where the attention of all layers together takes the tokens from that the
// class is read from (abnar2020quantifying).
//
//   R = Â_L ⋯ Â_1,  Â_l = (Ā_l + I) / 2,  Ā_l the mean over the heads of layer l
//
// for weights A [N,heads,T,T] whose rows sum to 1, as do those of every Â and of R. The map is the
// mean of R's rows of the tokens that the logits depend on after the last attention (the class token,
// or all), at the columns of the places. It is above 0 everywhere and of no class. Cost: one forward
// and the backward behind the last attention. When it lies: it takes attention for influence: values,
// MLPs and signs do not count, and the identity's share of one half is a convention.
#pragma once

#include "assay/methods/attribution/layer.h"

namespace assay::methods {

struct AttentionRollout : WithoutOptions {
  static constexpr MethodInfo kInfo{
      "attention_rollout", "Attention rollout",
      "how much of the tokens that the class is read from comes from there, of no class",
      "abnar2020quantifying", Resolution::kTokens};
  // R [N,T,T] of layers' weights, each [N,heads,T,T] or [N·heads,T,T].
  static at::Tensor rolled_out(const std::vector<at::Tensor>& layers, std::int64_t pictures);
  static Attribution explain(const Question& question, const Params&);
};

}  // namespace assay::methods
