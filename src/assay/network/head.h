// How logits [N,K] come out of a network, whatever its file ends in.
//
//   logits             as they are
//   probabilities      what goes into the final softmax when it can be found (through Reshape, Cast
//   and the like), else
//                      log p: then a p that was rounded to 0 counts as the smallest positive float
//                      (logit -87.3)
//   log-probabilities  as they are: a softmax does not see the difference
//   sigmoid            what goes into the final sigmoid when it can be found, else log p - log(1 -
//   p)
//   segmentation       [N,K,H,W], logits of every pixel. The picture's own are log(mean over pixels of exp z): a class that fills
//                      the picture counts as in a single pixel, one that is nowhere likely does not
// One column z, whichever way it came, is a two-class model's and becomes the two columns (0, z).
// Values [N,K], [N], and those with more dimensions of size 1 ([N,K,1,1]) will do.
#pragma once

#include "assay/base/input_description.h"
#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

struct Head {
  ValueId value = kNoValue;               // what the logits are computed from
  OutputKind kind = OutputKind::kLogits;  // of `value`
};

// The graph value that a description means: the one it names, or the model's only output.
// InputError when it names none and there are several, or when there is no such value.
ValueId described_output(const Graph& graph, const OutputDescription& output);
// The operator of `ops` that makes `value`, through operators that only pass their input on in
// another shape or type; null when another operator does.
const Node* final_operator(const Graph& graph, ValueId value, const std::vector<std::string>& ops);
// Looks past a final softmax or sigmoid where the kind says that there should be one.
Head find_head(const Graph& graph, ValueId output, OutputKind kind);
// [rows,K] items of a value as it came out of the network; OperatorError when it has not that form.
at::Tensor matrix_of(const at::Tensor& value, std::int64_t rows);
// Of a segmentation [rows,K,H,W] float32, differentiable; one column z becomes (0, z). OperatorError for another form.
at::Tensor pixel_logits_of(const at::Tensor& value, std::int64_t rows);
// [rows,K] float32, differentiable.
at::Tensor logits_of(const Head& head, const at::Tensor& value, std::int64_t rows);

}  // namespace assay::network
