#include "assay/stats/median.h"

#include <gtest/gtest.h>

namespace assay::stats {
namespace {

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({9, 1, 4}), 4);
  EXPECT_EQ(median({9, 1, 4, -3}), 2.5);
}

}  // namespace
}  // namespace assay::stats
