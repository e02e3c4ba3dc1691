// Which places the tokens of an attention network have, against moving the pixels there.

#include "assay/network/attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "assay/network/onnx_builder_test.h"
#include "assay/network/pass.h"
#include "assay/network/tiny_transformer_test.h"

namespace assay::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Tiny = TinyTransformer;
using Others = Tiny::Others;

AttentionSearch searched(const Classifier& classifier) {
  return find_attention(classifier.graph(), classifier.values());
}

// Which token of `name` [1,T,C] changes with the pixels of one place: found by changing them.
std::vector<std::int64_t> tokens_moved(const Classifier& classifier, const std::string& name,
                                       const TokenGrid& grid, const Dims& shape) {
  const at::Tensor picture = waves(shape, 1.1);
  const at::Tensor before = classifier.value_of(picture, name);
  const std::int64_t height = shape[2] / grid.height, width = shape[3] / grid.width;
  std::vector<std::int64_t> moved;
  for (std::int64_t y = 0; y < grid.height; ++y)
    for (std::int64_t x = 0; x < grid.width; ++x) {
      at::Tensor changed = picture.clone();
      changed.narrow(2, y * height, height).narrow(3, x * width, width).neg_();
      const at::Tensor by =
          at::abs(classifier.value_of(changed, name) - before).flatten(2).amax({2})[0];
      EXPECT_EQ(at::gt(by, 0).sum().item<std::int64_t>(), 1) << y << " " << x;
      moved.push_back(by.argmax().item<std::int64_t>());
    }
  return moved;
}

TEST(Attention, KnowsThePlaceOfEveryToken) {
  for (const auto cut : {Tiny::Cut::kConvolution, Tiny::Cut::kReshape})
    for (const auto others : {Others::kNone, Others::kBefore, Others::kBehind})
      for (const bool columns_first : {false, true}) {
        SCOPED_TRACE(std::to_string(static_cast<int>(cut)) +
                     std::to_string(static_cast<int>(others)) + std::to_string(columns_first));
        Tiny tiny;
        tiny.cut = cut;
        tiny.others = others;
        tiny.columns_first = columns_first;
        const Classifier classifier = tiny.open();
        const AttentionSearch search = searched(classifier);
        ASSERT_TRUE(search.attention.has_value()) << search.obstacle;
        EXPECT_THAT(search.attention->weights, ElementsAre("attention_0", "attention_1"));
        const TokenGrid& grid = search.attention->grid;
        EXPECT_EQ(grid.tokens, tiny.tokens());
        ASSERT_EQ(grid.height, Tiny::kRows);
        ASSERT_EQ(grid.width, Tiny::kColumns);
        EXPECT_EQ(grid.token, tokens_moved(classifier, tiny.has_class_token() ? "tokens" : "places",
                                           grid, {1, 3, Tiny::kHeight, Tiny::kBreadth}));
        EXPECT_EQ(grid.token[1] - grid.token[0], columns_first ? Tiny::kRows : 1);
      }
}

TEST(Attention, OfARealNetworkHasItsPlaces) {
  const char* shared = std::getenv("ASSAY_SHARED");
  const std::string file =
      std::string(shared ? shared : "../shared") + "/data/models/cifar10_vit_ibp_3_3_8.onnx";
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "SKIPPED LOUDLY: no models under ASSAY_SHARED (" << file << ")";
  configure_numerics();
  const Classifier classifier = Classifier::open(file, {}, {}, {});
  const AttentionSearch search = searched(classifier);
  ASSERT_TRUE(search.attention.has_value()) << search.obstacle;
  ASSERT_EQ(search.attention->weights.size(), 3U);
  const TokenGrid& grid = search.attention->grid;
  EXPECT_EQ(grid.tokens, 17);
  ASSERT_EQ(grid.height, 4);
  ASSERT_EQ(grid.width, 4);
  std::string tokens;  // the first value of 17 tokens
  for (const ValueInfo& value : classifier.values())
    if (tokens.empty() && value.shape.size() == 3 && value.shape[1] == 17) tokens = value.name;
  EXPECT_EQ(grid.token, tokens_moved(classifier, tokens, grid, {1, 3, 32, 32}));
  const Pass pass = classifier.plain_forward(waves({2, 3, 32, 32}, 1.1), search.attention->weights);
  for (const auto& [name, weights] : pass.values)
    EXPECT_LE(at::max(at::abs(weights.sum(at::IntArrayRef{-1}) - 1)).item<double>(), 1e-5) << name;
}

TEST(Attention, SaysWhatCannotBeFollowed) {
  Tiny none, pooled;
  none.layers = 0;
  EXPECT_THAT(searched(none.open()).obstacle, HasSubstr("has no attention"));
  pooled.keys = 5;
  EXPECT_THAT(searched(pooled.open()).obstacle, HasSubstr("between 13 and 5 tokens"));

  // Tokens of numbers that are no pixels of one place.
  Graph spectrum("spectrum");
  const auto add = [&](const std::string& op, const std::vector<std::string>& inputs,
                       const std::string& output,
                       std::map<std::string, Attribute> attributes = {}) {
    Node node;
    node.op = op;
    node.opset = 17;
    node.attributes = std::move(attributes);
    spectrum.add_node(std::move(node), inputs, {output});
  };
  spectrum.add_input("x", "float32", true, {kFree, 3, Tiny::kHeight, Tiny::kBreadth});
  spectrum.add_constant("flat", at::tensor(Dims{0, 9, 16}, at::kLong));
  spectrum.add_constant("head", waves({16, Tiny::kLogits}, 0.9));
  add("Reshape", {"x", "flat"}, "tokens");
  add("Transpose", {"tokens"}, "keys", {{"perm", Dims{0, 2, 1}}});
  add("MatMul", {"tokens", "keys"}, "scores");
  add("Softmax", {"scores"}, "attention", {{"axis", std::int64_t{-1}}});
  add("MatMul", {"attention", "tokens"}, "mixed");
  add("ReduceMean", {"mixed"}, "read", {{"axes", Dims{1}}, {"keepdims", std::int64_t{0}}});
  add("MatMul", {"read", "head"}, "z");
  spectrum.add_output("z");
  spectrum.finish();
  const TestFolder folder;
  write_onnx(spectrum, folder / "spectrum.onnx");
  InputDescription input;
  input.resize = ResizeRule::kSquash;
  input.resize_height = Tiny::kHeight;
  input.resize_width = Tiny::kBreadth;
  EXPECT_THAT(searched(Classifier::open(folder / "spectrum.onnx", input, {}, {})).obstacle,
              HasSubstr("they come from no convolution or Reshape into patches"));
}

}  // namespace
}  // namespace assay::network
