// Integrated gradients: the logit's rise from a baseline to the picture, shared out among the pixels
// (sundararajan2017axiomatic).
//
//   attribution = (x − x') ⊙ ∫₀¹ ∂z_k/∂x (x' + t (x − x')) dt
//
// which sums to z_k(x) − z_k(x') (completeness). The integral is taken by Gauss–Legendre nodes or by
// the trapezoid rule with `steps` points; while the sum misses by more than `tolerance` of the rise,
// the number of steps is doubled: up to 4,096, or until two doublings in a row have not brought the
// gap down by a fifth (quantised networks, whose straight-through gradients are no derivative). The
// remaining gap is reported with the map. Cost: one forward and one input gradient a step, never
// weight gradients. When it lies: it depends on the baseline as much as on the picture: pixels that
// look like the baseline get nothing.
#pragma once

#include <tuple>

#include "assay/methods/attribution/baseline.h"
#include "assay/methods/attribution/question.h"

namespace assay::methods {

struct IntegratedGradients {
  static constexpr MethodInfo kInfo{"integrated_gradients", "Integrated gradients",
                                    "the pixel's share of the logit's rise from the baseline",
                                    "sundararajan2017axiomatic", Resolution::kInput};
  struct Params {
    int steps = 32;
    double tolerance = 0.01;
    std::string baseline = "zero", rule = "gauss_legendre";
  };
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &Params::steps, Range{2, 4096}, "", "points on the path, to begin with",
              Stage::kMeasuring),
        field("tolerance", &Params::tolerance, Range{0, 1}, "",
              "steps are doubled while the sum misses the rise by more than this share; 0: never",
              Stage::kMeasuring),
        field("baseline", &Params::baseline, Choice{kBaselines}, "where the path begins",
              Stage::kMeasuring),
        field("rule", &Params::rule, Choice{"gauss_legendre|trapezoid"}, "how the path is summed",
              Stage::kMeasuring)};
  }
  static Attribution explain(const Question& question, const Params& params);
};

}  // namespace assay::methods
