#include "assay/stats/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace assay::stats {
namespace {

TEST(NumberText, IsShort) {
  EXPECT_EQ(number_text(0.91525), "0.9153");
  EXPECT_EQ(number_text(12), "12");
  EXPECT_EQ(number_text(1.5e-7), "1.5e-07");
  EXPECT_EQ(number_text(-0.25, 1), "-0.2");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "not a number");
  EXPECT_EQ(percent_text(0.9), "90 %");
  EXPECT_EQ(percent_text(0.98333333, 6), "98.3333 %");
}

TEST(NumberText, TellsNeighboursApart) {
  EXPECT_EQ(number_text_beside(0.8999999, 0.9), "0.8999999");
  EXPECT_EQ(number_text_beside(0.9, 0.9), "0.9");
  EXPECT_EQ(number_text_beside(0.5, 0.9), "0.5");
}

}  // namespace
}  // namespace assay::stats
