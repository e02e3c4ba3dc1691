// Maps of attention networks: by hand, by finite differences, and under moved patches.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>

#include "assay/base/error.h"
#include "assay/methods/attribution/attention_rollout.h"
#include "assay/methods/attribution/cam.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/legrad.h"
#include "assay/network/pass.h"
#include "assay/network/tiny_transformer_test.h"

namespace assay::methods {
namespace {

using network::waves;
using testing::AllOf;
using testing::HasSubstr;
using Tiny = network::TinyTransformer;
using Others = Tiny::Others;

constexpr std::int64_t kPlaces = Tiny::kRows * Tiny::kColumns;

Question question(const network::Classifier& classifier, const at::Tensor& pictures,
                  std::int64_t target) {
  Question q{classifier, pictures, {}, {}, default_layer(classifier), {}, 0};
  for (std::int64_t i = 0; i < pictures.size(0); ++i) {
    q.targets.push_back(target);
    q.pictures.push_back("picture " + std::to_string(i));
  }
  const std::vector<std::string> keep{q.layer};
  q.value = classifier.plain_forward(pictures, keep).values.at(q.layer);
  return q;
}

at::Tensor pictures(std::int64_t count) {
  return waves({count, 3, Tiny::kHeight, Tiny::kBreadth}, 1.1);
}

void expect_near(const at::Tensor& got, const at::Tensor& wanted, double tolerance) {
  ASSERT_EQ(got.sizes(), wanted.sizes());
  EXPECT_LE(at::max(at::abs(got - wanted)).item<double>(), tolerance);
}

TEST(AttentionMaps, RolloutOfUniformAttentionIsKnown) {
  // (I/2 + J/2T)² = I/4 + 3J/4T, of which the class token's row is shown.
  for (const auto others : {Others::kBefore, Others::kBehind, Others::kNone}) {
    Tiny tiny;
    tiny.others = others;
    tiny.sharpness = 0;
    const auto classifier = tiny.open();
    const at::Tensor map = AttentionRollout::explain(question(classifier, pictures(2), 0), {}).map;
    // Without a class token all are read: a quarter of each own one besides.
    const double each = others == Others::kNone ? 1.0 / kPlaces : 0.75 / (kPlaces + 1);
    expect_near(map, at::full({2, Tiny::kRows, Tiny::kColumns}, each), 1e-7);
  }
}

TEST(AttentionMaps, RolloutIsTheProductOfTheLayersByHand) {
  Tiny tiny;
  tiny.layers = 3;
  tiny.sharpness = 4;
  const auto classifier = tiny.open();
  const Question q = question(classifier, pictures(2), 0);
  const std::vector<std::string> keep{"attention_0", "attention_1", "attention_2"};
  const auto pass = classifier.plain_forward(q.input, keep);
  const std::int64_t tokens = kPlaces + 1;
  const at::Tensor map = AttentionRollout::explain(q, {}).map;
  for (std::int64_t picture = 0; picture < 2; ++picture) {
    // From the class token back: how much of it each layer takes from where.
    std::vector<double> share(tokens, 0);
    share[0] = 1;
    for (int l = 2; l >= 0; --l) {
      const at::Tensor a = pass.values.at(keep[static_cast<std::size_t>(l)])[picture];
      std::vector<double> before(tokens, 0);
      for (std::int64_t to = 0; to < tokens; ++to)
        for (std::int64_t from = 0; from < tokens; ++from) {
          const double mean =
              (a[0][to][from].item<double>() + a[1][to][from].item<double>()) / Tiny::kHeads;
          before[from] += share[to] * (0.5 * mean + (to == from ? 0.5 : 0));
        }
      share = before;
    }
    EXPECT_NEAR(std::accumulate(share.begin(), share.end(), 0.0), 1, 1e-6);
    for (std::int64_t place = 0; place < kPlaces; ++place)
      EXPECT_NEAR(map[picture].flatten()[place].item<double>(), share[place + 1], 1e-6);
  }
  // The heads differ, so that a mean over them is not one of them.
  EXPECT_GT(at::max(at::abs(pass.values.at("attention_1").select(1, 0) -
                            pass.values.at("attention_1").select(1, 1)))
                .item<double>(),
            0.05);
}

TEST(AttentionMaps, RowsThatDoNotSumTo1AreNormalised) {
  const at::Tensor twice = at::full({1, 2, 3, 3}, 2.0F / 3);  // rows of 2: (A + I) / 3
  expect_near(AttentionRollout::rolled_out({twice}, 1),
              (at::full({1, 3, 3}, 2.0F / 3) + at::eye(3)) / 3, 1e-6);
}

TEST(AttentionMaps, LeGradIsTheMeanOfPositiveFiniteDifferences) {
  Tiny tiny;
  tiny.sharpness = 3;
  const auto classifier = tiny.open();
  const std::int64_t target = 2, tokens = kPlaces + 1;
  const Question q = question(classifier, pictures(1), target);
  const std::vector<std::string> keep{"attention_0", "attention_1"};
  const auto pass = classifier.plain_forward(q.input, keep);
  at::Tensor sum = at::zeros({tokens}, at::kDouble);
  double largest = 0;
  for (const std::string& name : keep) {
    const at::Tensor weights = pass.values.at(name);
    const at::NoGradGuard no_grad;
    for (std::int64_t head = 0; head < Tiny::kHeads; ++head)
      for (std::int64_t query = 0; query < tokens; ++query)
        for (std::int64_t key = 0; key < tokens; ++key) {
          const auto logit = [&](double step) {
            at::Tensor moved = weights.clone();
            moved[0][head][query][key] += step;
            return classifier.logits_from(q.input, name, moved)[0][target].item<double>();
          };
          const double slope = (logit(0.02) - logit(-0.02)) / 0.04;
          largest = std::max(largest, slope);
          sum[key] += std::max(slope, 0.0) / static_cast<double>(2 * Tiny::kHeads * tokens);
        }
  }
  const at::Tensor map = LeGrad::explain(q, {}).map;
  const at::Tensor wanted =
      sum.narrow(0, 1, kPlaces).to(at::kFloat).reshape({1, Tiny::kRows, Tiny::kColumns});
  expect_near(map, wanted, 2e-3 * wanted.max().item<double>());
  EXPECT_GT(largest, 0.05);
}

TEST(AttentionMaps, FollowThePatchesWhereverTheyAreMoved) {
  const auto moved = [](const at::Tensor& grid, std::int64_t cell) {
    // Rows turned up and down, columns shifted by one: [...,h·cell,w·cell]
    return at::roll(at::flip(grid.unfold(-2, cell, cell).unfold(-2, cell, cell), {-4}), {1}, {-3})
        .transpose(-3, -2)
        .reshape(grid.sizes());
  };
  for (const bool columns_first : {false, true})
    for (const auto others : {Others::kBefore, Others::kBehind, Others::kNone}) {
      Tiny tiny;
      tiny.columns_first = columns_first;
      tiny.others = others;
      tiny.sharpness = 3;
      const auto classifier = tiny.open();
      const Question q = question(classifier, pictures(1), 1);
      EXPECT_EQ(q.layer, others == Others::kNone ? "block_1" : "block_0");
      const Question other = question(classifier, moved(q.input, Tiny::kPatch), 1);
      for (const char* name : {"attention_rollout", "legrad", "hires_cam", "grad_cam",
                               "grad_cam_pp", "xgrad_cam", "layer_cam", "ablation_cam"}) {
        SCOPED_TRACE(std::string(name) + " " + q.layer);
        const Method& method = attribution_named(name, "");
        const at::Tensor map = method.explain(q, {}).map;
        ASSERT_EQ(map.sizes(), (at::IntArrayRef{1, Tiny::kRows, Tiny::kColumns}));
        const double largest = at::max(at::abs(map)).item<double>();
        EXPECT_GT(largest, 1e-4);
        EXPECT_GT(at::max(at::abs(map - moved(map, 1))).item<double>(), 0.01 * largest);
        expect_near(method.explain(other, {}).map, moved(map, 1), 2e-5 * largest);
      }
    }
}

TEST(AttentionMaps, OfAMeanOverTokensAndALinearHeadSumToTheLogit) {
  Tiny tiny;
  tiny.others = Others::kNone;
  const auto classifier = tiny.open();
  const Question q = question(classifier, pictures(2), 1);
  ASSERT_EQ(q.layer, "block_1");
  const at::Tensor map = HiResCam::explain(q, {}).map;
  const at::Tensor wanted =
      at::matmul(q.value, waves({Tiny::kWidth, Tiny::kLogits}, 0.9).select(1, 1)) / kPlaces;
  expect_near(map, wanted.reshape({2, Tiny::kRows, Tiny::kColumns}), 1e-6);
  expect_near(GradCam::explain(q, {}).map, map, 1e-6);
  expect_near(map.sum(at::IntArrayRef{1, 2}), classifier.plain_forward(q.input).logits.select(1, 1),
              1e-5);
}

TEST(AttentionMaps, AreTheSameInAnyBatch) {
  const auto classifier = Tiny{}.open();
  const Question all = question(classifier, pictures(3), 1);
  for (const char* name :
       {"attention_rollout", "legrad", "hires_cam", "eigen_cam", "ablation_cam"}) {
    const at::Tensor together = attribution_named(name, "").explain(all, {}).map;
    for (std::int64_t i = 0; i < 3; ++i) {
      const Question own = question(classifier, pictures(3).narrow(0, i, 1), 1);
      EXPECT_TRUE(at::equal(attribution_named(name, "").explain(own, {}).map[0], together[i]))
          << name;
    }
  }
}

TEST(AttentionMaps, AblationOfAChannelLeavesTheClassToken) {
  Tiny tiny;
  const auto classifier = tiny.open();
  const Question q = question(classifier, pictures(1), 0);
  at::Tensor value = q.value.clone();
  Cells(q).clear(value, 0, 2);
  EXPECT_TRUE(at::equal(value.narrow(1, 0, 1), q.value.narrow(1, 0, 1)));
  EXPECT_EQ(at::max(at::abs(Cells(q).of(value).select(1, 2))).item<double>(), 0);
  EXPECT_TRUE(at::equal(value.select(2, 1), q.value.select(2, 1)));
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "taken";
}

TEST(AttentionMaps, SayWhyThereAreNone) {
  Tiny none, pooled;
  none.layers = 0;
  none.others = Others::kNone;
  pooled.keys = 5;
  const auto without = none.open(), fewer = pooled.open();
  for (const char* name : {"attention_rollout", "legrad"}) {
    const Method& method = attribution_named(name, "");
    const auto asked = [&](const network::Classifier& classifier) {
      return refusal([&] {
        method.explain({classifier, pictures(1), {0}, {"picture"}, "", {}, 0}, {});
      });
    };
    EXPECT_THAT(asked(without), HasSubstr("has no attention"));
    EXPECT_THAT(asked(fewer), HasSubstr("between 13 and 5 tokens"));
  }
  Question q = question(fewer, pictures(1), 0);
  EXPECT_EQ(q.value.dim(), 4);  // the patches, as of any other network
  q.layer = "block_0";
  const std::vector<std::string> keep{q.layer};
  q.value = fewer.plain_forward(q.input, keep).values.at(q.layer);
  EXPECT_THAT(refusal([&] { HiResCam::explain(q, {}); }),
              AllOf(HasSubstr("layer block_0"), HasSubstr("3 dimensions"), HasSubstr("5 tokens")));
}

TEST(AttentionMaps, OfARealNetworkFavourTheDecision) {
  const char* shared = std::getenv("ASSAY_SHARED");
  const std::string file =
      std::string(shared ? shared : "../shared") + "/data/models/cifar10_vit_ibp_3_3_8.onnx";
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "SKIPPED LOUDLY: no models under ASSAY_SHARED (" << file << ")";
  network::configure_numerics();
  const auto classifier = network::Classifier::open(file, {}, {}, {});
  const at::Tensor picture = waves({1, 3, 32, 32}, 0.013);
  const Question q = question(classifier, picture, 3);
  ASSERT_EQ(q.value.dim(), 3);
  EXPECT_EQ(q.value.size(1), 17);
  for (const char* name : {"attention_rollout", "legrad", "hires_cam", "eigen_cam", "score_cam"}) {
    SCOPED_TRACE(name);
    const at::Tensor map = attribution_named(name, "").explain(q, {}).map;
    ASSERT_EQ(map.sizes(), (at::IntArrayRef{1, 4, 4}));
    EXPECT_TRUE(at::isfinite(map).all().item<bool>());
    EXPECT_GT(at::max(at::abs(map)).item<double>(), 0);
  }
  // The network reads the mean of all tokens: the mean of the product's rows.
  const auto found = attention_of(q);
  const auto pass = classifier.plain_forward(picture, found.weights);
  at::Tensor rows = at::eye(17, at::kDouble);
  for (const std::string& name : found.weights) {
    const at::Tensor mean = pass.values.at(name)[0].to(at::kDouble).mean(at::IntArrayRef{0});
    rows = (mean / 2 + at::eye(17, at::kDouble) / 2).mm(rows);
  }
  const at::Tensor wanted = rows.mean(at::IntArrayRef{0}).narrow(0, 1, 16).reshape({1, 4, 4});
  expect_near(AttentionRollout::explain(q, {}).map, wanted.to(at::kFloat), 1e-6);
}

}  // namespace
}  // namespace assay::methods
