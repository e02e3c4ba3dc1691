// Hit rate over confidence, one point a bin, with the band in which calibrated models of the same confidences would lie.
#pragma once

#include <span>

#include "assay/base/section.h"
#include "assay/stats/calibration.h"
#include "assay/stats/calibration_evidence.h"

namespace assay::checks {

// Its id, title and caption are the caller's. One band a cell; a bin without pictures has no point.
Figure reliability_figure(std::span<const stats::Cell> cells, std::span<const stats::Band> bands);

}  // namespace assay::checks
