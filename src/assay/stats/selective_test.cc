#include "assay/stats/selective.h"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/base/seed.h"

namespace assay::stats {
namespace {

// n rows whose chance of an error rises with their uncertainty, from 0 to `most`.
Doubt drawn(int n, double most, std::uint64_t seed) {
  Stream stream(seed, "selective test");
  Doubt doubt;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    doubt.uncertainty.push_back(u);
    doubt.wrong.push_back(stream.uniform() < most * u);
  }
  return doubt;
}

TEST(Selective, SmallCaseByHand) {
  // Surest first: right, wrong, right, wrong.
  const Doubt doubt{{0.4, 0.1, 0.3, 0.2}, {1, 0, 0, 1}, {}};
  const auto curve = risk_coverage(doubt);
  EXPECT_EQ(curve.coverage, (std::vector<double>{0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(curve.risk, (std::vector<double>{0, 0.5, 1.0 / 3, 0.5}));
  EXPECT_EQ(curve.threshold, (std::vector<double>{0.1, 0.2, 0.3, 0.4}));
  const auto m = selective_measures(doubt);
  EXPECT_NEAR(m.aurc, (0 + 0.5 + 1.0 / 3 + 0.5) / 4, 1e-15);
  EXPECT_NEAR(m.excess_aurc, m.aurc - (0 + 0 + 1.0 / 3 + 0.5) / 4, 1e-15);
  EXPECT_NEAR(*m.auroc, 0.75, 1e-15);
  EXPECT_EQ(answered_at(doubt, 0.5).size(), 2U);
}

TEST(Selective, AnUncertaintyThatSaysNothingHasTheErrorRate) {
  const Doubt doubt{{1, 1, 1, 1, 1}, {1, 0, 0, 1, 0}, {}};
  const auto m = selective_measures(doubt);
  EXPECT_NEAR(m.aurc, 0.4, 1e-15);
  EXPECT_NEAR(*m.auroc, 0.5, 1e-15);
  EXPECT_EQ(risk_coverage(doubt).risk.size(), 1U);
  EXPECT_EQ(answered_at(doubt, 0.2).size(), 5U);  // none is surer than another
  EXPECT_FALSE(selective_measures({{1, 2}, {0, 0}, {}}).auroc.has_value());
}

TEST(Selective, AurocIsTheShareOfOrderedPairs) {
  const Doubt doubt = drawn(60, 0.8, 3);
  double pairs = 0, ordered = 0;
  for (std::size_t i = 0; i < 60; ++i)
    for (std::size_t j = 0; j < 60; ++j)
      if (doubt.wrong[i] && !doubt.wrong[j]) {
        ++pairs;
        ordered += doubt.uncertainty[i] > doubt.uncertainty[j];
      }
  EXPECT_NEAR(*selective_measures(doubt).auroc, ordered / pairs, 1e-12);
}

// Of risks that rise as most · u, u uniform: risk(c) = most · c / 2, so that AURC = most / 4. The wrong ones' density is 2u, of the
// right ones (1 − most u) / (1 − most / 2).
TEST(Selective, IntervalsHoldTheTruth) {
  constexpr double kMost = 0.4, kAurc = kMost / 4;
  // ∫∫_{r<w} 2w (1 − m r)/(1 − m/2) = ∫ 2w (w − m w²/2)/(1 − m/2) = (2/3 − m/4)/(1 − m/2)
  const double auroc = (2.0 / 3 - kMost / 4) / (1 - kMost / 2);
  int below = 0, above = 0, auroc_below = 0, auroc_above = 0;
  constexpr int kSets = 200;
  for (int set = 0; set < kSets; ++set) {
    const Doubt doubt = drawn(150, kMost, 100 + static_cast<std::uint64_t>(set));
    const Resampling draws{200, static_cast<std::uint64_t>(set), "aurc"};
    const auto a = aurc_replicates(doubt, draws).values;
    ASSERT_EQ(a.size(), 200U);
    below += a[9] > kAurc;
    above += a[190] < kAurc;
    const auto r = auroc_replicates(doubt, draws).values;
    auroc_below += r[9] > auroc;
    auroc_above += r[190] < auroc;
  }
  // 5 % each, and four standard errors of so many sets.
  const int most = static_cast<int>(kSets * 0.05 + 4 * std::sqrt(kSets * 0.05 * 0.95));
  EXPECT_LE(below, most);
  EXPECT_LE(above, most);
  EXPECT_LE(auroc_below, most);
  EXPECT_LE(auroc_above, most);
}

TEST(Selective, OneClusterProvesNothing) {
  Doubt doubt = drawn(20, 0.5, 1);
  doubt.clusters.assign(20, 7);
  EXPECT_TRUE(aurc_replicates(doubt, {100, 1, "one"}).values.empty());
}

// The error rate of what is answered is above the one asked for in no more data sets than promised.
TEST(Selective, ThresholdKeepsItsPromise) {
  constexpr double kMost = 0.5, kWanted = 0.1, kConfidence = 0.9;
  int broken = 0, found = 0;
  constexpr int kSets = 400;
  for (int set = 0; set < kSets; ++set) {
    const auto t = abstain_threshold(drawn(2000, kMost, 5000 + static_cast<std::uint64_t>(set)),
                                     kWanted, kConfidence);
    if (!t) continue;
    ++found;
    EXPECT_LE(t->bound, kWanted);
    broken += kMost * t->threshold / 2 > kWanted;
  }
  EXPECT_GT(found, kSets / 2);
  EXPECT_LE(broken, static_cast<int>(kSets * 0.1 + 3 * std::sqrt(kSets * 0.09)));
  EXPECT_FALSE(abstain_threshold({{0.1, 0.2, 0.3}, {0, 0, 0}, {}}, 0.01, 0.95).has_value());
  // All may be answered where hardly any is wrong.
  EXPECT_EQ(abstain_threshold(drawn(500, 0, 9), 0.05, 0.95)->answered, 500);
}

}  // namespace
}  // namespace assay::stats
