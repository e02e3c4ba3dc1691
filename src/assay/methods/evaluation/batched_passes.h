// Many changed pictures through a network, each made when its turn comes.
//
// Evaluating a map changes a picture some hundred times. The changes of all pictures at hand run
// together in whole micro-batches of the inference executor, so that none is wasted on padding; no
// more than one micro-batch of pictures is in memory. Cost: one forward a picture.
#pragma once

#include <functional>
#include <vector>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

// [1,C,H,W], channels first, in the numbers that the model takes.
using MakePicture = std::function<at::Tensor()>;

// The logits [n,K] float32 of the pictures, in their order; of one picture at least. Where the
// model takes 8-bit pixels, what was made is rounded to them.
at::Tensor logits_of_pictures(const network::Classifier& classifier,
                              const std::vector<MakePicture>& pictures);

}  // namespace assay::methods
