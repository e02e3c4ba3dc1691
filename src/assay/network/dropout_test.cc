#include "assay/network/dropout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "assay/base/error.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Node dropout_node(const char* op) {
  Node n;
  n.op = op;
  n.opset = 13;
  return n;
}

class DropoutTest : public testing::Test {
 protected:
  DropoutTest() {
    std::filesystem::create_directories(folder_);
    configure_numerics();
  }
  ~DropoutTest() override { std::filesystem::remove_all(folder_); }

  // x → conv → relu → r; pooled f of r [N,4]; with `own`, dropout(f, 0.25) → (+ f) → dropout(·, 0.5) → · v.
  Classifier open(bool own) const {
    Graph graph("test");
    graph.add_input("x", "float32", true, {kFree, 1, 8, 8});
    graph.add_constant("w", at::linspace(-1, 1, 4 * 9).mul(7).sin().reshape({4, 1, 3, 3}));
    graph.add_constant("v", at::linspace(-1, 1, 12).cos().reshape({4, 3}));
    graph.add_node(dropout_node("Conv"), {"x", "w"}, {"c"});
    graph.add_node(dropout_node("Relu"), {"c"}, {"r"});
    graph.add_node(dropout_node("GlobalAveragePool"), {"r"}, {"p"});
    graph.add_node(dropout_node("Flatten"), {"p"}, {"f"});
    std::string last = "f";
    if (own) {
      graph.add_constant("quarter", at::tensor(0.25F));
      graph.add_constant("half", at::tensor(0.5F));
      graph.add_node(dropout_node("Dropout"), {"f", "quarter"}, {"d"});
      graph.add_node(dropout_node("Add"), {"d", "f"}, {"s"});
      graph.add_node(dropout_node("Dropout"), {"s", "half"}, {"e"});
      last = "e";
    }
    graph.add_node(dropout_node("MatMul"), {last, "v"}, {"z"});
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / (own ? "own.onnx" : "none.onnx");
    write_onnx(graph, file);
    InputDescription input;
    input.channels = Channels::kGray;
    return Classifier::open(file, input, {}, {});
  }
  static at::Tensor pictures() { return at::linspace(0, 6, 8 * 64).sin().reshape({8, 1, 8, 8}); }
  static std::vector<std::uint64_t> items() { return {0, 1, 2, 3, 4, 5, 6, 7}; }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("assay_dropout_" + std::to_string(::getpid()));
};

std::vector<double> row_of(const at::Tensor& t, std::int64_t i) {
  const at::Tensor row = t[i].to(at::kDouble).contiguous();
  return {row.data_ptr<double>(), row.data_ptr<double>() + row.numel()};
}

TEST_F(DropoutTest, PlacesAreTheGraphsOwn) {
  const auto places = dropout_places(open(true));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].value, "f");
  EXPECT_EQ(places[0].rate, 0.25);
  EXPECT_EQ(places[1].rate, 0.5);
  EXPECT_TRUE(dropout_places(open(false)).empty());
}

// z_k = Σ_c m₂c (m₁c + 1) f_c v_ck with m of mean 1: mean and variance in closed form.
TEST_F(DropoutTest, SamplesHaveTheMeanAndVarianceOfTheMasks) {
  const Classifier classifier = open(true);
  const DropoutSampler sampler(classifier);
  const auto prefix = sampler.prefix(pictures());
  const std::string keep = "f";
  const auto f = row_of(classifier.plain_forward(pictures(), {&keep, 1}).values.at("f"), 2);
  const at::Tensor v = at::linspace(-1, 1, 12).cos().reshape({4, 3});
  constexpr int kSamples = 4000;
  std::vector<double> sum(3, 0), squares(3, 0);
  for (int s = 0; s < kSamples; ++s) {
    const auto z = row_of(sampler.logits(prefix, 5, items(), s), 2);
    for (std::size_t k = 0; k < 3; ++k) {
      sum[k] += z[k];
      squares[k] += z[k] * z[k];
    }
  }
  // E[(m₁ + 1)²] = 4 + p/(1 − p); E[m₂²] = 1 + q/(1 − q)
  const double spread = (4 + 0.25 / 0.75) * (1 + 0.5 / 0.5) - 4;
  for (int k = 0; k < 3; ++k) {
    double mean = 0, variance = 0;
    for (int c = 0; c < 4; ++c) {
      const double part = f[static_cast<std::size_t>(c)] * v[c][k].item<double>();
      mean += 2 * part;
      variance += spread * part * part;
    }
    const auto i = static_cast<std::size_t>(k);
    const double seen = sum[i] / kSamples, var = squares[i] / kSamples - seen * seen;
    EXPECT_NEAR(seen, mean, 4 * std::sqrt(variance / kSamples)) << k;
    EXPECT_NEAR(var / variance, 1, 0.12) << k;
  }
}

TEST_F(DropoutTest, DrawsDependOnSeedSampleAndItemAlone) {
  const Classifier classifier = open(true);
  const DropoutSampler sampler(classifier);
  const auto prefix = sampler.prefix(pictures());
  const auto first = sampler.logits(prefix, 5, items(), 3);
  EXPECT_TRUE(first.equal(sampler.logits(prefix, 5, items(), 3)));
  EXPECT_FALSE(first.equal(sampler.logits(prefix, 6, items(), 3)));
  EXPECT_FALSE(first.equal(sampler.logits(prefix, 5, items(), 4)));
  // The same picture in another slot, among others.
  const at::Tensor turned = pictures().flip({0});
  const std::vector<std::uint64_t> back{7, 6, 5, 4, 3, 2, 1, 0};
  const auto again = sampler.logits(sampler.prefix(turned), 5, back, 3);
  EXPECT_LT((again.flip({0}) - first).abs().max().item<double>(), 1e-6);
}

TEST_F(DropoutTest, AValueMayBeNamedAsAPlace) {
  const Classifier classifier = open(false);
  EXPECT_THAT([&] { DropoutSampler nothing(classifier); },
              testing::ThrowsMessage<InputError>(HasSubstr("no dropout")));
  EXPECT_THAT(
      [&] {
        DropoutSampler wrong(classifier, {{"q", 0.5, false}});
      },
      testing::ThrowsMessage<InputError>(HasSubstr("\"q\"")));
  const DropoutSampler none(classifier, {{"f", 0, false}}), all(classifier, {{"r", 1, false}}),
      channels(classifier, {{"r", 0.5, true}});
  const at::Tensor plain = classifier.plain_forward(pictures()).logits;
  EXPECT_LT(
      (none.logits(none.prefix(pictures()), 1, items(), 0) - plain).abs().max().item<double>(),
      1e-6);
  EXPECT_EQ(all.logits(all.prefix(pictures()), 1, items(), 0).abs().max().item<double>(), 0);
  // Whole channels: each of the pooled values is 0 or twice what it was, so a logit is a sum over a subset.
  const std::string keep = "f";
  const auto f = row_of(classifier.plain_forward(pictures(), {&keep, 1}).values.at("f"), 0);
  const at::Tensor v = at::linspace(-1, 1, 12).cos().reshape({4, 3});
  const auto z = row_of(channels.logits(channels.prefix(pictures()), 1, items(), 0), 0);
  bool found = false;
  for (int subset = 0; subset < 16; ++subset) {
    double sum = 0;
    for (int c = 0; c < 4; ++c)
      if (subset >> c & 1) sum += 2 * f[static_cast<std::size_t>(c)] * v[c][0].item<double>();
    found |= std::abs(sum - z[0]) < 1e-5;
  }
  EXPECT_TRUE(found);
}

TEST_F(DropoutTest, PlacesThatFollowEachOtherAreTakenInOrder) {
  // A place on the picture itself, and one between the graph's own.
  const Classifier classifier = open(true);
  const DropoutSampler sampler(classifier, {{"x", 0, false}, {"s", 0, false}});
  EXPECT_EQ(sampler.places().size(), 4U);
  const DropoutSampler own(classifier);
  EXPECT_LT((sampler.logits(sampler.prefix(pictures()), 5, items(), 3) -
             own.logits(own.prefix(pictures()), 5, items(), 3))
                .abs()
                .max()
                .item<double>(),
            1e-5);
}

}  // namespace
}  // namespace assay::network
