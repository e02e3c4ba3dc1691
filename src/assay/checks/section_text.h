// What the checks' sections say of their findings, in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/base/section.h"

namespace assay::checks {

// BugError when there is none.
const Finding& finding_named(const std::vector<Finding>& findings, const std::string& id);
// "0.2 to 0.42", or empty without an interval.
std::string interval_text(const Finding& finding);
// "0.31 (0.2 to 0.42)", or "–" where it is undefined.
std::string value_cell(const Finding& finding);
// The finding's value with its interval's ends, or with none.
void add_with_interval(Series& series, const Finding& finding);
// Where some are: a warning that they are left out.
void warn_nonfinite(Section& section, std::int64_t pictures);
// "ID (class)", or the id where the label is none.
std::string picture_name(const std::string& id, const std::vector<std::string>& labels, int label);
// "1 picture", "12 pictures".
std::string pictures_text(std::int64_t count);
// "4.2 %" with two digits, never broken across lines.
std::string percent(double share);
// The class's name; "?" for an index that is none.
std::string class_name(const std::vector<std::string>& labels, int k);

}  // namespace assay::checks
