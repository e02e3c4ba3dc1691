// Which nodes of a graph the inference executor runs as one step.
//
// A convolution takes in what follows it alone: batch normalisation and per-channel factors go into
// its weights; one addend (a residual) and one activation become its epilogue. The answer depends on
// the path to `result` only, never on what else is wanted, so that keeping a value cannot change a
// logit. Source: the rewriting rules are plain algebra; weights are folded in double precision.
#pragma once

#include <functional>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

struct Activation {
  enum class Kind { kNone, kRelu, kLeakyRelu, kClip, kSigmoid, kTanh, kElu, kHardSwish, kSwish };
  Kind kind = Kind::kNone;
  float alpha = 0, beta = 0;  // slope; bounds of kClip
};

struct Chain {
  std::vector<int> nodes;  // in order; a single one runs by itself
  ValueId output = kNoValue;
  // Of a chain that starts with a convolution or is a sum:
  at::Tensor weight, bias;    // [O,I/group,kh,kw], [O]; undefined: no convolution
  ValueId addend = kNoValue;  // of the output's shape
  Activation activation;
};

// What fusing needs to know of a graph for one shape of the input.
struct GraphFacts {
  std::vector<bool> data;                         // by ValueId: follows from the input's items
  std::vector<std::vector<std::int64_t>> shapes;  // by ValueId, of those
  std::vector<bool> float32;                      // by ValueId, of those
  std::vector<at::Tensor> constants;              // by ValueId: of those that do not, where known
};

// The steps that lead to `result`, in the order in which they can run.
std::vector<Chain> fuse(const Graph& graph, const GraphFacts& facts, ValueId result);

}  // namespace assay::network
