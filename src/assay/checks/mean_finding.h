// A mean over pictures as a finding: by resampling of what is independent, clusters or pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"

namespace assay::checks {

// `values` one a picture, in `range` (infinite: of any size); `clusters` as clusters_of() numbers them, or empty.
// `purpose` names the draws. Undefined for no value, and for a mean without a range of fewer than two independent ones.
Finding mean_finding(const std::string& id, std::span<const double> values,
                     std::span<const std::int64_t> clusters, const stats::Span& range,
                     std::uint64_t seed, const std::string& purpose);

}  // namespace assay::checks
