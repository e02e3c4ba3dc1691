#include "assay/methods/evaluation/sparseness.h"

namespace assay::methods {

std::optional<double> gini(const at::Tensor& map) {
  const at::Tensor sorted = std::get<0>(at::sort(at::abs(map.to(at::kDouble)).reshape({-1})));
  const double* a = sorted.data_ptr<double>();
  const auto n = static_cast<double>(sorted.numel());
  double sum = 0, weighted = 0;
  for (std::int64_t i = 0; i < sorted.numel(); ++i) {
    sum += a[i];
    weighted += (2 * static_cast<double>(i + 1) - n - 1) * a[i];
  }
  if (!(sum > 0)) return {};
  return weighted / (n * sum);
}

}  // namespace assay::methods
