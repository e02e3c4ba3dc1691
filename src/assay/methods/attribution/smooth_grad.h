// The gradient under noise: its mean and its spread.
//
//   SmoothGrad  mean over samples of ∂z_k/∂x at x + ε     (smilkov2017smoothgrad)
//   VarGrad     the variance of the same                  (adebayo2018local)
//
// ε is normal with a standard deviation of `noise` times the range of the picture's values. Cost:
// `samples` times a forward and an input gradient. When they lie: with much noise the maps are those
// of another, blurrier function; VarGrad has no sign.
#pragma once

#include <tuple>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

struct NoiseOptions {
  struct Params {
    int samples = 32;
    double noise = 0.15;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("samples", &Params::samples, Range{2, 100000}, "", "noisy copies of a picture",
              Stage::kMeasuring),
        field("noise", &Params::noise, Range{0, 10}, "",
              "standard deviation, in ranges of the picture's values", Stage::kMeasuring)};
  }
};

struct SmoothGrad : NoiseOptions {
  static constexpr MethodInfo kInfo{"smooth_grad", "SmoothGrad", "the mean gradient under noise",
                                    "smilkov2017smoothgrad", Resolution::kInput};
  static Attribution explain(const Question& question, const Params& params);
};

struct VarGrad : NoiseOptions {
  static constexpr MethodInfo kInfo{"var_grad", "VarGrad", "the gradient's variance under noise",
                                    "adebayo2018local", Resolution::kInput};
  static Attribution explain(const Question& question, const Params& params);
};

}  // namespace assay::methods
