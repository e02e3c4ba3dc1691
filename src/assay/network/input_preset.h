// The usual ways in which pictures are prepared, by name, for `input: imagenet` and `--input
// imagenet`.
#pragma once

#include <string>
#include <vector>

#include "assay/base/input_description.h"

namespace assay::network {

// An unknown name is an InputError with the nearest one.
InputDescription input_preset(const std::string& name);
std::vector<std::string> input_preset_names();

}  // namespace assay::network
