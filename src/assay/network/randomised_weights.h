// What would the same network say had it learnt nothing? A copy of a graph whose weights are
// shuffled.
//
// Every constant of convolutions, matrix products and recurrent layers (Conv, ConvTranspose, Gemm,
// MatMul, Einsum, RNN, GRU, LSTM and what ONNX Runtime makes of them), weights and biases, has its
// items permuted, each tensor by a draw of its own: what was learnt is gone, while mean, variance
// and range of each tensor stay, and so the scale of activations roughly does. A constant that
// several layers share is drawn once. Constants that reach a layer through others (a transposed
// or normalised weight) are permuted where they stand. Batch and layer norms, embeddings and
// constants of arithmetic stay.
// The draw depends on the seed and the tensor's name alone. Cost: one draw a weight, about 10 ns.
// When it says little: where what was not permuted (positional embeddings, a norm's scale) decides
// alone. Source: adebayo2018sanity; a permutation instead of the training's initialisation, which a
// file does not tell.
#pragma once

#include <cstdint>

#include "assay/network/graph.h"

namespace assay::network {

// InputError for quantised weights, whose integers share one scale's meaning; for weights inside
// control flow; where there is no weight at all.
Graph with_randomised_weights(const Graph& graph, std::uint64_t seed);

}  // namespace assay::network
