// The figures of the sensitivity check's section.
#pragma once

#include <vector>

#include "assay/base/section.h"
#include "assay/checks/sensitivity/sensitivity.h"

namespace assay::checks {

// Of a result with pictures.
std::vector<Figure> sensitivity_figures(const Sensitivity::Result& result);

}  // namespace assay::checks
