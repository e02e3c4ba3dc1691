// Do the shares add up? |Σ map − (z(x) − z(x'))| / |z(x) − z(x')| for the logit z, the picture x and
// the baseline x' (sundararajan2017axiomatic). 0: all of the rise is handed out. None where the
// logit does not rise or fall. Only a map of shares can promise it. Cost: one forward.
#pragma once

#include <optional>

#include "assay/network/torch.h"

namespace assay::methods {

std::optional<double> completeness_gap(const at::Tensor& map, double rise);

}  // namespace assay::methods
