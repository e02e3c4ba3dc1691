// How few pixels hold the map? The Gini index of its absolute values:
//
//   Σ_i (2 i − n − 1) a_(i) / (n Σ_i a_(i)),   a_(1) ≤ … ≤ a_(n)           (chalasani2020concise)
//
// 0 where all pixels count alike, 1 − 1/n where one holds everything. It does not say whether they
// are the right ones. A map of zeros has none. Cost: one sort.
#pragma once

#include <optional>

#include "assay/network/torch.h"

namespace assay::methods {

std::optional<double> gini(const at::Tensor& map);

}  // namespace assay::methods
