// What does the model say while pixels are taken away in the order of a map?
//
// A removal curve is a score (the probability of the explained class) at equidistant shares of
// removed pixels. Most relevant first (MoRF) it should fall at once, least relevant first (LeRF) it
// should stay (samek2017evaluating). What takes the removed pixels' place decides:
//   a baseline     MoRF is RISE's deletion curve; LeRF read from its end is its insertion curve:
//                  what is left after removing the least relevant 90 % is the most relevant 10 %
//                  inserted into the baseline (petsiuk2018rise). The figure is the area below.
//   in-painting    ROAD (rong2022consistent): each removed pixel becomes what its neighbours let
//                  expect (imaging/inpaint.h), so that the mask's own shape tells the model less.
//                  The figure is the mean of LeRF − MoRF. ROAD's small noise is left out: it only
//                  keeps a model that is trained on such pictures from seeing which were filled in.
// Cost: one forward a point; in-painting one linear system a point. When it lies: pictures with
// holes are pictures that the model never saw, and a score may fall for that alone: compare with
// the same curve of a random ranking.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/methods/evaluation/ranking.h"

namespace assay::methods {

enum class Order { kMostRelevantFirst, kLeastRelevantFirst };

// One byte a pixel, not 0 where it is removed: round(share × pixels) of them.
using PixelMask = std::vector<std::uint8_t>;
PixelMask removed(const Ranking& ranking, Order order, double share);

// A picture [1,C,H,W] with the removed pixels of `by` in their place.
at::Tensor replaced(const at::Tensor& picture, const PixelMask& removed, const at::Tensor& by);
// The same with the removed pixels in-painted, float32. InputError when all are removed.
at::Tensor imputed(const at::Tensor& picture, const PixelMask& removed);

// The mean height of a curve whose points are equidistant, by the trapezoid rule; of at least two.
double area(std::span<const double> curve);
// Mean over the points of LeRF − MoRF.
double mean_gap(std::span<const double> least_first, std::span<const double> most_first);

}  // namespace assay::methods
