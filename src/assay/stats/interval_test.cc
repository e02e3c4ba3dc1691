#include "assay/stats/interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace assay::stats {
namespace {

TEST(ClopperPearson, AgreesWithFortyDigits) {
  const struct {
    Binomial seen;
    double alpha, low, high;
  } cases[] = {
      {{90, 100}, 0.05, 0.836282376724185209, 0.944736762317129976},
      {{90, 100}, 0.025, 0.823777402259977319, 0.950995310778514042},
      {{9109, 10000}, 0.025, 0.905145917747330267, 0.916413450134735936},
      {{1, 20}, 0.05, 0.00256137877653028045, 0.216106164206847348},
      {{19, 20}, 0.025, 0.751267237227972223, 0.998734910502050196},
      {{899900, 1000000}, 0.05, 0.899404968981937318, 0.900393319633159711},
  };
  for (const auto& c : cases) {
    EXPECT_NEAR(clopper_pearson_lower(c.seen, 1 - c.alpha), c.low, 1e-12) << c.seen.trials;
    EXPECT_NEAR(clopper_pearson_upper(c.seen, 1 - c.alpha), c.high, 1e-12) << c.seen.trials;
  }
}

TEST(ClopperPearson, GivesTheRuleOfThreeWhereNothingWentWrong) {
  EXPECT_NEAR(clopper_pearson_lower({300, 300}, 0.95), std::pow(0.05, 1.0 / 300), 1e-14);
  EXPECT_EQ(clopper_pearson_upper({300, 300}, 0.95), 1);
  EXPECT_EQ(clopper_pearson_lower({0, 300}, 0.95), 0);
  EXPECT_EQ(clopper_pearson_lower({0, 0}, 0.95), 0);
  EXPECT_EQ(clopper_pearson_upper({0, 0}, 0.95), 1);
}

// The coverage at a proportion is a finite sum: no simulation is needed.
double coverage(Interval (*interval)(const Binomial&, double), int n, double p) {
  double covered = 0;
  double log_mass = n * std::log(1 - p);
  for (int k = 0; k <= n; ++k) {
    const Interval i = interval({k, n}, 0.95);
    if (i.low <= p && p <= i.high) covered += std::exp(log_mass);
    log_mass += std::log((n - k) / (k + 1.0) * p / (1 - p));
  }
  return covered;
}

TEST(ClopperPearson, CoversEveryProportionAtLeastAsOftenAsItSays) {
  for (const int n : {1, 5, 40, 200})
    for (double p = 0.005; p < 1; p += 0.0199)
      EXPECT_GE(coverage(clopper_pearson, n, p), 0.95 - 1e-12) << n << " " << p;
}

TEST(Wilson, CoversOnAverageAndNotForEveryProportion) {
  double sum = 0, least = 1;
  int count = 0;
  for (double p = 0.005; p < 1; p += 0.0099, ++count) {
    const double c = coverage(wilson, 40, p);
    sum += c;
    least = std::min(least, c);
  }
  EXPECT_NEAR(sum / count, 0.95, 0.01);
  EXPECT_LT(least, 0.95);
}

TEST(Wilson, AgreesWithTheClosedFormAndStaysInRange) {
  const Interval i = wilson({90, 100}, 0.95);  // mpmath
  EXPECT_NEAR(i.low, 0.825634338495087, 1e-14);
  EXPECT_NEAR(i.high, 0.944770862939325, 1e-14);
  EXPECT_EQ(wilson({0, 10}, 0.95).low, 0);
  EXPECT_EQ(wilson({10, 10}, 0.95).high, 1);
}

TEST(Binomial, TailsAddUpToOneAndTheMiddle) {
  const Binomial seen{3, 10};
  const double mass = 120 * std::pow(0.4, 3) * std::pow(0.6, 7);
  EXPECT_NEAR(at_least_as_many(seen, 0.4) + at_most_as_many(seen, 0.4), 1 + mass, 1e-14);
  EXPECT_EQ(at_least_as_many({0, 10}, 0.4), 1);
  EXPECT_EQ(at_most_as_many({10, 10}, 0.4), 1);
}

}  // namespace
}  // namespace assay::stats
