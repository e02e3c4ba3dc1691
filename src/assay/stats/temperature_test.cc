#include "assay/stats/temperature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "assay/base/seed.h"
#include "assay/stats/bound.h"
#include "assay/stats/calibration.h"

namespace assay::stats {
namespace {

// Logits whose labels are drawn from softmax(logits / temperature): calibrated at exactly that
// temperature.
struct Sampler {
  std::vector<std::vector<float>> logits;
  Predictions predictions;

  Sampler(int rows, int classes, double temperature, std::uint64_t seed) {
    predictions.classes = classes;
    for (int i = 0; i < rows; ++i) {
      Stream stream(seed, "sampler", static_cast<std::uint64_t>(i));
      std::vector<float> z;
      double sum = 0;
      for (int c = 0; c < classes; ++c) {
        z.push_back(static_cast<float>(4 * stream.normal()));
        sum += std::exp(z.back() / temperature);
      }
      double left = stream.uniform() * sum;
      int label = 0;
      while (label < classes - 1 &&
             (left -= std::exp(z[static_cast<std::size_t>(label)] / temperature)) > 0)
        ++label;
      logits.push_back(std::move(z));
      predictions.labels.push_back(label);
    }
    predictions.rows.assign(logits.begin(), logits.end());
  }
};

TEST(Temperature, IsFoundForASamplerThatKnowsIt) {
  for (const double truth : {0.5, 1.0, 2.0, 8.0}) {
    const Sampler sampler(4000, 5, truth, 11);
    const auto fit = fit_temperature(sampler.predictions);
    ASSERT_TRUE(fit.ok()) << fit.problem;
    EXPECT_NEAR(fit.temperature, truth, 4 * fit.standard_error) << truth;
    EXPECT_LT(fit.standard_error / truth, 0.06) << truth;
  }
}

TEST(Temperature, StandardErrorCoversTheTruth) {
  constexpr int kSets = 200;
  int covered = 0;
  for (int s = 0; s < kSets; ++s) {
    const Sampler sampler(250, 4, 2, 1000 + static_cast<std::uint64_t>(s));
    const auto fit = fit_temperature(sampler.predictions);
    const Finding f =
        mean("t", {fit.temperature, fit.standard_error, fit.degrees_of_freedom}, "", 1);
    covered += f.interval->low <= 2 && 2 <= f.interval->high;
  }
  EXPECT_GE(covered, kSets * (0.95 - 3 * std::sqrt(0.95 * 0.05 / kSets)));
}

TEST(Temperature, CrossValidationMendsASamplerOfKnownTemperature) {
  const Sampler sampler(3000, 5, 2, 5);
  const auto all = fit_temperature(sampler.predictions);
  const auto folds = cross_validate(sampler.predictions, all, {5, 1});
  ASSERT_TRUE(folds.ok()) << folds.problem;
  ASSERT_EQ(folds.temperature.size(), 5u);
  for (const double t : folds.temperature) EXPECT_NEAR(t, 2, 5 * all.standard_error);

  const auto bins = [](const TopLabel& top) {
    return expected_error(cells_of(top, equal_width_bins(top.confidence, 15), 15));
  };
  const auto before = measure_calibration(sampler.predictions, 15);
  EXPECT_GT(before.ece, 0.1);
  EXPECT_LT(bins(folds.top), 0.035);  // noise alone makes about 0.02 here
  double after = 0, at_truth = 0;
  Softmax softmax(sampler.predictions);
  for (std::size_t i = 0; i < 3000; ++i) {
    after += folds.nll[i] / 3000;
    softmax(i, 0.5);
    at_truth -= softmax.log_probability(sampler.predictions.labels[i]) / 3000;
  }
  EXPECT_LT(after, before.nll_mean);
  // Held-out rows pay for the fit: never below the truth's loss by more than chance, and by far
  // less than 1 % above.
  EXPECT_NEAR(after, at_truth, 0.01 * at_truth);
}

TEST(Temperature, NoRowIsScoredByATemperatureThatItHelpedToFit) {
  // One row shouts nonsense; only the folds without it in training keep the others' temperature.
  Sampler sampler(400, 3, 1, 5);
  sampler.logits[7] = {60, 0, 0};
  sampler.predictions.labels[7] = 1;
  sampler.predictions.rows.assign(sampler.logits.begin(), sampler.logits.end());
  const auto all = fit_temperature(sampler.predictions);
  const auto folds = cross_validate(sampler.predictions, all, {4, 1});
  ASSERT_TRUE(folds.ok());
  std::vector<double> t = folds.temperature;
  std::sort(t.begin(), t.end());
  EXPECT_LT(t[0], 0.8 * t[1]);  // the one fit that did not see the row
  const double own = -std::log(folds.top.confidence[7]);
  EXPECT_NEAR(folds.nll[7], 60 / t[0], 1e-6);
  EXPECT_LT(own, 1e-6);
}

TEST(Temperature, ClustersAreNeverSplitOverFolds) {
  Sampler sampler(300, 3, 1, 5);
  for (int i = 0; i < 300; ++i) sampler.predictions.clusters.push_back(i / 30);  // 10 clusters
  const auto all = fit_temperature(sampler.predictions);
  const auto folds = cross_validate(sampler.predictions, all, {5, 1});
  ASSERT_TRUE(folds.ok()) << folds.problem;
  Softmax softmax(sampler.predictions);
  for (int g = 0; g < 10; ++g) {
    int matching = 0;  // folds whose temperature explains every row of the cluster
    for (const double t : folds.temperature) {
      bool explains = true;
      for (std::size_t i = 30 * static_cast<std::size_t>(g);
           i < 30 * (static_cast<std::size_t>(g) + 1); ++i) {
        softmax(i, 1 / t);
        explains = explains && std::abs(-softmax.log_probability(sampler.predictions.labels[i]) -
                                        folds.nll[i]) < 1e-9;
      }
      matching += explains;
    }
    EXPECT_EQ(matching, 1) << g;
  }
  EXPECT_FALSE(cross_validate(sampler.predictions, all, {6, 1}).ok());
}

TEST(Temperature, SaysWhyThereIsNone) {
  Predictions p;
  p.classes = 2;
  const std::vector<float> sure{3, 0}, flat{0, 0},
      infinite{0, -std::numeric_limits<float>::infinity()};
  const auto problem = [&](std::vector<std::span<const float>> rows, std::vector<int> labels) {
    p.rows = std::move(rows);
    p.labels = std::move(labels);
    const auto fit = fit_temperature(p);
    EXPECT_FALSE(cross_validate(p, fit, {2, 0}).ok());
    return fit.problem;
  };
  EXPECT_EQ(problem({sure, sure}, {0, 0}),
            "every label is its row's top class: the best temperature is 0");
  EXPECT_EQ(problem({sure, sure}, {1, 1}),
            "the labels fit best without any confidence: the best temperature is infinite");
  EXPECT_EQ(problem({sure, infinite}, {0, 1}),
            "a label has probability 0, which no temperature mends");
  EXPECT_NE(problem({flat, flat}, {0, 1}), "");
  EXPECT_EQ(problem({sure}, {0}), "fewer than two rows");
  EXPECT_EQ(problem({}, {}), "fewer than two rows");
}

TEST(Temperature, AProbabilityOfZeroElsewhereDoesNoHarm) {
  Sampler sampler(500, 3, 2, 5);
  const auto before = fit_temperature(sampler.predictions);
  for (auto& z : sampler.logits) z.push_back(-std::numeric_limits<float>::infinity());
  sampler.predictions.classes = 4;
  sampler.predictions.rows.assign(sampler.logits.begin(), sampler.logits.end());
  EXPECT_NEAR(fit_temperature(sampler.predictions).temperature, before.temperature, 1e-9);
}

}  // namespace
}  // namespace assay::stats
