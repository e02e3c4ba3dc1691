#include "assay/methods/evaluation/completeness.h"

#include <cmath>

namespace assay::methods {

std::optional<double> completeness_gap(const at::Tensor& map, double rise) {
  if (!(std::abs(rise) > 0)) return {};
  return std::abs(map.to(at::kDouble).sum().item<double>() - rise) / std::abs(rise);
}

}  // namespace assay::methods
