// Between the coefficients that an ascent moves, pixels, pictures and the model's input.
//
//   pixels = sigmoid(o + M · field),   0 to 1, red green blue or grey
//
// M correlates the three channels as those of ImageNet's pictures are (the square root of their
// covariance, its longest column scaled to 1: lucid's table, olah2017feature), so that a step in one
// coefficient is grey before it is coloured; grey models have none. The sigmoid keeps every pixel
// legal; o is 0, or what gives a picture to start from. Pictures of another kind than ImageNet's
// (radiographs, microscopy) have other colours: M only says what is found first, not what can be.
// Cost: one pass over the pixels.
#pragma once

#include "assay/imaging/pixels.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

// M · field for [N,3,H,W], the field itself for [N,1,H,W]; differentiable.
at::Tensor correlated(const at::Tensor& field);
// sigmoid⁻¹ of the pixels, which are first brought to 0.01 … 0.99: the sigmoid is flat beyond.
at::Tensor logit_of(const at::Tensor& pixels);
// Pixels [N,C,H,W] as the model takes them, float32 (0 to 255 where the file takes 8 bits):
// channel order, range, mean and deviation, layout. Differentiable.
at::Tensor model_input(const network::Classifier& classifier, const at::Tensor& pixels);
using imaging::picture_of;
using imaging::pixels_of;
// The pixels that a model's input [N,…] came from, [N,C,H,W] in 0 to 1: the inverse of model_input.
at::Tensor pixels_of_input(const network::Classifier& classifier, const at::Tensor& input);
// The same of prepared values [N,C,H,W], by the description alone.
at::Tensor pixels_of_values(const InputDescription& description, const at::Tensor& values);

}  // namespace assay::methods
