// RISE: which random patterns of visibility keep the score up (petsiuk2018rise).
//
//   map(p) = Σ_i (score(x ⊙ m_i) − mean score) · (m_i(p) − p₁) / (N · p₁ · (1 − p₁))
//
// Masks are coarse random grids, each cell visible with probability p₁, brought to the input's size
// bilinearly and shifted by a random part of a cell; what is hidden is the mean colour after
// normalisation. Both are centred, unlike in the published sum, so a place without influence expects 0,
// the sign is kept and a constant score gives a map of zeros. Cost: `samples` forwards a picture. When
// it lies: with few samples the map is mostly noise, of the score's standard deviation / √(N · p₁ · (1
// − p₁)).
#pragma once

#include <tuple>

#include "assay/methods/attribution/question.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

struct Rise {
  static constexpr MethodInfo kInfo{"rise", "RISE", "how much seeing the place raises the score",
                                    "petsiuk2018rise", Resolution::kInput};
  struct Params {
    int samples = 2000, cells = 7;
    double visible = 0.5;
    std::string score = "probability";
  };
  static constexpr auto fields() {
    return std::tuple{
        field("samples", &Params::samples, Range{2, 1000000}, "", "random masks",
              Stage::kMeasuring),
        field("cells", &Params::cells, Range{1, 64}, "", "cells a side of a mask",
              Stage::kMeasuring),
        field("visible", &Params::visible, Range{0.01, 0.99}, "", "share of visible cells",
              Stage::kMeasuring),
        field("score", &Params::score, Choice{kScores}, "what is explained", Stage::kMeasuring)};
  }
  static Attribution explain(const Question& question, const Params& params);
};

}  // namespace assay::methods
