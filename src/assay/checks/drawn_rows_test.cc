#include "assay/checks/drawn_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace assay::checks {
namespace {

TEST(DrawnRows, AreDifferentOnesInTheirOrder) {
  const auto rows = drawn_rows(1000, 40, 3, "test");
  ASSERT_EQ(rows.size(), 40u);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1], rows[i]);
  EXPECT_GE(rows.front(), 0);
  EXPECT_LT(rows.back(), 1000);
  EXPECT_EQ(drawn_rows(1000, 40, 3, "test"), rows);
  EXPECT_NE(drawn_rows(1000, 40, 4, "test"), rows);
  EXPECT_NE(drawn_rows(1000, 40, 3, "other"), rows);
}

TEST(DrawnRows, AreAllWhereThereAreNoMore) {
  EXPECT_EQ(drawn_rows(3, 5, 1, "test"), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_TRUE(drawn_rows(0, 5, 1, "test").empty());
  EXPECT_TRUE(drawn_rows(5, 0, 1, "test").empty());
}

TEST(DrawnRows, AreEachEquallyLikely) {
  std::vector<int> times(10, 0);
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    for (const auto row : drawn_rows(10, 3, seed, "test")) ++times[static_cast<std::size_t>(row)];
  for (const int t : times) EXPECT_NEAR(t, 1200, 5 * std::sqrt(4000 * 0.3 * 0.7));
}

}  // namespace
}  // namespace assay::checks
