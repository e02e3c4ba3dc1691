#include "assay/methods/visualisation/adam.h"

#include <cmath>

namespace assay::methods {

at::Tensor Adam::step(const at::Tensor& gradient, double rate) {
  constexpr double kKeepMean = 0.9, kKeepSquare = 0.999, kSmallest = 1e-8;
  ++steps;
  mean = mean * kKeepMean + gradient * (1 - kKeepMean);
  square = square * kKeepSquare + gradient * gradient * (1 - kKeepSquare);
  const auto n = static_cast<double>(steps);
  const at::Tensor deviation = (square / (1 - std::pow(kKeepSquare, n))).sqrt() + kSmallest;
  return mean / deviation * (-rate / (1 - std::pow(kKeepMean, n)));
}

}  // namespace assay::methods
