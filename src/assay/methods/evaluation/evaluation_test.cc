// The figures by which maps are judged, on maps and models whose figures are known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "assay/base/error.h"
#include "assay/methods/evaluation/completeness.h"
#include "assay/methods/evaluation/controls.h"
#include "assay/methods/evaluation/infidelity.h"
#include "assay/methods/evaluation/localisation.h"
#include "assay/methods/evaluation/randomisation.h"
#include "assay/methods/evaluation/ranking.h"
#include "assay/methods/evaluation/removal.h"
#include "assay/methods/evaluation/sensitivity.h"
#include "assay/methods/evaluation/sparseness.h"

namespace assay::methods {
namespace {

using Doubles = std::vector<double>;

at::Tensor square(std::vector<float> values, std::int64_t height, std::int64_t width) {
  return at::tensor(values).reshape({height, width});
}

at::Tensor waves(std::vector<std::int64_t> shape, double frequency) {
  std::int64_t count = 1;
  for (const std::int64_t d : shape) count *= d;
  return at::arange(count, at::kDouble).mul(frequency).sin().to(at::kFloat).reshape(shape);
}

TEST(Ranking, GoesFromTheHighestValueToTheLowest) {
  const Ranking order = ranking(square({0.5f, -1, 3, 2, -7, 0}, 2, 3), Stream(1, "ties"));
  EXPECT_EQ(order, (Ranking{2, 3, 0, 5, 1, 4}));
}

TEST(Ranking, GivesEqualPixelsNoPlaceOfTheirOwn) {
  // Of 16 equal pixels each comes first in a sixteenth of the draws: 4000 draws, five deviations.
  Doubles first(16, 0);
  for (std::uint64_t i = 0; i < 4000; ++i)
    ++first[static_cast<std::size_t>(ranking(at::zeros({4, 4}), Stream(1, "ties", i)).front())];
  for (const double count : first) EXPECT_NEAR(count, 250, 5 * std::sqrt(250 * 15.0 / 16));
}

TEST(Ranking, BringsALayersMapToThePixelsCellByCell) {
  const at::Tensor over = over_pixels(square({0, 1}, 1, 2).unsqueeze(0), 2, 4)[0];
  // Cell centres lie at pixels 0.5 and 2.5.
  EXPECT_TRUE(at::allclose(over, square({0, 0.25f, 0.75f, 1, 0, 0.25f, 0.75f, 1}, 2, 4)));
}

TEST(Removal, TakesTheShareFromTheEndThatIsAskedFor) {
  const Ranking order{3, 1, 0, 2};
  EXPECT_EQ(removed(order, Order::kMostRelevantFirst, 0.5), (PixelMask{0, 1, 0, 1}));
  EXPECT_EQ(removed(order, Order::kLeastRelevantFirst, 0.5), (PixelMask{1, 0, 1, 0}));
  EXPECT_EQ(removed(order, Order::kMostRelevantFirst, 0), (PixelMask{0, 0, 0, 0}));
  EXPECT_EQ(removed(order, Order::kLeastRelevantFirst, 1), (PixelMask{1, 1, 1, 1}));
}

TEST(Removal, ReplacesTheRemovedPixelsInEveryChannel) {
  const at::Tensor picture = waves({1, 3, 2, 2}, 1), by = at::full({1, 3, 2, 2}, 9.f);
  const at::Tensor got = replaced(picture, {0, 1, 0, 0}, by);
  EXPECT_TRUE(at::equal(got.select(2, 1), picture.select(2, 1)));
  EXPECT_TRUE(at::equal(got.select(2, 0).select(2, 0), picture.select(2, 0).select(2, 0)));
  EXPECT_TRUE(at::equal(got.select(2, 0).select(2, 1), by.select(2, 0).select(2, 1)));
}

TEST(Removal, ImputesTheWeightedMeanOfTheNeighbours) {
  const at::Tensor picture = waves({1, 2, 3, 3}, 2.1);
  const at::Tensor got = imputed(picture, {0, 0, 0, 0, 1, 0, 0, 0, 0});
  for (std::int64_t c = 0; c < 2; ++c) {
    const float* p = picture.data_ptr<float>() + 9 * c;
    const double wanted = (p[1] + p[3] + p[5] + p[7]) / 6 + (p[0] + p[2] + p[6] + p[8]) / 12;
    EXPECT_NEAR(got[0][c][1][1].item<double>(), wanted, 1e-6);
    EXPECT_EQ(got[0][c][0][2].item<float>(), p[2]);
  }
  EXPECT_THROW(imputed(picture, PixelMask(9, 1)), InputError);
}

TEST(Removal, AreasAndGapsAreThoseByHand) {
  EXPECT_DOUBLE_EQ(area(Doubles{1, 0}), 0.5);
  EXPECT_DOUBLE_EQ(area(Doubles{1, 0.5, 0.25, 0}), (0.5 + 0.5 + 0.25) / 3);
  EXPECT_DOUBLE_EQ(mean_gap(Doubles{1, 0.5}, Doubles{0.5, 0.25}), 0.375);
}

// f(x) = Σ w x on one channel, where every removal curve is a sum of what was removed.
class LinearModel : public testing::Test {
 protected:
  static constexpr std::int64_t kSide = 6, kPixels = kSide * kSide;
  const at::Tensor weights_ = waves({1, 1, kSide, kSide}, 0.9);
  const at::Tensor picture_ = waves({1, 1, kSide, kSide}, 2.3);
  const at::Tensor baseline_ = at::full({1, 1, kSide, kSide}, 0.2f);
  const at::Tensor shares_ = (weights_ * (picture_ - baseline_))[0][0];

  double score(const at::Tensor& picture) const {
    return (weights_ * picture).to(at::kDouble).sum().item<double>();
  }
  Doubles curve(const Ranking& order, Order from) const {
    Doubles scores;
    for (std::int64_t k = 0; k <= kPixels; ++k)
      scores.push_back(score(
          replaced(picture_, removed(order, from, static_cast<double>(k) / kPixels), baseline_)));
    return scores;
  }
  Doubles sorted_shares() const {
    const at::Tensor values = std::get<0>(at::sort(shares_.to(at::kDouble).flatten(), 0, true));
    return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
  }
};

TEST_F(LinearModel, DeletionCurveIsTheScoreLessTheLargestShares) {
  const Ranking order = ranking(shares_, Stream(1, "ties"));
  const Doubles largest = sorted_shares(), got = curve(order, Order::kMostRelevantFirst);
  double wanted = score(picture_);
  for (std::size_t k = 0; k < got.size(); ++k) {
    EXPECT_NEAR(got[k], wanted, 1e-5) << k;
    if (k < largest.size()) wanted -= largest[k];
  }
  EXPECT_NEAR(got.back(), score(baseline_), 1e-5);
  // No other order deletes faster.
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Ranking other = ranking(random_map(kSide, kSide, Stream(2, "map", i)), Stream(2, "ties"));
    EXPECT_LT(area(got), area(curve(other, Order::kMostRelevantFirst)));
  }
}

TEST_F(LinearModel, InsertionCurveIsTheLeastRelevantFirstCurveFromItsEnd) {
  const Ranking order = ranking(shares_, Stream(1, "ties"));
  const Doubles largest = sorted_shares(), least_first = curve(order, Order::kLeastRelevantFirst);
  double wanted = score(baseline_);
  for (std::size_t k = 0; k < least_first.size(); ++k) {
    EXPECT_NEAR(least_first[least_first.size() - 1 - k], wanted, 1e-5) << k;
    if (k < largest.size()) wanted += largest[k];
  }
}

TEST_F(LinearModel, ExactMapsAreOfNoInfidelity) {
  Doubles by_shares, by_slopes, reversed, seen;
  Stream stream(3, "squares");
  for (int i = 0; i < 40; ++i) {
    const PixelMask covered = random_square(kSide, kSide, stream);
    seen.push_back(score(picture_) - score(replaced(picture_, covered, baseline_)));
    by_shares.push_back(foretold_by_shares(shares_, covered));
    by_slopes.push_back(foretold_by_slopes(weights_[0], (picture_ - baseline_)[0], covered));
    reversed.push_back(-by_shares.back());
  }
  EXPECT_NEAR(infidelity(by_shares, seen), 0, 1e-10);
  EXPECT_NEAR(infidelity(by_slopes, seen), 0, 1e-10);
  EXPECT_NEAR(*scaled_infidelity(by_shares, seen), 0, 1e-10);
  EXPECT_EQ(*scaled_infidelity(reversed, seen), 1);
  EXPECT_NEAR(*completeness_gap(shares_, score(picture_) - score(baseline_)), 0, 1e-5);
}

TEST(Infidelity, IsTheErrorLeftByTheBestFactor) {
  const Doubles foretold{1, 2, -1}, seen{3, 1, 1};
  EXPECT_DOUBLE_EQ(infidelity(foretold, seen), (4 + 1 + 4) / 3.0);
  // β = 4/6 by least squares; of 11 remains 11 − 16/6.
  EXPECT_DOUBLE_EQ(*scaled_infidelity(foretold, seen), 1 - 16.0 / 66);
  const Doubles larger{100, 200, -100};
  EXPECT_DOUBLE_EQ(*scaled_infidelity(larger, seen), 1 - 16.0 / 66);
  EXPECT_EQ(*scaled_infidelity(Doubles{0, 0, 0}, seen), 1);
  EXPECT_FALSE(scaled_infidelity(foretold, Doubles{0, 0, 0}));
}

TEST(Infidelity, SquaresAreOfEverySizePromisedAndLieInside) {
  Stream stream(1, "squares");
  std::size_t smallest = 10000, largest = 0;
  Doubles times(40 * 60, 0);
  for (int i = 0; i < 500; ++i) {
    const PixelMask mask = random_square(40, 60, stream);
    const auto count = static_cast<std::size_t>(std::accumulate(mask.begin(), mask.end(), 0));
    smallest = std::min(smallest, count);
    largest = std::max(largest, count);
    for (std::size_t p = 0; p < mask.size(); ++p) times[p] += mask[p];
  }
  EXPECT_EQ(smallest, 16u);  // a tenth of 40 px
  EXPECT_GE(largest, 361u);
  EXPECT_LE(largest, 400u);                         // half of 40 px
  double top = 0, bottom = 0, left = 0, right = 0;  // every border is reached
  for (std::size_t x = 0; x < 60; ++x) top += times[x], bottom += times[39 * 60 + x];
  for (std::size_t y = 0; y < 40; ++y) left += times[y * 60], right += times[y * 60 + 59];
  for (const double border : {top, bottom, left, right}) EXPECT_GT(border, 0);
}

TEST(Completeness, IsTheMissingShareOfTheRise) {
  EXPECT_DOUBLE_EQ(*completeness_gap(square({1, 2, 3, 4}, 2, 2), 8), 0.25);
  EXPECT_DOUBLE_EQ(*completeness_gap(square({1, 2, 3, 4}, 2, 2), -10), 2);
  EXPECT_FALSE(completeness_gap(square({1, 2, 3, 4}, 2, 2), 0));
}

TEST(Sparseness, IsTheGiniIndex) {
  at::Tensor one_hot = at::zeros({5, 4});
  one_hot.data_ptr<float>()[7] = -3;
  EXPECT_DOUBLE_EQ(*gini(one_hot), 1 - 1.0 / 20);
  EXPECT_NEAR(*gini(at::full({5, 4}, 0.3f)), 0, 1e-12);
  EXPECT_DOUBLE_EQ(*gini(square({4, -1, 3, 2}, 2, 2)), 0.25);
  EXPECT_FALSE(gini(at::zeros({2, 2})));
}

TEST(Sensitivity, IsTheRelativeChangeOfTheMap) {
  const at::Tensor map = square({3, 4, 0, 0}, 2, 2);
  EXPECT_DOUBLE_EQ(*relative_change(map, map), 0);
  EXPECT_DOUBLE_EQ(*relative_change(map, square({3, 4, 0, 5}, 2, 2)), 1);
  EXPECT_FALSE(relative_change(at::zeros({2, 2}), map));
}

TEST(Sensitivity, MovesEveryNumberEvenlyWithinTheRadius) {
  const at::Tensor picture = waves({1, 3, 40, 40}, 1);
  const at::Tensor away = jittered(picture, 0.1, Stream(1, "jitter")) - picture;
  EXPECT_LE(at::max(at::abs(away)).item<double>(), 0.1 + 1e-6);
  EXPECT_NEAR(away.mean().item<double>(), 0, 5 * 0.1 / std::sqrt(3.0 * 4800));
  EXPECT_NEAR((away * away).mean().item<double>(), 0.01 / 3, 0.0003);
}

TEST(Randomisation, EntropyIsThatOfTheHistogram) {
  EXPECT_EQ(histogram_entropy(at::full({3, 3}, 2.f)), 0);
  EXPECT_NEAR(histogram_entropy(square({0, 0, 1, 1}, 2, 2)), std::log(2), 1e-12);
  EXPECT_NEAR(histogram_entropy(at::arange(1000, at::kFloat)), std::log(100), 1e-12);
  EXPECT_NEAR(histogram_entropy(square({0, 1, 2, 3}, 2, 2), 2), std::log(2), 1e-12);
  EXPECT_NEAR(*complexity_rise(square({0, 0, 1, 1}, 2, 2), square({0, 1, 2, 3}, 2, 2)), 1, 1e-12);
  EXPECT_FALSE(complexity_rise(at::zeros({2, 2}), square({0, 1, 2, 3}, 2, 2)));
}

TEST(Randomisation, RankCorrelationIsSpearmans) {
  const at::Tensor a = square({1, 2, 3, 4, 5, 6}, 2, 3), b = square({2, 1, 9, 4, 70, 6}, 2, 3);
  // 1 − 6 Σ d² / (n (n² − 1)) with ranks 2 1 5 3 6 4
  EXPECT_NEAR(*rank_correlation(a, b), 1 - 6 * (1 + 1 + 4 + 1 + 1 + 4) / (6 * 35.0), 1e-12);
  EXPECT_NEAR(*rank_correlation(a, -a), -1, 1e-12);
  // Ranks 1 2.5 2.5 4 against 1 4 2.5 2.5.
  EXPECT_NEAR(*rank_correlation(square({1, 2, 2, 3}, 2, 2), square({1, 3, 2, 2}, 2, 2)), 0.5,
              1e-12);
  EXPECT_FALSE(rank_correlation(a, at::zeros({2, 3})));
}

TEST(Localisation, OfMapsOnBesideAndAcrossTheObject) {
  const std::vector<std::uint8_t> mask{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // 3 × 4, top left
  const at::Tensor on = square({5, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 4);
  EXPECT_EQ(*pointing_game(on, mask, 0), 1);
  EXPECT_DOUBLE_EQ(*energy_pointing(on, mask), 0.9);
  EXPECT_EQ(*relevance_rank_accuracy(on, mask), 1);
  const at::Tensor beside = square({0, 1, -9, 2, 0, 0, 0, 0, 0, 0, 0, 3}, 3, 4);
  EXPECT_EQ(*pointing_game(beside, mask, 0), 0);
  EXPECT_EQ(*pointing_game(beside, mask, 2.8), 0);  // √8 away from the object
  EXPECT_EQ(*pointing_game(beside, mask, 2.9), 1);
  EXPECT_DOUBLE_EQ(*energy_pointing(beside, mask), 1.0 / 6);
  EXPECT_EQ(*relevance_rank_accuracy(beside, mask), 0);
}

TEST(Localisation, CountsEqualPixelsByTheirShareOnTheObject) {
  const std::vector<std::uint8_t> mask{1, 1, 0, 0};
  EXPECT_EQ(*pointing_game(square({3, 0, 3, 3}, 2, 2), mask, 0), 1.0 / 3);
  // The second of the two highest is one of three, of which one is on the object.
  EXPECT_DOUBLE_EQ(*relevance_rank_accuracy(square({5, 1, 1, 1}, 2, 2), mask), (1 + 1.0 / 3) / 2);
}

TEST(Localisation, IsNoFigureWhereNothingCanBeFound) {
  const at::Tensor map = square({3, 0, 1, 2}, 2, 2);
  for (const std::uint8_t all : {0, 1}) {
    const std::vector<std::uint8_t> mask(4, all);
    EXPECT_FALSE(pointing_game(map, mask));
    EXPECT_FALSE(energy_pointing(map, mask));
    EXPECT_FALSE(relevance_rank_accuracy(map, mask));
  }
  const std::vector<std::uint8_t> mask{1, 0, 0, 0};
  EXPECT_FALSE(pointing_game(at::ones({2, 2}), mask));
  EXPECT_FALSE(relevance_rank_accuracy(at::ones({2, 2}), mask));
  EXPECT_FALSE(energy_pointing(-at::ones({2, 2}), mask));
  EXPECT_THROW(pointing_game(map, std::vector<std::uint8_t>(3, 1)), BugError);
}

TEST(Controls, EdgesAreWhereTheBrightnessSteps) {
  at::Tensor picture = at::zeros({3, 5, 6}, at::kFloat);
  picture.narrow(2, 3, 3).fill_(2);  // a step of 2 between columns 2 and 3 in every channel
  const at::Tensor edges = edge_map(picture);
  for (std::int64_t y = 0; y < 5; ++y)
    for (std::int64_t x = 0; x < 6; ++x)
      EXPECT_EQ(edges[y][x].item<float>(), x == 2 || x == 3 ? 8 : 0) << y << ' ' << x;
  EXPECT_TRUE(at::allclose(edge_map(picture.transpose(1, 2).contiguous()), edges.t()));
}

TEST(Controls, CentreIsHighestInTheMiddleAndAlikeOnAllSides) {
  const at::Tensor map = centre_map(8, 12);
  EXPECT_TRUE(at::allclose(map, map.flip({0})));
  EXPECT_TRUE(at::allclose(map, map.flip({1})));
  EXPECT_TRUE(at::equal(map.max(), map[3][5]));
  // A quarter of the side from the middle: one standard deviation.
  EXPECT_NEAR(centre_map(1, 1001)[0][750].item<double>(), std::exp(-0.5), 2e-3);
}

TEST(Controls, RandomMapsAreTheDrawsOfTheirStream) {
  const at::Tensor map = random_map(30, 30, Stream(1, "map", 5));
  EXPECT_TRUE(at::equal(map, random_map(30, 30, Stream(1, "map", 5))));
  EXPECT_LT(std::abs(*rank_correlation(map, random_map(30, 30, Stream(1, "map", 6)))), 5 / 30.0);
}

}  // namespace
}  // namespace assay::methods
