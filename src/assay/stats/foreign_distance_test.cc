#include "assay/stats/foreign_distance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/base/seed.h"

namespace assay::stats {
namespace {

TEST(KnownFeatures, ManyVectorsGiveTheDistanceOfTheirLaw) {
  // Two classes at ±(4, 0, 0), deviations 1, 2, 0.5.
  Stream stream(3, "known features");
  std::vector<std::vector<float>> features;
  std::vector<int> labels;
  for (int i = 0; i < 4000; ++i) {
    const int label = i % 2;
    features.push_back({static_cast<float>((label == 0 ? -4 : 4) + stream.normal()),
                        static_cast<float>(2 * stream.normal()),
                        static_cast<float>(0.5 * stream.normal())});
    labels.push_back(label);
  }
  const KnownFeatures known(features, labels);
  EXPECT_LT(known.shrinkage(), 0.01);
  const std::vector<float> between{0, 0, 0}, off{4, 4, 1};
  EXPECT_NEAR(known.mahalanobis(between), 16, 1);
  EXPECT_NEAR(known.mahalanobis(off), 4 + 4, 0.5);
}

TEST(KnownFeatures, MoreFeaturesThanVectorsAreShrunk) {
  Stream stream(4, "known features");
  std::vector<std::vector<float>> features;
  std::vector<int> labels;
  for (int i = 0; i < 20; ++i) {
    std::vector<float> f;
    for (int c = 0; c < 50; ++c) f.push_back(static_cast<float>(stream.normal()));
    features.push_back(f);
    labels.push_back(i % 3);
  }
  const KnownFeatures known(features, labels);
  EXPECT_GT(known.shrinkage(), 0.3);
  EXPECT_LE(known.shrinkage(), 1);
  EXPECT_TRUE(std::isfinite(known.mahalanobis(features[0])));
  std::vector<float> far(50, 10);
  EXPECT_GT(known.mahalanobis(far), 10 * known.mahalanobis(features[0]));
}

TEST(KnownFeatures, NeighboursAreThoseOfTheDirections) {
  const KnownFeatures known({{2, 0}, {0, 5}, {3, 3}}, std::vector<int>{0, 1, 0});
  const std::vector<float> x{10, 0};
  EXPECT_NEAR(known.nearest(x, 1), 0, 1e-12);
  EXPECT_NEAR(known.nearest(x, 2), std::sqrt(2 - std::sqrt(2)), 1e-7);
  EXPECT_NEAR(known.nearest(x, 9), std::sqrt(2), 1e-7);  // the last that there is
}

}  // namespace
}  // namespace assay::stats
