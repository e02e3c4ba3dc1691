// A distribution measured in the field, as a plan names it: empirical(FILE.csv, COLUMN).
#pragma once

#include <string>

namespace assay::audit {

// The text with the file's numbers in it, "discrete(value: count, …)", so that nothing that reads the plan later needs
// the file; at most 1,000 values, evenly spaced quantiles of more. Any other text as it is. `plan` is the plan's
// path, to which the file's is relative. InputError(where, …) for a missing file or column, or a cell that is no number.
std::string with_measured_values(const std::string& plan, const std::string& text,
                                 const std::string& where);

}  // namespace assay::audit
