// Does the map lie where the object is?
//
//   pointing game            is the map's largest value on the object, or at most so many pixels from
//                            it? (zhang2018excitation; 15 px there)
//   energy pointing          the share of the positive values that lies on the object
//                            (wang2020scorecam)
//   relevance rank accuracy  of the K highest pixels, the share on the object of K pixels
//                            (arras2022clevr)
//
// Each in [0, 1]; pixels of equal value count by the share of them that is on the object, so no
// figure depends on reading order. No figure, never a hit: for a mask that is empty or holds every
// pixel, and where the map does not tell its pixels apart (pointing, rank) or has no positive value
// (energy). Cost: one sort. When they lie: the model may rightly look beside the object; chance is
// the object's share of the picture, so compare with a random ranking and a centre prior.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "assay/network/torch.h"

namespace assay::methods {

// `mask`: one byte a pixel of `map` [H,W], not 0 on the object.
std::optional<double> pointing_game(const at::Tensor& map, std::span<const std::uint8_t> mask,
                                    double tolerance_px = 15);
std::optional<double> energy_pointing(const at::Tensor& map, std::span<const std::uint8_t> mask);
std::optional<double> relevance_rank_accuracy(const at::Tensor& map,
                                              std::span<const std::uint8_t> mask);

}  // namespace assay::methods
