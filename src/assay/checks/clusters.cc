#include "assay/checks/clusters.h"

#include <algorithm>
#include <unordered_map>

namespace assay::checks {

std::vector<std::int64_t> cluster_numbers(const std::vector<std::string_view>& names) {
  if (std::all_of(names.begin(), names.end(), [](auto name) { return name.empty(); })) return {};
  std::unordered_map<std::string_view, std::int64_t> numbers;
  std::vector<std::int64_t> clusters;
  std::int64_t next = 0;
  for (const auto name : names) {
    if (name.empty()) {
      clusters.push_back(next++);
      continue;
    }
    const auto [at, fresh] = numbers.try_emplace(name, next);
    next += fresh;
    clusters.push_back(at->second);
  }
  return clusters;
}

}  // namespace assay::checks
