#include "assay/checks/focus/power.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "assay/base/seed.h"
#include "assay/stats/permutation.h"

namespace assay::checks {
namespace {

enum class Effects { kNormal, kHeavy, kClustered };

// Replies of a model that does not look at the region: the two differ by noise alone.
std::vector<Swap> swaps(Effects kind, int count, std::uint64_t seed) {
  std::vector<Swap> all;
  std::vector<double> of_cluster;
  Stream stream(seed, "swaps");
  for (int i = 0; i < count / 4 + 1; ++i) of_cluster.push_back(stream.normal());
  for (int i = 0; i < count; ++i) {
    Swap s;
    s.label = i % 3;
    s.donor_label = (i + 1) % 3;
    s.cluster = kind == Effects::kClustered ? i / 4 : i;
    const auto noise = [&] {
      double n = 0.3 * stream.normal();
      if (kind == Effects::kHeavy) n /= std::max(0.02, std::abs(stream.normal()));
      return n;
    };
    for (int k = 0; k < 3; ++k) {
      const double logit = (k == s.label ? 3.0 : 0.0) + stream.normal();
      s.same.push_back(static_cast<float>(logit + noise()));
      s.different.push_back(
          static_cast<float>(logit + noise() +
                             (kind == Effects::kClustered && k == s.label
                                  ? 0.5 * of_cluster[static_cast<std::size_t>(s.cluster)]
                                  : 0)));
    }
    all.push_back(std::move(s));
  }
  return all;
}

double margin(const std::vector<float>& logits, int label) {
  double other = -1e30;
  for (int k = 0; k < static_cast<int>(logits.size()); ++k)
    if (k != label) other = std::max(other, double{logits[static_cast<std::size_t>(k)]});
  return logits[static_cast<std::size_t>(label)] - other;
}

// Does the check's own test fire on these replies with a shortcut of strength s planted?
bool fires(const std::vector<Swap>& swaps, double s, std::uint64_t seed) {
  std::vector<double> effects;
  std::vector<std::int64_t> clusters;
  for (Swap swap : swaps) {
    swap.same[static_cast<std::size_t>(swap.label)] += static_cast<float>(s);
    swap.different[static_cast<std::size_t>(swap.donor_label)] += static_cast<float>(s);
    effects.push_back(margin(swap.same, swap.label) - margin(swap.different, swap.label));
    clusters.push_back(swap.cluster);
  }
  return stats::sign_flip_p(effects, clusters, {999, seed, "focus/invalid_reliance_p"}) <= 0.05;
}

struct Counts {
  int planted = 0, without = 0;
};

// Over 400 fresh seeds, each with pictures of its own: is the shortcut noticed that was said to be?
Counts counts(Effects kind, int count) {
  const auto found = power(swaps(kind, count, 1), {400, 5});
  Counts c;
  for (std::uint64_t seed = 100; seed < 500; ++seed) {
    // The roles of the replies are exchanged at random: no effect but the planted one.
    auto drawn = swaps(kind, count, 1);
    Stream stream(seed, "roles");
    std::vector<bool> turned;
    for (Swap& s : drawn) {
      while (turned.size() <= static_cast<std::size_t>(s.cluster)) turned.push_back(stream() & 1);
      if (turned[static_cast<std::size_t>(s.cluster)]) std::swap(s.same, s.different);
    }
    c.planted += fires(drawn, found->strength, seed);
    c.without += fires(drawn, 0, seed);
  }
  return c;
}

TEST(Power, NoticesWhatItClaimsToAndStaysSilentElse) {
  for (const Effects kind : {Effects::kNormal, Effects::kHeavy, Effects::kClustered}) {
    const Counts c = counts(kind, 80);
    EXPECT_GE(c.planted, 348) << static_cast<int>(kind);  // 87 % of 400
    EXPECT_LE(c.without, 28) << static_cast<int>(kind);   // 7 %
    std::printf("effects %d: planted %d of 400 noticed, %d of 400 without\n",
                static_cast<int>(kind), c.planted, c.without);
  }
}

TEST(Power, MorePicturesNoticeLess) {
  const auto few = power(swaps(Effects::kNormal, 20, 3), {200, 5});
  const auto many = power(swaps(Effects::kNormal, 320, 3), {200, 5});
  ASSERT_TRUE(few && many);
  EXPECT_LT(many->strength, 0.5 * few->strength);
  EXPECT_GT(many->reliance, 0);
  EXPECT_GE(many->detected, 0.85);
  EXPECT_LE(many->false_alarms, 0.12);
  // Far below the claim nothing is noticed: the claim is not merely safe.
  EXPECT_LT(detected_share(swaps(Effects::kNormal, 320, 3), many->strength / 2, {200, 5}), 0.7);
}

TEST(Power, TheNormalLimitAgreesWithTheSigns) {
  const auto signs = power(swaps(Effects::kNormal, 500, 3), {200, 5});
  const auto limit = power(swaps(Effects::kNormal, 525, 3), {200, 5});
  ASSERT_TRUE(signs && limit);
  EXPECT_NEAR(limit->strength / signs->strength, 1, 0.15);
}

TEST(Power, FourPicturesNoticeNothing) {
  EXPECT_FALSE(power(swaps(Effects::kNormal, 4, 3), {50, 5}));
  EXPECT_FALSE(power(swaps(Effects::kClustered, 16, 3), {50, 5}));
  EXPECT_TRUE(power(swaps(Effects::kNormal, 6, 3), {50, 5}));
}

}  // namespace
}  // namespace assay::checks
