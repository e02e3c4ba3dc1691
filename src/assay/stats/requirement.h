// A requirement as a person writes it: ">= 0.90" or "<= 0.05".
//
// A comparison, >= or <=, and a number with a full stop for a decimal sign whatever the locale.
// Strict comparisons are refused: between "> 0.9" and ">= 0.9" no number of pictures can decide.
#pragma once

#include <string>

#include "assay/base/verdict.h"

namespace assay::stats {

// InputError without a place when the text is something else; `where` of the answer is left empty.
Requirement parse_requirement(const std::string& finding, const std::string& text);

// ">= 0.9": the shortest text that reads back as the same bound.
std::string to_text(const Requirement& requirement);

}  // namespace assay::stats
