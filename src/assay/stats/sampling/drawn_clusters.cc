#include "assay/stats/sampling/drawn_clusters.h"

#include <algorithm>
#include <map>
#include <string>

#include "assay/base/seed.h"

namespace assay::stats {

std::vector<std::vector<std::size_t>> drawn_clusters(const std::vector<Clustered>& items,
                                                     std::uint64_t seed, std::string_view purpose) {
  std::map<std::string, std::vector<std::size_t>> clusters;
  for (std::size_t i = 0; i < items.size(); ++i)
    clusters[items[i].cluster.empty() ? "picture/" + std::string(items[i].id)
                                      : "cluster/" + std::string(items[i].cluster)]
        .push_back(i);
  std::vector<std::pair<std::uint64_t, std::vector<std::size_t>>> order;
  for (auto& [name, members] : clusters)
    order.emplace_back(Stream(seed, purpose, hash_name(name))(), std::move(members));
  std::sort(order.begin(), order.end());
  std::vector<std::vector<std::size_t>> drawn;
  for (auto& [lot, members] : order) drawn.push_back(std::move(members));
  return drawn;
}

}  // namespace assay::stats
