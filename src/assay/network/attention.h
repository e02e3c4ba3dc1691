// Where a network lets tokens look at each other, and which place of the picture each token is.
//
// Attention is a Softmax over keys whose result weights a product (MatMul or Einsum): a value
// [N,heads,T,T] or [N·heads,T,T] of rows that sum to 1. Tokens come from a grid of patches: the last
// convolution before the first attention, [N,C,h,w], or a picture cut up by a Reshape,
// [N,C,h,p,w,p]. The numbers of the places are carried through the operators from there to the
// tokens, so tokens of any order are followed. What the T tokens have beyond h·w are class tokens
// and the like, which stand before the patches unless a Concat says otherwise. Windowed attention
// (Swin) and pooled keys (PVT) have no such T and are refused. Cost: a walk over the graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/graph.h"

namespace assay::network {

struct TokenGrid {
  std::int64_t tokens = 0;             // T
  std::int64_t height = 0, width = 0;  // h, w
  std::vector<std::int64_t> token;     // of each place, [h·w] in row-major order
  std::int64_t places() const { return height * width; }
};

struct Attention {
  std::vector<std::string> weights;  // the values, in order
  TokenGrid grid;
};

struct AttentionSearch {
  std::optional<Attention> attention;
  std::string obstacle;  // why there is none, or none that can be followed
};

// `values`: the main path with its shapes, in order (Classifier::values).
AttentionSearch find_attention(const Graph& graph, const std::vector<ValueInfo>& values);

}  // namespace assay::network
