#include "assay/report/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace assay::report {
namespace {

Finding finding(double value, double low, double high) {
  Finding f;
  f.value = value;
  f.interval = Interval{low, high, 0.95, "any"};
  return f;
}

TEST(NumberText, ShowsTheIntervalsWidthWithTwoDigits) {
  const NumberText text = number_text(finding(0.92347, 0.91744, 0.92912));
  EXPECT_EQ(text.value, "0.923");
  EXPECT_EQ(text.low, "0.917");
  EXPECT_EQ(text.high, "0.929");
}

TEST(NumberText, AddsDigitsUntilNoNumberSeemsToTouchTheBound) {
  // Rounded to three digits this finding would read "0.900", as if it met ">= 0.9".
  EXPECT_EQ(number_text(finding(0.89996, 0.893, 0.907), {0.9}).value, "0.89996");
  EXPECT_EQ(number_text(finding(0.9, 0.893, 0.907), {0.9}).value, "0.900");
  EXPECT_EQ(beside(0.90004, finding(0.91, 0.893, 0.927), {0.9}), "0.90004");
}

TEST(NumberText, FallsBackToSignificantDigitsWhereThereIsNoWidth) {
  EXPECT_EQ(number_text(finding(0.5, 0.5, 0.5)).value, "0.5000");
  EXPECT_EQ(number_text(finding(1, -std::numeric_limits<double>::infinity(), 2)).low, "-inf");
  EXPECT_EQ(number_text(finding(1e-13, 0, 2e-13)).value, "1.00e-13");
}

TEST(NumberText, SignificantNumbersReadNaturally) {
  EXPECT_EQ(significant(0), "0");
  EXPECT_EQ(significant(-3), "-3");
  EXPECT_EQ(significant(10000), "10,000");
  EXPECT_EQ(significant(-1234567), "-1,234,567");
  EXPECT_EQ(significant(123456.7), "123,457");
  EXPECT_EQ(significant(0.0312345), "0.03123");
  EXPECT_EQ(significant(0.00001234), "1.23e-05");
  EXPECT_EQ(significant(1e300), "1.00e+300");
  EXPECT_EQ(significant(std::nan("")), "nan");
}

TEST(NumberText, HasNoNegativeZero) { EXPECT_EQ(fixed(-0.0001, 2), "0.00"); }

TEST(NumberText, GroupsExtremeCounts) {
  EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(NumberText, ShortestReadsBackTheSame) {
  for (const double v : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 2.5e-5, -0.0})
    EXPECT_EQ(std::strtod(shortest(v).c_str(), nullptr), v);
  EXPECT_EQ(shortest(0.9), "0.9");
}

TEST(NumberText, PercentIsNotSpoiltByBinaryFractions) {
  EXPECT_EQ(percent(0.95), "95\u00A0%");
  EXPECT_EQ(percent(0.999), "99.9\u00A0%");
}

}  // namespace
}  // namespace assay::report
