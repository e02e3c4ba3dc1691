// The third door to libtorch: functions whose derivative is written by hand. Costs 4 s in each file that includes it.
#pragma once

#include "assay/network/torch.h"

// clang-format off
#include <torch/csrc/autograd/custom_function.h>
// clang-format on
