// The columns of the manifest by which a check tells pictures apart, as a plan names them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

// Names between commas, without the blanks round them; empty ones left out.
std::vector<std::string> split_names(const std::string& text);
// Those in `groups`. InputError("groups", …) for one that the data set does not have, with the nearest, or of
// more than kMostGroups values.
std::vector<std::string> group_columns(const Subject& subject, const std::string& groups);
// A row's values of those columns, in their order.
std::vector<std::string> group_values(const Subject& subject, const std::string& groups,
                                      std::int64_t row);

// One value of one of the columns, for summaries: records hold its value at `place`.
struct Group {
  std::size_t place = 0;
  std::string label;  // "line=3"
  std::string value;
};
std::vector<Group> groups_of(const Facts& facts, const std::string& groups);

}  // namespace assay::checks
