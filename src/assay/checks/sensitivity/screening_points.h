// Which θ the screening check asks of a picture.
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "assay/checks/sensitivity/factor_space.h"
#include "assay/checks/sensitivity/screening.h"

namespace assay::checks {

FactorSpace screened_space(const Screening::Params& params, std::uint64_t seed);
// Of the unit cube, the picture's own: walks, or independent points for gradients.
Eigen::MatrixXd screening_points(const Screening::Params& params, std::size_t factors,
                                 std::uint64_t seed, std::int64_t row);

}  // namespace assay::checks
