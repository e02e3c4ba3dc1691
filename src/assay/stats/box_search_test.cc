#include "assay/stats/box_search.h"

#include <gtest/gtest.h>

#include "assay/base/seed.h"

namespace assay::stats {
namespace {

TEST(LargestBox, IsCutWhereTheOwnersFail) {
  // Everybody fails where x > 0.4, one owner also where y < −0.2.
  Stream stream(1, "box");
  Eigen::MatrixXd points(3000, 2);
  std::vector<std::int64_t> owners;
  Eigen::Index n = 0;
  for (int i = 0; i < 3000; ++i) {
    const double x = 2 * stream.uniform() - 1, y = 2 * stream.uniform() - 1;
    const std::int64_t owner = i % 10;
    if (x > 0.4 || (owner == 0 && y < -0.2)) {
      points.row(n++) << x, y;
      owners.push_back(owner);
    }
  }
  const Eigen::MatrixXd failing = points.topRows(n);
  const SidedBox one = largest_box(failing, owners, 1);
  EXPECT_NEAR(one.high[0], 0.4, 0.02);
  EXPECT_EQ(one.low, (std::vector<double>{1, 1}));
  const SidedBox none = largest_box(failing, owners, 0);
  EXPECT_NEAR(none.high[0], 0.4, 0.02);
  EXPECT_NEAR(none.low[1], 0.2, 0.05);
  EXPECT_EQ(none.high[1], 1);
  for (Eigen::Index i = 0; i < n; ++i) EXPECT_FALSE(none.holds(failing.row(i)));
}

TEST(LargestBox, CutsOffWhatFailsAtItsVeryEnd) {
  Eigen::MatrixXd points(2, 1);
  points << 1, -1;
  const SidedBox box = largest_box(points, {0, 1}, 0);
  EXPECT_EQ(box.high[0], 1);
  EXPECT_EQ(box.low[0], 1);
  EXPECT_FALSE(box.holds(points.row(0)));
}

TEST(LargestBox, IsWholeWhereNobodyFailsAndEndsWhereTheOriginFails) {
  EXPECT_EQ(largest_box(Eigen::MatrixXd(0, 2), {}, 0).low, (std::vector<double>{1, 1}));
  const SidedBox box = largest_box(Eigen::MatrixXd::Zero(1, 2), {0}, 0);
  EXPECT_TRUE(box.holds(Eigen::RowVectorXd::Zero(2)));
}

}  // namespace
}  // namespace assay::stats
