// Layers that maps are made of: the default one, and the places of its cells.
//
// A layer is a value [N,C,h,w], or of an attention network the tokens [N,T,C] whose grid was found
// (network/attention.h): without the class tokens and the like, and as [N,C,h,w], they are cells too.
#pragma once

#include <optional>
#include <string>

#include "assay/methods/attribution/question.h"
#include "assay/network/attention.h"

namespace assay::methods {

// The layer for methods that need one when none is named: the last value [N,C,h,w] with extent; of
// an attention network whose token grid is found the last sum of residuals [N,T,C] of which places,
// not the class token alone, still reach the logits: the input of the last block where the class
// token is read, the last block's output where all tokens are. InputError if there is none. Cost:
// a walk; for attention networks some forwards and backwards of the last block.
std::string default_layer(const network::Classifier& classifier, network::InputSize size = {});

// Of the question's pictures.
network::InputSize picture_size(const Question& question);
// InputError with the obstacle where attention or its token grid is not found.
network::Attention attention_of(const Question& question);
// What the tokens [N,T,…] hold at the places: [N,h,w,…].
at::Tensor at_places(const network::TokenGrid& grid, const at::Tensor& tokens);
// Which tokens of the value [N,T,…] the logits depend on: [N,T] bool.
at::Tensor tokens_read(const network::Classifier& classifier, const at::Tensor& input,
                       const std::string& name, const at::Tensor& value);

// The cells of the question's layer.
class Cells {
 public:
  // InputError where `question.value` is neither [N,C,h,w] nor tokens with a grid.
  explicit Cells(const Question& question);
  // A value of the layer, or its gradient, as [N,C,h,w].
  at::Tensor of(const at::Tensor& value) const;
  // Sets one row's cells of one channel of a value of the layer to 0.
  void clear(at::Tensor& value, std::int64_t row, std::int64_t c) const;

 private:
  std::optional<network::TokenGrid> grid_;
};

}  // namespace assay::methods
