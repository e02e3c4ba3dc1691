#include "assay/stats/sampling/drawn_clusters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace assay::stats {
namespace {

TEST(DrawnClusters, KeepTogetherWhatBelongsTogether) {
  std::vector<std::string> clusters, ids;
  for (int i = 0; i < 40; ++i) {
    clusters.push_back(i < 20 ? "part" + std::to_string(i / 4) : "");
    ids.push_back("picture" + std::to_string(i));
  }
  std::vector<Clustered> items;
  for (std::size_t i = 0; i < ids.size(); ++i) items.push_back({clusters[i], ids[i]});
  const auto drawn = drawn_clusters(items, 3, "test");
  ASSERT_EQ(drawn.size(), 25u);  // five parts, twenty pictures alone
  std::vector<std::size_t> all;
  for (const auto& members : drawn) {
    for (const std::size_t i : members) EXPECT_EQ(clusters[i], clusters[members[0]]);
    all.insert(all.end(), members.begin(), members.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(all[i], i);
  // The order depends on seed and purpose, not on the items' order.
  EXPECT_EQ(drawn_clusters(items, 3, "test"), drawn);
  EXPECT_NE(drawn_clusters(items, 4, "test"), drawn);
  EXPECT_NE(drawn_clusters(items, 3, "other"), drawn);
  std::reverse(items.begin(), items.end());
  const auto reversed = drawn_clusters(items, 3, "test");
  EXPECT_EQ(clusters[39 - reversed[0][0]], clusters[drawn[0][0]]);
}

}  // namespace
}  // namespace assay::stats
