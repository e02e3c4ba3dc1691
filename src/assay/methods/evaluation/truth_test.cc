#include "assay/methods/evaluation/truth.h"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/base/error.h"

namespace assay::methods {
namespace {

at::Tensor two_class(const std::vector<float>& second, std::int64_t h, std::int64_t w) {
  const at::Tensor z = at::tensor(second).view({1, 1, h, w});
  return at::cat({at::zeros_like(z), z}, 1);
}

Truth masked(const std::vector<std::int64_t>& values, std::int64_t h, std::int64_t w) {
  Truth t;
  t.mask = at::tensor(values, at::kLong).view({h, w});
  return t;
}

TEST(Truth, OfAClassIsRightOrWrong) {
  const at::Tensor logits = at::tensor({1.0f, 3.0f, 2.0f, 5.0f, 1.0f, 0.0f}).view({2, 3});
  const Judged said = judged(logits, {{1, {}}, {2, {}}});
  EXPECT_EQ(said.score, (std::vector<double>{1, 0}));
  EXPECT_NEAR(said.margin[0], 1, 1e-6);
  EXPECT_NEAR(said.margin[1], -5, 1e-6);
  EXPECT_THROW(judged(logits, {{1, {}}}), BugError);
}

TEST(Truth, OfAMaskIsTheMeanIntersectionOverUnion) {
  // Truth: 2 of 6 pixels are class 1, one is not judged; the answer finds one of them and one too many.
  const Truth truth = masked({1, 1, 0, 0, 0, -1}, 2, 3);
  const at::Tensor answer = two_class({2, -1, 3, -2, -2, 9}, 2, 3);
  const Overlap o = overlap_of(answer[0], truth.mask);
  EXPECT_EQ(o.truth, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(o.answer, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(o.both, (std::vector<std::int64_t>{2, 1}));
  EXPECT_DOUBLE_EQ(judged(answer, {truth}).score[0], (2.0 / 4 + 1.0 / 3) / 2);
  EXPECT_NEAR(judged(answer, {truth}).margin[0], (2 - 1 - 3 + 2 + 2) / 5.0, 1e-6);
  // A class that nobody shows does not count.
  EXPECT_DOUBLE_EQ(judged(two_class({-1, -1}, 1, 2), {masked({0, 0}, 1, 2)}).score[0], 1);
  // A finer mask is brought to the answer's size.
  EXPECT_DOUBLE_EQ(
      judged(two_class({1, -1}, 1, 2), {masked({1, 1, 0, 0, 1, 1, 0, 0}, 2, 4)}).score[0], 1);
}

TEST(Truth, LossesWeighClassesAlikeAndHaveTheSlopesOfDifferences) {
  const Truth truth = masked({1, 0, 0, 0}, 2, 2);
  const at::Tensor answer = two_class({0.3F, -0.2F, 0.1F, -0.9F}, 2, 2);
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double wanted =
      (sigmoid(-0.3 / 2) + (sigmoid(-0.2 / 2) + sigmoid(0.1 / 2) + sigmoid(-0.9 / 2)) / 3) / 2;
  EXPECT_NEAR(losses_of(answer, {truth}, 2).item<double>(), wanted, 1e-6);
  const at::Tensor z = answer.to(at::kDouble).requires_grad_(true);
  losses_of(z, {truth}, 2).sum().backward();
  const at::Tensor step = at::zeros_like(z).detach();
  step[0][1][0][1] = 1e-6;
  const double difference =
      (losses_of(z.detach() + step, {truth}, 2) - losses_of(z.detach() - step, {truth}, 2))
          .item<double>() /
      2e-6;
  EXPECT_NEAR(z.grad()[0][1][0][1].item<double>(), difference, 1e-6);
}

}  // namespace
}  // namespace assay::methods
