#include "assay/stats/confusion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "assay/stats/bound.h"
#include "assay/stats/interval.h"

namespace assay::stats {
namespace {

Finding found(double value, Replicates r) { return bootstrapped("x", value, std::move(r), 1); }

const std::vector<int> kTruth{0, 0, 0, 0, 1, 1, 2, 2, 2, 2};
const std::vector<int> kPredicted{0, 0, 0, 1, 1, 0, 2, 2, 2, kNoAnswer};

TEST(Confusion, CountsByHand) {
  const Confusion m = confusion_of(4, kTruth, kPredicted);
  EXPECT_EQ(m.right, (std::vector<std::int64_t>{3, 1, 3, 0}));
  EXPECT_EQ(m.actual, (std::vector<std::int64_t>{4, 2, 4, 0}));
  EXPECT_EQ(m.predicted, (std::vector<std::int64_t>{4, 2, 3, 0}));
  EXPECT_EQ(m.rows, 10);
  EXPECT_EQ(m.rows_right, 7);
  ASSERT_EQ(m.cells.size(), 6u);
  EXPECT_EQ(m.cells.front().count, 3);
  EXPECT_DOUBLE_EQ(balanced_accuracy(m), (0.75 + 0.5 + 0.75) / 3);
  EXPECT_DOUBLE_EQ(f1(m, 0), 6.0 / 8);
  EXPECT_DOUBLE_EQ(f1(m, 2), 6.0 / 7);
  EXPECT_TRUE(std::isnan(f1(m, 3)));
  EXPECT_TRUE(std::isnan(balanced_accuracy(confusion_of(2, {}, {}))));
}

TEST(Confusion, OfOneClassIsAProportion) {
  const std::vector<int> truth(40, 0);
  std::vector<int> predicted(40, 0);
  predicted[3] = predicted[7] = 1;
  const auto draws = bootstrap_by_class(confusion_of(2, truth, predicted), {20000, 1, "test"});
  const Finding f = found(0.95, draws.balanced_accuracy);
  EXPECT_NEAR(lower_bound(f, 0.95), clopper_pearson_lower({38, 40}, 0.95), 5e-3);
  EXPECT_NEAR(upper_bound(f, 0.95), clopper_pearson_upper({38, 40}, 0.95), 5e-3);
}

TEST(Confusion, WithoutAnErrorTheBoundIsTheWorstThatTheRowsAllow) {
  // Equal classes: the same as one class with all rows. Unequal ones: the least favourable recalls.
  std::vector<int> equal;
  for (int c = 0; c < 10; ++c) equal.insert(equal.end(), 3, c);
  auto draws = bootstrap_by_class(confusion_of(10, equal, equal), {20000, 1, "test"});
  EXPECT_NEAR(lower_bound(found(1, draws.balanced_accuracy), 0.95), std::pow(0.05, 1.0 / 30), 3e-3);

  std::vector<int> unequal(1, 0);
  unequal.insert(unequal.end(), 1000, 1);
  draws = bootstrap_by_class(confusion_of(2, unequal, unequal), {20000, 1, "test"});
  // Class 0 may be right with probability 0.05 only: (0.05 + 1) / 2.
  EXPECT_NEAR(lower_bound(found(1, draws.balanced_accuracy), 0.95), 0.525, 5e-3);
}

TEST(Confusion, AbsentClassesHaveNoDrawsAndCountForNothing) {
  const auto draws = bootstrap_by_class(confusion_of(4, kTruth, kPredicted), {100, 1, "test"});
  EXPECT_EQ(draws.f1.size(), 4u);
  EXPECT_TRUE(draws.f1[3].values.empty());
  EXPECT_EQ(draws.f1[0].values.size(), 100u);
  EXPECT_TRUE(bootstrap_by_class(confusion_of(2, {}, {}), {100, 1, "test"})
                  .balanced_accuracy.values.empty());
}

TEST(Confusion, ClustersOfOneRowSayTheSameAsRows) {
  std::vector<int> truth, predicted;
  std::vector<std::int64_t> clusters;
  Stream stream(2, "test");
  for (int i = 0; i < 400; ++i) {
    truth.push_back(i % 4);
    predicted.push_back(stream.uniform() < 0.8 ? i % 4 : static_cast<int>(stream.below(4)));
    clusters.push_back(i);
  }
  const Confusion m = confusion_of(4, truth, predicted);
  const auto rows = bootstrap_by_class(m, {1000, 1, "test"});
  const auto groups = bootstrap_by_cluster(4, truth, predicted, clusters, {1000, 1, "test"});
  const auto width = [](const Replicates& r) {
    const Finding f = found(0.5, r);
    return upper_bound(f, 0.95) - lower_bound(f, 0.95);
  };
  EXPECT_NEAR(width(groups.balanced_accuracy) / width(rows.balanced_accuracy), 1, 0.1);
  EXPECT_NEAR(width(groups.f1[1]) / width(rows.f1[1]), 1, 0.2);
}

TEST(Confusion, OneClusterTellsNothing) {
  const std::vector<std::int64_t> one(10, 5);
  const auto draws = bootstrap_by_cluster(4, kTruth, kPredicted, one, {100, 1, "test"});
  EXPECT_TRUE(draws.balanced_accuracy.values.empty());
  EXPECT_TRUE(draws.f1[0].values.empty());
}

// Simulated data sets: is the truth inside as often as the level says? The allowance is three
// binomial standard errors.
struct Scene {
  const char* name;
  int classes;
  std::vector<int> rows;       // a class
  std::vector<double> recall;  // a class; the errors go to the next class
  int cluster_size = 1;        // rows of a cluster share their fate and their class
};

struct Coverage {
  double balanced_low = 0, balanced_high = 0, f1_low = 0, f1_high = 0;
};

Coverage simulate(const Scene& scene, int sets, int replicates) {
  double balanced = 0;
  for (const double r : scene.recall) balanced += r / scene.classes;
  const double right = scene.rows[0] * scene.recall[0];
  const auto last = static_cast<std::size_t>(scene.classes - 1);
  const double f1_truth =
      2 * right / (scene.rows[0] + right + scene.rows[last] * (1 - scene.recall[last]));
  Coverage c;
  for (int s = 0; s < sets; ++s) {
    Stream stream(77, scene.name, static_cast<std::uint64_t>(s));
    std::vector<int> truth, predicted;
    std::vector<std::int64_t> clusters;
    std::int64_t cluster = 0;
    for (int k = 0; k < scene.classes; ++k) {
      int answer = k;
      for (int i = 0; i < scene.rows[static_cast<std::size_t>(k)]; ++i) {
        if (i % scene.cluster_size == 0) {
          ++cluster;
          answer = stream.uniform() < scene.recall[static_cast<std::size_t>(k)]
                       ? k
                       : (k + 1) % scene.classes;
        }
        truth.push_back(k);
        predicted.push_back(answer);
        clusters.push_back(cluster);
      }
    }
    const Resampling resampling{replicates, static_cast<std::uint64_t>(s), "test"};
    auto draws =
        scene.cluster_size > 1
            ? bootstrap_by_cluster(scene.classes, truth, predicted, clusters, resampling)
            : bootstrap_by_class(confusion_of(scene.classes, truth, predicted), resampling);
    const Finding b = found(0.5, std::move(draws.balanced_accuracy));
    const Finding f = found(0.5, std::move(draws.f1[0]));
    c.balanced_low += lower_bound(b, 0.95) <= balanced;
    c.balanced_high += upper_bound(b, 0.95) >= balanced;
    c.f1_low += lower_bound(f, 0.95) <= f1_truth;
    c.f1_high += upper_bound(f, 0.95) >= f1_truth;
  }
  return {c.balanced_low / sets, c.balanced_high / sets, c.f1_low / sets, c.f1_high / sets};
}

TEST(Confusion, BoundsCoverBalancedAccuracyAndF1) {
  const std::vector<double> good{0.99, 0.98, 0.97, 0.99, 0.96}, fair{0.9, 0.8, 0.95, 0.7, 0.85};
  std::vector<int> ones(40, 1);
  const Scene scenes[] = {
      {"200 rows, good", 5, {40, 40, 40, 40, 40}, good},
      {"200 rows, fair", 5, {40, 40, 40, 40, 40}, fair},
      {"200 rows, unequal", 5, {5, 15, 40, 60, 80}, fair},
      {"2000 rows, good", 5, {400, 400, 400, 400, 400}, good},
      {"2000 rows, fair, unequal", 5, {50, 150, 400, 600, 800}, fair},
      {"40 classes of one row", 40, ones, std::vector<double>(40, 0.8)},
      {"200 rows in 50 clusters", 5, {40, 40, 40, 40, 40}, fair, 4},
  };
  constexpr int kSets = 300;
  const double allowed = 0.95 - 3 * std::sqrt(0.95 * 0.05 / kSets);
  for (const auto& scene : scenes) {
    const Coverage c = simulate(scene, kSets, 199);
    EXPECT_GE(c.balanced_low, allowed) << scene.name;
    EXPECT_GE(c.balanced_high, allowed) << scene.name;
    EXPECT_GE(c.f1_low, allowed) << scene.name;
    EXPECT_GE(c.f1_high, allowed) << scene.name;
  }
}

}  // namespace
}  // namespace assay::stats
