// What a picture is made for: a class's logit, or the mean of one channel of a value.
//
// Channels: dimension 1 of [N,C,H,W] (mean over the places) and [N,C]; the last of tokens [N,T,C]
// (mean over the tokens, prefix tokens among them). Cost: one forward up to the value.
#pragma once

#include <cstdint>
#include <string>

#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

struct Objective {
  std::string value;         // empty: the logits
  std::int64_t channel = 0;  // or class
};

// The activations [N,K] of every channel of a value, or of every class where `value` is empty, as a
// function of the input; autograd records. InputError for a value of another form.
at::Tensor recorded_activations(const network::Classifier& classifier, const at::Tensor& input,
                                const std::string& value);
// The same without autograd by the executor of clean passes, [N,K] float64.
at::Tensor clean_activations(const network::Classifier& classifier, const at::Tensor& input,
                             const std::string& value);

}  // namespace assay::methods
