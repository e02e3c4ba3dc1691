// Which rows of a check may depend on each other.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::checks {

// The rows' clusters numbered 0, 1, … in order of first appearance. A row without a name stands
// alone; empty where no row has one: then all rows are independent.
std::vector<std::int64_t> cluster_numbers(const std::vector<std::string_view>& names);

// The same for records that have a `cluster`.
template <class Record>
std::vector<std::int64_t> clusters_of(const std::vector<const Record*>& records) {
  std::vector<std::string_view> names;
  for (const Record* r : records) names.emplace_back(r->cluster);
  return cluster_numbers(names);
}

}  // namespace assay::checks
