#include "assay/base/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace assay {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox4x32({f, f, f, f}, {f, f}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Stream, DependsOnSeedPurposeAndItemAndOnNothingElse) {
  Stream a(7, "noise", 3), b(7, "noise", 3);
  EXPECT_EQ(a(), b());
  EXPECT_EQ(a(), b());
  std::set<std::uint64_t> firsts{Stream(7, "noise", 3)(), Stream(8, "noise", 3)(),
                                 Stream(7, "blur", 3)(), Stream(7, "noise", 4)()};
  EXPECT_EQ(firsts.size(), 4u);
}

TEST(Stream, DrawsUniformAndNormalNumbersOfTheRightMoments) {
  Stream stream(1, "moments");
  constexpr int kDraws = 200000;
  double mean = 0, normal_mean = 0, normal_square = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    mean += u / kDraws;
    const double z = stream.normal();
    normal_mean += z / kDraws;
    normal_square += z * z / kDraws;
  }
  EXPECT_NEAR(mean, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(normal_mean, 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(normal_square, 1, 4 * std::sqrt(2.0 / kDraws));
}

TEST(Stream, DrawsIntegersWithoutBiasBelowAnyBound) {
  Stream stream(1, "integers");
  std::vector<int> counts(3);
  for (int i = 0; i < 30000; ++i) ++counts[stream.below(3)];
  for (const int c : counts) EXPECT_NEAR(c, 10000, 4 * std::sqrt(30000 * 2.0 / 9));
  EXPECT_EQ(stream.below(1), 0u);
}

TEST(Stream, FillsWithNormalDrawsThatDependOnTheStreamAlone) {
  std::vector<float> values(200001), again(7);
  Stream stream(3, "fill", 4), same(3, "fill", 4);
  stream.fill_normal(values);
  same.fill_normal(again);
  double mean = 0, square = 0, fourth = 0, beyond = 0, neighbours = 0;
  const auto n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = static_cast<double>(values[i]);
    mean += z / n;
    square += z * z / n;
    fourth += z * z * z * z / n;
    beyond += (std::abs(z) > 1.959964) / n;
    if (i > 0) neighbours += z * static_cast<double>(values[i - 1]) / n;
  }
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(n));
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2 / n));
  EXPECT_NEAR(fourth, 3, 4 * std::sqrt(96 / n));
  EXPECT_NEAR(beyond, 0.05, 4 * std::sqrt(0.05 * 0.95 / n));
  EXPECT_NEAR(neighbours, 0, 4 / std::sqrt(n));
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(again[i], values[i]);
}

}  // namespace
}  // namespace assay
