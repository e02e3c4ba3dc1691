// Adam's step (kingma2015adam): the mean of the gradients over the root of their mean square, each
// corrected for having begun at zero. β₁ = 0.9, β₂ = 0.999, ε = 1e-8. Independent of the gradient's
// scale. Cost: a few passes over the coefficients.
#pragma once

#include <cstdint>

#include "assay/network/torch.h"

namespace assay::methods {

struct Adam {
  at::Tensor mean, square;  // as the gradient; zeros to begin with
  std::int64_t steps = 0;
  // What to add to go down the gradient.
  at::Tensor step(const at::Tensor& gradient, double rate);
};

}  // namespace assay::methods
