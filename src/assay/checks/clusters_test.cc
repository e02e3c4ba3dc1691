#include "assay/checks/clusters.h"

#include <gtest/gtest.h>

namespace assay::checks {
namespace {

TEST(Clusters, AreNumberedAsTheyAppear) {
  EXPECT_EQ(cluster_numbers({"b", "a", "b", "c", "a"}), (std::vector<std::int64_t>{0, 1, 0, 2, 1}));
}

TEST(Clusters, RowsWithoutANameStandAlone) {
  EXPECT_EQ(cluster_numbers({"", "a", "", "a"}), (std::vector<std::int64_t>{0, 1, 2, 1}));
}

TEST(Clusters, AreNoneWhereNoRowNamesOne) {
  EXPECT_TRUE(cluster_numbers({"", ""}).empty());
  EXPECT_TRUE(cluster_numbers({}).empty());
}

}  // namespace
}  // namespace assay::checks
