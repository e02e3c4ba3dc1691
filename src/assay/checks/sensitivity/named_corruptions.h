// Which corruptions a plan's texts name.
#pragma once

#include <string>
#include <vector>

#include "assay/imaging/corruption/corruption.h"

namespace assay::checks {

// "common", "extra", "bar", "all" and names, separated by commas. InputError for a name that is none, or that stands twice.
std::vector<const imaging::Corruption*> corruption_types(const std::string& text);
// Numbers from 0 to 5. InputError for another text.
std::vector<double> corruption_severities(const std::string& text);

}  // namespace assay::checks
