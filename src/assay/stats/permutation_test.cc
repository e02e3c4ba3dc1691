#include "assay/stats/permutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {
namespace {

TEST(SignFlip, CountsAllSignsOfFewEffects) {
  // Of 8 signs only +++ reaches 6; of {1,2,-3} the totals ±0, ±2, ±4, ±6 reach 0 in 5.
  EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{1, 2, 3}, {}, {}), 1.0 / 8);
  EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{1, 2, -3}, {}, {}), 5.0 / 8);
  EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{-1, -2}, {}, {}), 1);
}

TEST(SignFlip, AClusterHasOneSign) {
  const std::vector<double> effects{1, 1, 1, 2, 0.5};
  const std::vector<std::int64_t> clusters{7, 7, 7, 9, 9};
  EXPECT_DOUBLE_EQ(sign_flip_p(effects, clusters, {}), 0.25);
}

TEST(SignFlip, NothingMovesNothingIsProved) {
  EXPECT_EQ(sign_flip_p({}, {}, {}), 1);
  EXPECT_EQ(sign_flip_p(std::vector<double>{0, 0, 0}, {}, {}), 1);
}

TEST(SignFlip, RandomSignsAgreeWithTheNormalLimit) {
  std::vector<double> effects;
  Stream stream(3, "effects");
  double sum = 0, squares = 0;
  for (int i = 0; i < 200; ++i) {
    effects.push_back(stream.normal() + 0.08);
    sum += effects.back();
    squares += effects.back() * effects.back();
  }
  const double expected = 0.5 * std::erfc(sum / std::sqrt(squares) / std::sqrt(2));
  EXPECT_NEAR(sign_flip_p(effects, {}, {20000, 1, "p"}), expected, 0.01);
}

TEST(SignFlip, KeepsItsLevelWithHeavyTailsAndUnlikeClusters) {
  int fired = 0;
  constexpr int kTrials = 1000;
  for (int t = 0; t < kTrials; ++t) {
    Stream stream(5, "level", static_cast<std::uint64_t>(t));
    std::vector<double> effects;
    std::vector<std::int64_t> clusters;
    for (int g = 0; g < 20; ++g) {
      const double tail = stream.normal() / std::max(0.05, std::abs(stream.normal()));
      for (int i = 0; i <= g % 4; ++i) {
        effects.push_back(tail + 0.1 * stream.normal());
        clusters.push_back(g);
      }
    }
    fired += sign_flip_p(effects, clusters, {199, 11, "p" + std::to_string(t)}) <= 0.05;
  }
  EXPECT_LE(fired, 70);  // 50 expected; P(> 70) < 0.3 %
  EXPECT_GE(fired, 30);
}

TEST(SignFlip, RefusesWhatIsNotFinite) {
  EXPECT_THROW(
      sign_flip_p(std::vector<double>{1, std::numeric_limits<double>::quiet_NaN()}, {}, {}),
      BugError);
}

TEST(McNemar, IsTheBinomialTail) {
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_EQ(mcnemar_p(0, 4), 1);
  EXPECT_NEAR(mcnemar_p(5, 0), 1.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p(3, 1), 5.0 / 16, 1e-12);
}

TEST(BenjaminiHochberg, AgreesWithThePublishedExample) {
  // The 15 p-values of Benjamini and Hochberg 1995, section 3.2; four are at most 0.05 adjusted.
  const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                              0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const auto adjusted = benjamini_hochberg(p);
  EXPECT_NEAR(adjusted[0], 0.0015, 1e-12);
  EXPECT_NEAR(adjusted[3], 0.035625, 1e-12);
  EXPECT_NEAR(adjusted[4], 0.0603, 1e-12);
  EXPECT_NEAR(adjusted[5], 0.0638571428571, 1e-9);
  EXPECT_EQ(std::count_if(adjusted.begin(), adjusted.end(), [](double q) { return q <= 0.05; }), 4);
  EXPECT_EQ(adjusted.back(), 1);
  EXPECT_EQ(benjamini_hochberg(std::vector<double>{0.9, 0.01})[1], 0.02);
}

}  // namespace
}  // namespace assay::stats
