#include "assay/stats/spectral.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {
namespace {

SpectralClusters clusters(const std::vector<double>& points, std::size_t dimensions, int most = 8,
                          int neighbours = 0) {
  return spectral_clusters(points, dimensions, {neighbours, most, 3, "test"});
}

std::vector<double> blobs(const std::vector<std::pair<double, double>>& middles,
                          const std::vector<int>& sizes) {
  std::vector<double> points;
  Stream stream(7, "blobs");
  for (std::size_t b = 0; b < middles.size(); ++b)
    for (int i = 0; i < sizes[b]; ++i) {
      points.push_back(middles[b].first + stream.normal());
      points.push_back(middles[b].second + stream.normal());
    }
  return points;
}

TEST(Spectral, FindsAsManyClustersAsThereAreTheLargestFirst) {
  const auto found = clusters(blobs({{0, 0}, {30, 0}, {0, 30}}, {15, 40, 25}), 2);
  ASSERT_EQ(found.count, 3);
  for (int i = 0; i < 80; ++i)
    EXPECT_EQ(found.of_point[static_cast<std::size_t>(i)], i < 15 ? 2 : i < 55 ? 0 : 1) << i;
  EXPECT_NEAR(found.eigenvalues[2], 0, 1e-9);
  EXPECT_GT(found.eigenvalues[3], 0.01);
}

TEST(Spectral, OneHeapIsOneCluster) { EXPECT_EQ(clusters(blobs({{0, 0}}, {100}), 2).count, 1); }

TEST(Spectral, FollowsShapesThatMeansDoNot) {
  // A ring round a heap.
  std::vector<double> points = blobs({{0, 0}}, {40});
  for (int i = 0; i < 80; ++i) {
    points.push_back(12 * std::cos(0.0785398 * i));
    points.push_back(12 * std::sin(0.0785398 * i));
  }
  const auto found = clusters(points, 2, 8, 20);
  ASSERT_EQ(found.count, 2);
  std::set<int> heap(found.of_point.begin(), found.of_point.begin() + 40);
  std::set<int> ring(found.of_point.begin() + 40, found.of_point.end());
  EXPECT_EQ(heap, std::set<int>{1});
  EXPECT_EQ(ring, std::set<int>{0});
}

TEST(Spectral, TakesFewPointsAndEqualOnes) {
  EXPECT_EQ(clusters({}, 2).count, 0);
  EXPECT_EQ(clusters({1, 2}, 2).count, 1);
  EXPECT_EQ(clusters({1, 2, 3, 4}, 2).count, 1);
  EXPECT_EQ(clusters(std::vector<double>(20, 1.0), 2).of_point.size(), 10u);
  EXPECT_THROW(clusters({1, 2, 3}, 2), BugError);
}

TEST(Spectral, GivesTheSameForTheSameSeed) {
  const auto points = blobs({{0, 0}, {5, 0}}, {30, 30});
  EXPECT_EQ(clusters(points, 2).of_point, clusters(points, 2).of_point);
}

}  // namespace
}  // namespace assay::stats
