// Does the map depend on what the model learnt, and on the class that is asked for?
//
// Efficient model-parameter randomisation (hedstrom2024sanity): the map of the same picture and
// class once more, of the network with all weights randomised (Classifier::randomised). A map of
// what was learnt turns into noise, so its complexity rises:
//
//   rise = (H(Φ random) − H(Φ)) / H(Φ),   H = entropy in nats of the histogram of 100 equal bins
//                                         between the map's smallest and largest value
//
// A method that draws edges whatever the weights are has a rise of 0. Beside it the rank correlation
// of the two maps: near 1 the map does not care for the weights (adebayo2018sanity). The random-logit
// test (sixt2020lie) is the rank correlation of the maps of the explained and of another class.
// Cost: one explanation each. When they lie: a random network's map need not be more complex (a CAM
// of few cells is smooth whatever the weights); rank correlation is near 0 for any two noisy maps.
#pragma once

#include <optional>

#include "assay/network/torch.h"

namespace assay::methods {

// 0 for a constant map. `bins` ≥ 1. The map must be finite.
double histogram_entropy(const at::Tensor& map, int bins = 100);
// None where the first map has no entropy.
std::optional<double> complexity_rise(const at::Tensor& map, const at::Tensor& randomised);
// Spearman's, ties sharing their mean rank. None where a map is constant.
std::optional<double> rank_correlation(const at::Tensor& a, const at::Tensor& b);

}  // namespace assay::methods
