#include "assay/stats/bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "assay/base/seed.h"
#include "assay/stats/interval.h"

namespace assay::stats {
namespace {

Replicates ramp(int count) {  // i/(count+1): the q-quantile is q
  Replicates r;
  for (int i = 1; i <= count; ++i) r.values.push_back(i / (count + 1.0));
  r.method = "ramp";
  return r;
}

TEST(Bound, OfAProportionIsClopperPearson) {
  const Finding f = proportion("top1", 90, 100);
  EXPECT_EQ(f.value, 0.9);
  EXPECT_EQ(f.n, 100);
  EXPECT_EQ(lower_bound(f, 0.95), clopper_pearson_lower({90, 100}, 0.95));
  EXPECT_EQ(upper_bound(f, 0.95), clopper_pearson_upper({90, 100}, 0.95));
  ASSERT_TRUE(f.interval);
  EXPECT_EQ(f.interval->low, clopper_pearson_lower({90, 100}, 0.975));
  EXPECT_EQ(f.interval->method, "Clopper-Pearson");
}

TEST(Bound, OfAMeanIsStudents) {
  const Finding f = mean("nll", {2, 0.5, 5}, "nat", 6);
  EXPECT_NEAR(upper_bound(f, 0.9995), 2 + 0.5 * 6.86882662588111025, 1e-11);
  EXPECT_NEAR(lower_bound(f, 0.6), 2 - 0.5 * 0.267180865704145127, 1e-11);
  EXPECT_EQ(f.interval->method, "t");
}

TEST(Bound, OfReplicatesIsTheirQuantile) {
  const Finding f = bootstrapped("f1", 0.5, ramp(999), 10);
  EXPECT_NEAR(lower_bound(f, 0.95), 0.05, 1e-12);
  EXPECT_NEAR(upper_bound(f, 0.95), 0.95, 1e-12);
  EXPECT_NEAR(upper_bound(f, 0.9333), 0.9333, 1e-12);
  EXPECT_NEAR(f.interval->low, 0.025, 1e-12);
  EXPECT_EQ(f.interval->method, "ramp");
}

TEST(Bound, BeyondTheReplicatesResolutionProvesNothing) {
  const Finding f = bootstrapped("f1", 0.5, ramp(99), 10);
  EXPECT_NEAR(lower_bound(f, 0.99), 0.01, 1e-12);
  EXPECT_EQ(lower_bound(f, 0.995), 0);
  EXPECT_EQ(upper_bound(f, 0.995), 1);
  const Finding none = bootstrapped("f1", 0.5, Replicates{}, 1);
  EXPECT_EQ(lower_bound(none, 0.95), 0);
  EXPECT_EQ(upper_bound(none, 0.95), 1);
}

TEST(Bound, ReplicatesAreClampedToTheNaturalRange) {
  Replicates r = ramp(99);
  for (double& v : r.values) v = 3 * v - 1;
  const Finding f = bootstrapped("ece", 0.5, r, 10);
  EXPECT_EQ(lower_bound(f, 0.95), 0);
  EXPECT_EQ(upper_bound(f, 0.95), 1);
}

TEST(Bound, ExactIsItsValueAndHasNoInterval) {
  const Finding f = exact("rows", 12, "pictures", 12);
  EXPECT_EQ(lower_bound(f, 0.99), 12);
  EXPECT_EQ(upper_bound(f, 0.99), 12);
  EXPECT_FALSE(f.interval);
}

TEST(Bound, NothingIsProvenOfUndefinedOrNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Finding& f : {undefined("a", "why"), exact("b", nan, "", 3),
                           mean("c", {nan, 1, 3}, "", 4), proportion("d", 0, 0)}) {
    EXPECT_EQ(lower_bound(f, 0.95), -std::numeric_limits<double>::infinity()) << f.id;
    EXPECT_EQ(upper_bound(f, 0.95), std::numeric_limits<double>::infinity()) << f.id;
    EXPECT_FALSE(f.interval) << f.id;
  }
}

TEST(MeanError, AgreesWithTheTextbook) {
  const std::vector<double> v{1, 2, 3, 4};
  const MeanError e = mean_error(v);
  EXPECT_DOUBLE_EQ(e.mean, 2.5);
  EXPECT_DOUBLE_EQ(e.standard_error, std::sqrt(5.0 / 3 / 4));
  EXPECT_EQ(e.degrees_of_freedom, 3);
}

TEST(MeanError, OfOneValueIsUnknown) {
  const Finding f = mean("m", mean_error(std::vector<double>{3}), "", 1);
  EXPECT_EQ(lower_bound(f, 0.95), -std::numeric_limits<double>::infinity());
  EXPECT_FALSE(f.interval);
}

TEST(MeanError, CopiesOfARowAddNothingWhereTheClusterSaysSo) {
  std::vector<double> once, thrice;
  std::vector<std::int64_t> cluster;
  Stream stream(1, "test");
  for (int i = 0; i < 50; ++i) {
    once.push_back(stream.normal());
    for (int k = 0; k < 3; ++k) {
      thrice.push_back(once.back());
      cluster.push_back(1000 - i);
    }
  }
  const MeanError a = mean_error(once), b = mean_error(thrice, cluster);
  EXPECT_NEAR(a.mean, b.mean, 1e-14);
  EXPECT_NEAR(a.standard_error, b.standard_error, 1e-14);
  EXPECT_EQ(b.degrees_of_freedom, 49);
}

// Means 1 and 3 with errors 0.3 and 0.4: Welch's degrees of freedom by hand.
TEST(Difference, IsWelchs) {
  const MeanError d = difference({1, 0.3, 9}, {3, 0.4, 19});
  EXPECT_DOUBLE_EQ(d.mean, -2);
  EXPECT_DOUBLE_EQ(d.standard_error, 0.5);
  EXPECT_NEAR(d.degrees_of_freedom, 0.0625 / (0.0081 / 9 + 0.0256 / 19), 1e-9);
  EXPECT_TRUE(std::isinf(difference({1, kInfinity, 1}, {3, 0.4, 19}).standard_error));
}

}  // namespace
}  // namespace assay::stats
