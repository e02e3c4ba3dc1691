#include "assay/stats/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "assay/stats/bound.h"
#include "assay/stats/interval.h"
#include "assay/stats/special.h"

namespace assay::stats {
namespace {

Finding found(Replicates r) { return bootstrapped("x", 0.5, std::move(r), 1); }

TEST(GammaDraw, HasTheRightMeanVarianceAndTails) {
  for (const double shape : {0.2, 1.0, 3.5, 400.0}) {
    Stream stream(5, "gamma", static_cast<std::uint64_t>(10 * shape));
    constexpr int kDraws = 20000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = gamma_draw(stream, shape);
      ASSERT_GE(x, 0);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
    EXPECT_NEAR(mean, shape, 4 * std::sqrt(shape / kDraws)) << shape;
    EXPECT_NEAR(variance / shape, 1, 4 * std::sqrt((2 + 6 / shape) / kDraws)) << shape;
  }
  Stream stream(5, "gamma");
  EXPECT_EQ(gamma_draw(stream, 0), 0);
  EXPECT_EQ(beta_draw(stream, 0, 3), 0);
  EXPECT_EQ(beta_draw(stream, 3, 0), 1);
}

TEST(BoundedMean, OfHitsAndMissesIsClopperPearson) {
  for (const int hits : {0, 3, 57, 60}) {
    std::vector<double> values(60, 0.0);
    std::fill_n(values.begin(), hits, 1.0);
    const Finding f = found(bounded_mean(values, {}, {0, 1}, {20000, 7, "test"}));
    const Binomial seen{hits, 60};
    // The draws are Beta(k, n-k+1) and Beta(k+1, n-k); their quantiles carry an error of about sd
    // × 2.1 / sqrt(B).
    EXPECT_NEAR(lower_bound(f, 0.95), clopper_pearson_lower(seen, 0.95), 3e-3) << hits;
    EXPECT_NEAR(upper_bound(f, 0.95), clopper_pearson_upper(seen, 0.95), 3e-3) << hits;
  }
}

TEST(BoundedMean, IsNotFooledBySamplesWithoutASpread) {
  const std::vector<double> all_right(20, 1.0);
  const Finding f = found(bounded_mean(all_right, {}, {0, 1}, {2000, 7, "test"}));
  EXPECT_NEAR(lower_bound(f, 0.95), std::pow(0.05, 1.0 / 20), 0.02);
  EXPECT_EQ(upper_bound(f, 0.95), 1);
}

// How often the one-sided 95 % bounds of means of `draw` hold `truth`.
template <class Draw>
std::pair<double, double> unbounded_coverage(int rows, int clusters, double truth, Draw draw) {
  constexpr int kTrials = 1500;
  int below = 0, above = 0;
  for (int t = 0; t < kTrials; ++t) {
    Stream stream(9, "coverage", static_cast<std::uint64_t>(t));
    std::vector<double> values, shifts;
    std::vector<std::int64_t> numbers;
    for (int g = 0; g < clusters; ++g) shifts.push_back(stream.normal());
    for (int i = 0; i < rows; ++i) {
      values.push_back(draw(stream) +
                       (clusters > 0 ? shifts[static_cast<std::size_t>(i % clusters)] : 0.0));
      if (clusters > 0) numbers.push_back(i % clusters);
    }
    const Finding f = found(unbounded_mean(values, numbers, {199, 3, "test" + std::to_string(t)}));
    below += lower_bound(f, 0.95) <= truth;
    above += upper_bound(f, 0.95) >= truth;
  }
  return {below / double{kTrials}, above / double{kTrials}};
}

TEST(UnboundedMean, HoldsItsConfidence) {
  // 0.95 ± 0.017 is three standard errors of 1,500 trials.
  const auto normal = [](Stream& s) { return s.normal(); };
  for (const auto& [rows, clusters] : {std::pair{5, 0}, {30, 0}, {40, 8}}) {
    const auto [below, above] = unbounded_coverage(rows, clusters, 0, normal);
    EXPECT_NEAR(below, 0.95, 0.02) << rows << " " << clusters;
    EXPECT_NEAR(above, 0.95, 0.02) << rows << " " << clusters;
  }
  // Of skewed values the side of the tail is the hard one.
  const auto skewed = [](Stream& s) { return gamma_draw(s, 1); };
  const auto [below, above] = unbounded_coverage(40, 0, 1, skewed);
  EXPECT_GE(below, 0.93);
  EXPECT_GE(above, 0.91);
}

TEST(UnboundedMean, TellsNothingFromOneValueOrOneCluster) {
  for (const auto& clusters : {std::vector<std::int64_t>{}, std::vector<std::int64_t>{4}}) {
    const Finding f = found(unbounded_mean(std::vector<double>{3}, clusters, {100, 7, "t"}));
    EXPECT_EQ(lower_bound(f, 0.95), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(upper_bound(f, 0.95), std::numeric_limits<double>::infinity());
  }
}

TEST(BoundedMean, TellsNothingFromOneClusterOrNoRow) {
  const std::vector<double> values(20, 1.0);
  const std::vector<std::int64_t> one(20, 3);
  const Finding f = found(bounded_mean(values, one, {0, 2}, {100, 7, "test"}));
  EXPECT_EQ(lower_bound(f, 0.95), 0);
  EXPECT_EQ(upper_bound(f, 0.95), 2);
  EXPECT_TRUE(bounded_mean({}, {}, {0, 2}, {100, 7, "test"}).values.empty());
}

TEST(BoundedMean, CopiesOfARowAddNothingWhereTheClusterSaysSo) {
  std::vector<double> once, copies;
  std::vector<std::int64_t> clusters;
  Stream stream(9, "test");
  for (int g = 0; g < 60; ++g) {
    once.push_back(stream.uniform());
    copies.insert(copies.end(), 9, once.back());
    clusters.insert(clusters.end(), 9, g);
  }
  const auto width = [](Replicates r) {
    const Finding f = found(std::move(r));
    return upper_bound(f, 0.95) - lower_bound(f, 0.95);
  };
  const Resampling resampling{2000, 7, "test"};
  const double alone = width(bounded_mean(once, {}, {0, 1}, resampling));
  EXPECT_NEAR(width(bounded_mean(copies, clusters, {0, 1}, resampling)) / alone, 1, 0.1);
  EXPECT_LT(width(bounded_mean(copies, {}, {0, 1}, resampling)) / alone, 0.4);
}

TEST(BoundedMean, SortedNeighboursShareAWeightWithoutHarm) {
  std::vector<double> values;
  Stream stream(9, "test");
  for (int i = 0; i < 20000; ++i) values.push_back(std::pow(stream.uniform(), 8));
  const Finding f = found(bounded_mean(values, {}, {0, 1}, {1000, 7, "test"}));
  const MeanError e = mean_error(values);
  const double want = 2 * 1.645 * e.standard_error;
  EXPECT_NEAR((upper_bound(f, 0.95) - lower_bound(f, 0.95)) / want, 1, 0.12);
}

TEST(BoundedMean, DependsOnSeedAndPurposeAlone) {
  const std::vector<double> values{0.1, 0.5, 0.9, 0.3};
  const auto draws = [&](int count, std::uint64_t seed, const char* purpose) {
    return bounded_mean(values, {}, {0, 1}, {count, seed, purpose}).values;
  };
  EXPECT_EQ(draws(50, 1, "a"), draws(50, 1, "a"));
  EXPECT_NE(draws(50, 1, "a"), draws(50, 2, "a"));
  EXPECT_NE(draws(50, 1, "a"), draws(50, 1, "b"));
}

TEST(BoundedMean, CoversTheMeanOfSkewedLosses) {
  // Losses of a confident classifier: small, and close to 2 with probability 0.03. The t interval
  // misses here.
  constexpr int kSets = 500, kRows = 120;
  const double truth = 0.97 * 0.01 + 0.03 * 1.8;
  int low = 0, high = 0, t_high = 0;
  for (int s = 0; s < kSets; ++s) {
    Stream stream(31, "losses", static_cast<std::uint64_t>(s));
    std::vector<double> values;
    for (int i = 0; i < kRows; ++i)
      values.push_back(stream.uniform() < 0.03 ? 1.6 + 0.4 * stream.uniform()
                                               : 0.02 * stream.uniform());
    const Finding f = found(bounded_mean(values, {}, {0, 2}, {199, 7, "test"}));
    low += lower_bound(f, 0.95) <= truth;
    high += upper_bound(f, 0.95) >= truth;
    t_high += upper_bound(mean("x", mean_error(values), "", kRows), 0.95) >= truth;
  }
  const double allowed = 0.95 - 3 * std::sqrt(0.95 * 0.05 / kSets);
  EXPECT_GE(low / double{kSets}, allowed);
  EXPECT_GE(high / double{kSets}, allowed);
  EXPECT_LT(t_high / double{kSets}, allowed);  // why this file exists
}

}  // namespace
}  // namespace assay::stats
