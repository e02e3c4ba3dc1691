// Samples of whole clusters: rows that depend on each other stay together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::stats {

// Whole clusters by lot: the places of the items, cluster by cluster, in an order that depends on the seed, the purpose and the
// clusters' names alone. An item without a cluster is one by its id.
struct Clustered {
  std::string_view cluster, id;
};
std::vector<std::vector<std::size_t>> drawn_clusters(const std::vector<Clustered>& items,
                                                     std::uint64_t seed, std::string_view purpose);

}  // namespace assay::stats
