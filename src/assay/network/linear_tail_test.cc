// The closed form of what lies behind a layer, against running it.

#include "assay/network/linear_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "assay/network/graph.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

using testing::HasSubstr;
using Names = std::vector<std::string>;

constexpr std::int64_t kChannels = 5, kClasses = 4, kHeight = 6, kWidth = 8;

at::Tensor waves(const Dims& shape, double step) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return at::arange(n, at::kDouble).mul(step).add(0.3).sin().to(at::kFloat).reshape(shape);
}

// x [N,3,6,8] → convolution → "layer" [N,5,6,8], and behind it what a test adds.
class Tail {
 public:
  explicit Tail(int opset = 17) : graph_("tail"), opset_(opset) {
    graph_.add_input("x", "float32", true, {kFree, 3, kHeight, kWidth});
    constant("k", waves({kChannels, 3, 1, 1}, 0.7));
    add("Conv", {"x", "k"}, "layer");
  }
  Tail& constant(const std::string& name, at::Tensor value) {
    graph_.add_constant(name, std::move(value));
    return *this;
  }
  Tail& whole(const std::string& name, const Dims& numbers) {
    return constant(name, at::tensor(numbers, at::kLong));
  }
  Tail& add(const std::string& op, const Names& inputs, const std::string& output,
            std::map<std::string, Attribute> attributes = {}) {
    Node node;
    node.op = op;
    node.name = op + "_" + output;
    node.opset = opset_;
    node.attributes = std::move(attributes);
    graph_.add_node(std::move(node), inputs, {output});
    return *this;
  }
  Classifier open(OutputKind kind = OutputKind::kLogits) {
    configure_numerics();
    graph_.add_output("z");
    graph_.finish();
    const TestFolder folder;
    write_onnx(graph_, folder / "tail.onnx");
    InputDescription input;
    input.resize = ResizeRule::kSquash;
    input.resize_height = kHeight;
    input.resize_width = kWidth;
    OutputDescription output;
    output.kind = kind;
    return Classifier::open(folder / "tail.onnx", input, output, {});
  }

 private:
  Graph graph_;
  int opset_;
};

const std::map<std::string, Attribute> kTransposed{{"transB", std::int64_t{1}}};

// b + W mean(A) are the logits that the network gives.
void expect_exact(const Classifier& classifier) {
  const TailSearch search = find_linear_tail(classifier, "layer");
  ASSERT_TRUE(search.tail.has_value()) << search.obstacle;
  const std::vector<std::string> keep{"layer"};
  const Pass pass = classifier.plain_forward(waves({3, 3, kHeight, kWidth}, 1.1) + 1, keep);
  const at::Tensor mean = pass.values.at("layer").mean({2, 3});
  const at::Tensor z = at::matmul(mean, search.tail->weights.t()) + search.tail->bias;
  ASSERT_EQ(z.sizes(), pass.logits.sizes());
  EXPECT_LE(at::max(at::abs(z - pass.logits)).item<double>(), 2e-6);
  EXPECT_GT(at::max(at::abs(pass.logits)).item<double>(), 0.1);
}

TEST(LinearTail, ReadsTheFormsThatExportersWrite) {
  const auto head = [](Tail& tail, const std::string& from) -> Tail& {
    return tail.constant("w", waves({kClasses, kChannels}, 0.9))
        .constant("b", waves({kClasses}, 0.4))
        .add("Gemm", {from, "w", "b"}, "z", kTransposed);
  };
  Tail global, reduced, newer(18), window, planes, twice;
  global.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  expect_exact(head(global, "f").open());
  reduced.add("ReduceMean", {"layer"}, "f",
              {{"axes", Dims{-1, -2}}, {"keepdims", std::int64_t{0}}});
  expect_exact(head(reduced, "f").open());
  newer.whole("axes", {2, 3}).add("ReduceMean", {"layer", "axes"}, "p");
  newer.whole("sizes", {0, -1}).add("Reshape", {"p", "sizes"}, "f").add("Dropout", {"f"}, "d");
  expect_exact(head(newer, "d").open());
  window.add("AveragePool", {"layer"}, "p", {{"kernel_shape", Dims{kHeight, kWidth}}});
  window.whole("axes", {2, 3}).add("Squeeze", {"p", "axes"}, "f");
  expect_exact(head(window, "f").open());
  planes.whole("sizes", {0, 0, -1}).add("Reshape", {"layer", "sizes"}, "q");
  planes.add("ReduceMean", {"q"}, "f", {{"axes", Dims{2}}, {"keepdims", std::int64_t{0}}});
  expect_exact(head(planes, "f").open());
  twice.add("ReduceMean", {"layer"}, "q", {{"axes", Dims{3}}, {"keepdims", std::int64_t{0}}});
  twice.add("ReduceMean", {"q"}, "f", {{"axes", Dims{2}}, {"keepdims", std::int64_t{0}}});
  expect_exact(head(twice, "f").open());
}

TEST(LinearTail, TakesLinearLayersTogether) {
  Tail two, conv, scaled;
  two.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  two.constant("w", waves({kChannels, 7}, 0.9)).add("MatMul", {"f", "w"}, "h");
  two.constant("b", waves({7}, 0.4)).add("Add", {"b", "h"}, "g");
  two.constant("v", waves({kClasses, 7}, 0.6)).constant("c", waves({1}, 2));
  two.add("Gemm", {"g", "v", "c"}, "z",
          {{"transB", std::int64_t{1}}, {"alpha", 0.5F}, {"beta", 3.0F}});
  expect_exact(two.open());
  // A convolution of one pixel, before flattening.
  conv.add("GlobalAveragePool", {"layer"}, "p");
  conv.constant("w", waves({kClasses, kChannels, 1, 1}, 0.9)).constant("b", waves({kClasses}, 3));
  conv.add("Conv", {"p", "w", "b"}, "q").add("Flatten", {"q"}, "z");
  expect_exact(conv.open());
}

TEST(LinearTail, ChannelsMayBeTheClassesThemselves) {
  Tail tail;
  tail.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "z");
  expect_exact(tail.open());
}

TEST(LinearTail, OneColumnHasTwoClasses) {
  Tail tail;
  tail.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  tail.constant("w", waves({1, kChannels}, 0.9)).add("Gemm", {"f", "w"}, "z", kTransposed);
  expect_exact(tail.open());
}

TEST(LinearTail, LooksPastTheSoftmaxThatTheModelEndsWith) {
  Tail tail;
  tail.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  tail.constant("w", waves({kClasses, kChannels}, 0.9)).add("Gemm", {"f", "w"}, "s", kTransposed);
  expect_exact(tail.add("Softmax", {"s"}, "z").open(OutputKind::kProbabilities));
}

TEST(LinearTail, SaysWhatStandsInTheWay) {
  const auto obstacle = [](Tail& tail, OutputKind kind = OutputKind::kLogits) {
    const TailSearch search = find_linear_tail(tail.open(kind), "layer");
    EXPECT_FALSE(search.tail.has_value());
    return search.obstacle;
  };
  const auto head = [](Tail& tail, const std::string& from, std::int64_t items) -> Tail& {
    return tail.constant("w", waves({items, kClasses}, 0.9)).add("MatMul", {from, "w"}, "z");
  };
  Tail before, after, maximum, flat, part, around, log;
  before.add("Relu", {"layer"}, "r")
      .add("GlobalAveragePool", {"r"}, "p")
      .add("Flatten", {"p"}, "f");
  EXPECT_THAT(obstacle(head(before, "f", kChannels)), HasSubstr("Relu \"Relu_r\""));
  after.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f").add("Tanh", {"f"}, "t");
  EXPECT_THAT(obstacle(head(after, "t", kChannels)), HasSubstr("Tanh"));
  maximum.add("GlobalMaxPool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  EXPECT_THAT(obstacle(head(maximum, "f", kChannels)), HasSubstr("GlobalMaxPool"));
  flat.add("Flatten", {"layer"}, "f");
  EXPECT_THAT(obstacle(head(flat, "f", kChannels * kHeight * kWidth)), HasSubstr("no mean"));
  part.add("AveragePool", {"layer"}, "p", {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
  part.add("Flatten", {"p"}, "f");
  EXPECT_THAT(obstacle(head(part, "f", kChannels * kHeight * kWidth / 4)),
              HasSubstr("AveragePool"));
  // The picture's own mean goes round the layer.
  around.add("GlobalAveragePool", {"layer"}, "p").add("Flatten", {"p"}, "f");
  around.add("ReduceMean", {"x"}, "m", {{"axes", Dims{1, 2, 3}}, {"keepdims", std::int64_t{0}}});
  around.whole("axes", {1}).add("Unsqueeze", {"m", "axes"}, "u").add("Add", {"f", "u"}, "s");
  EXPECT_THAT(obstacle(head(around, "s", kChannels)), HasSubstr("Add"));
  log.add("GlobalAveragePool", {"layer"}, "p")
      .add("Flatten", {"p"}, "f")
      .add("Softmax", {"f"}, "s");
  log.add("Log", {"s"}, "z");
  EXPECT_THAT(obstacle(log, OutputKind::kLogProbabilities), HasSubstr("no linear map"));
}

}  // namespace
}  // namespace assay::network
