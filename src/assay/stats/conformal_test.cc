#include "assay/stats/conformal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "assay/base/seed.h"
#include "assay/stats/bootstrap.h"

namespace assay::stats {
namespace {

TEST(Conformal, ScoresByHand) {
  const std::vector<double> p{0.2, 0.5, 0.3};
  EXPECT_EQ(conformal_scores(p, 0, {}), (std::vector<double>{0.8, 0, 0.5}));
  const auto raps = conformal_scores(p, 0.5, {0.1, 1});
  EXPECT_NEAR(raps[1], 0.25, 1e-15);
  EXPECT_NEAR(raps[2], 0.5 + 0.15 + 0.1, 1e-15);
  EXPECT_NEAR(raps[0], 0.8 + 0.1 + 0.2, 1e-15);
  EXPECT_EQ(conformal_set(raps, 0.75), (std::vector<int>{1, 2}));
}

TEST(Conformal, ThresholdIsTheOrderStatisticOrInfinite) {
  EXPECT_EQ(conformal_threshold({3, 1, 2, 4, 5, 6, 7, 8, 9}, 0.1), 9);
  EXPECT_EQ(conformal_threshold({3, 1, 2, 4, 5, 6, 7, 8, 9}, 0.2), 8);
  EXPECT_EQ(conformal_threshold({1, 2}, 0.1), INFINITY);
  EXPECT_EQ(conformal_threshold({}, 0.1), INFINITY);
}

// A model that is badly wrong about its own sureness; labels drawn from the true law.
struct World {
  explicit World(std::uint64_t seed) : stream(seed, "conformal test") {}
  void draw(std::vector<double>& said, int& label) {
    std::vector<double> truth(4);
    for (double& t : truth) t = gamma_draw(stream, 0.5);
    const double sum = std::accumulate(truth.begin(), truth.end(), 0.0);
    said.assign(4, 0);
    double all = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      truth[k] /= sum;
      all += said[k] = std::pow(truth[k], 3) + 1e-9;
    }
    for (double& s : said) s /= all;
    double u = stream.uniform();
    label = 3;
    for (int k = 0; k < 4; ++k) {
      u -= truth[static_cast<std::size_t>(k)];
      if (u < 0) {
        label = k;
        break;
      }
    }
  }
  double score(const ConformalRule& rule) {
    std::vector<double> said;
    int label = 0;
    draw(said, label);
    return conformal_scores(said, stream.uniform(), rule)[static_cast<std::size_t>(label)];
  }
  Stream stream;
};

// How many of m fresh rows are covered is beta-binomial: (⌈(n+1)(1−α)⌉, n + 1 − that) of m, over calibration sets and fresh rows.
TEST(Conformal, CoverageIsBetaBinomialOver200Sets) {
  constexpr int kSets = 200, kCalibration = 99, kFresh = 200;
  constexpr double kAlpha = 0.1;
  for (const ConformalRule& rule : {ConformalRule{}, ConformalRule{0.05, 1}}) {
    const double a = std::ceil((kCalibration + 1) * (1 - kAlpha) - 1e-9), b = kCalibration + 1 - a;
    double sum = 0, squares = 0;
    for (int set = 0; set < kSets; ++set) {
      World world(static_cast<std::uint64_t>(set));
      std::vector<double> scores;
      for (int i = 0; i < kCalibration; ++i) scores.push_back(world.score(rule));
      const double threshold = conformal_threshold(scores, kAlpha);
      double covered = 0;
      for (int i = 0; i < kFresh; ++i) covered += world.score(rule) <= threshold;
      sum += covered / kFresh;
      squares += covered / kFresh * covered / kFresh;
    }
    const double mean = sum / kSets, variance = squares / kSets - mean * mean, truth = a / (a + b),
                 expected = truth * (1 - truth) * (a + b + kFresh) / (kFresh * (a + b + 1));
    EXPECT_NEAR(mean, truth, 3 * std::sqrt(expected / kSets));
    EXPECT_NEAR(variance / expected, 1, 4 * std::sqrt(2.0 / kSets));
  }
}

}  // namespace
}  // namespace assay::stats
