#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/inference_plan.h"

namespace assay::network {
namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

// A network under construction; values are named after what makes them.
class Net {
 public:
  Net() : graph_("test") {}
  void input(const Ints& shape) { graph_.add_input("x", "float32", true, shape); }
  std::string op(const std::string& op, const std::vector<std::string>& inputs,
                 const Attributes& attributes = {}, const std::string& name = "") {
    Node n;
    n.op = op;
    n.opset = 17;
    n.attributes = attributes;
    const std::string out = name.empty() ? op + std::to_string(count_++) : name;
    graph_.add_node(n, inputs, {out});
    return out;
  }
  std::string weight(const Ints& shape, double spread = 0.3) {
    const std::string name = "w" + std::to_string(count_++);
    const at::Tensor items = at::arange(c10::multiply_integers(shape)).mul(1.7 + count_).sin();
    graph_.add_constant(name, items.mul(spread).reshape(shape).to(at::kFloat));
    return name;
  }
  std::string constant(const at::Tensor& t) {
    const std::string name = "c" + std::to_string(count_++);
    graph_.add_constant(name, t);
    return name;
  }
  std::string conv(const std::string& x, std::int64_t in, std::int64_t out, std::int64_t kernel,
                   std::int64_t stride = 1, std::int64_t group = 1) {
    return op("Conv", {x, weight({out, in / group, kernel, kernel}), weight({out})},
              {{"pads", Ints(4, kernel / 2)}, {"strides", Ints{stride, stride}}, {"group", group}});
  }
  std::string norm(const std::string& x, std::int64_t channels) {
    return op("BatchNormalization", {x, weight({channels}, 0.5), weight({channels}),
                                     weight({channels}), constant(at::rand({channels}).add(0.5))});
  }
  std::shared_ptr<const Graph> finish(const std::string& output) {
    graph_.add_output(output);
    graph_.finish();
    return std::make_shared<const Graph>(graph_);
  }

 private:
  Graph graph_;
  int count_ = 0;
};

struct Pair {
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<const Executor> plain;
  std::unique_ptr<Executor> fast;
  Given given;

  Pair(std::shared_ptr<const Graph> g, const Ints& shape) : graph(std::move(g)) {
    configure_numerics();
    plain = make_differentiable_executor(graph);
    given = {graph->inputs()[0].value, at::randn(shape)};
    fast = make_inference_executor(graph, plain, given, graph->outputs()[0]);
  }
  std::vector<at::Tensor> run(const Executor& executor,
                              const std::vector<std::string>& keep = {}) const {
    const at::NoGradGuard no_grad;
    Request request;
    request.given = {given};
    request.wanted = {graph->outputs()[0]};
    for (const auto& name : keep) request.wanted.push_back(graph->find(name));
    request.input_shapes = {given.tensor.sizes().vec()};
    return executor.run(request);
  }
};

void expect_close(const at::Tensor& got, const at::Tensor& expected) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE(at::max(at::abs(got - expected)).item<double>(),
            1e-5 * at::max(at::abs(expected)).item<double>());
}

// Both executors, for the result alone and with every value kept.
void expect_same(const Pair& pair) {
  ASSERT_NE(pair.fast, nullptr);
  std::vector<std::string> all;
  for (const Node& node : pair.graph->nodes())
    for (const ValueId id : node.outputs)
      if (pair.plain->follows_from_data(id)) all.push_back(pair.graph->name(id));
  const auto expected = pair.run(*pair.plain, all);
  const auto alone = pair.run(*pair.fast);
  expect_close(alone[0], expected[0]);
  const auto kept = pair.run(*pair.fast, all);
  EXPECT_TRUE(at::equal(kept[0], alone[0])) << "keeping values changed the result";
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i]);
    expect_close(kept[i + 1], expected[i + 1]);
    const auto one = pair.run(*pair.fast, {all[i]});
    EXPECT_TRUE(at::equal(one[0], alone[0])) << "keeping this value changed the result";
    expect_close(one[1], expected[i + 1]);
  }
}

std::string pooled_head(Net& net, const std::string& x, std::int64_t channels) {
  const auto flat = net.op("Flatten", {net.op("GlobalAveragePool", {x})});
  return net.op("Gemm", {flat, net.weight({5, channels})}, {{"transB", std::int64_t{1}}});
}

TEST(InferenceExecutor, RunsResidualBlocks) {
  Net net;
  net.input({kFree, 3, 32, 32});
  auto x = net.op("Relu", {net.norm(net.conv("x", 3, 32, 7, 2), 32)});
  x = net.op("MaxPool", {x},
             {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
  for (const int stride : {1, 2}) {
    const std::int64_t in = 32, out = stride == 1 ? 32 : 64;
    auto y = net.op("Relu", {net.norm(net.conv(x, in, out, 3, stride), out)});
    y = net.norm(net.conv(y, out, out, 3), out);
    const auto shortcut = stride == 1 ? x : net.norm(net.conv(x, in, out, 1, stride), out);
    x = net.op("Relu", {net.op("Add", {shortcut, y})});
  }
  expect_same(Pair(net.finish(pooled_head(net, x, 64)), {8, 3, 32, 32}));
}

TEST(InferenceExecutor, RunsDepthwiseBlocksWithSqueezeAndExcitation) {
  Net net;
  net.input({kFree, 3, 24, 24});
  auto x = net.op("HardSwish", {net.norm(net.conv("x", 3, 16, 3, 2), 16)});
  auto y = net.conv(x, 16, 16, 5, 1, 16);
  const auto gate = net.op(
      "HardSigmoid",
      {net.conv(net.op("Relu", {net.conv(net.op("GlobalAveragePool", {y}), 16, 4, 1)}), 4, 16, 1)});
  y = net.conv(net.op("Mul", {y, gate}), 16, 16, 1);
  x = net.op("Add", {x, y});
  const auto z = net.conv(x, 16, 24, 1);
  x = net.op("Mul", {z, net.op("Sigmoid", {z})});
  const auto zero = net.constant(at::scalar_tensor(0.f)),
             six = net.constant(at::scalar_tensor(6.f));
  x = net.op("Clip", {net.conv(x, 24, 40, 3, 2), zero, six});
  expect_same(Pair(net.finish(pooled_head(net, x, 40)), {8, 3, 24, 24}));
}

TEST(InferenceExecutor, RunsConcatenationsBranchesAndDenseBlocks) {
  Net net;
  net.input({kFree, 3, 20, 20});
  auto x = net.op("Relu", {net.conv("x", 3, 16, 3)});
  for (int i = 0; i < 2; ++i) {  // dense: normalise, activate, convolve, concatenate
    const std::int64_t in = 16 + 12 * i;
    const auto y = net.conv(net.op("Relu", {net.norm(x, in)}), in, 12, 3);
    x = net.op("Concat", {x, y}, {{"axis", std::int64_t{1}}});
  }
  const auto a = net.op("AveragePool", {x},
                        {{"kernel_shape", Ints{3, 3}},
                         {"pads", Ints{1, 1, 1, 1}},
                         {"count_include_pad", std::int64_t{1}}});
  const auto b = net.op("Conv", {x, net.weight({8, 40, 1, 7})}, {{"pads", Ints{0, 3, 0, 3}}});
  const auto c = net.op("MaxPool", {x},
                        {{"kernel_shape", Ints{2, 2}},
                         {"strides", Ints{1, 1}},
                         {"auto_pad", std::string("SAME_UPPER")}});
  x = net.op("Concat", {a, b, c}, {{"axis", std::int64_t{1}}});
  expect_same(Pair(net.finish(pooled_head(net, x, 88)), {8, 3, 20, 20}));
}

TEST(InferenceExecutor, RunsShufflesAndFlattenedHeads) {
  Net net;
  net.input({kFree, 3, 16, 16});
  auto x = net.op("Relu", {net.conv("x", 3, 24, 3)});
  x = net.op("Reshape", {x, net.constant(at::tensor({0, 2, 12, 16, 16}, at::kLong))});
  x = net.op("Transpose", {x}, {{"perm", Ints{0, 2, 1, 3, 4}}});
  x = net.op("Reshape", {x, net.constant(at::tensor({0, 24, 16, 16}, at::kLong))});
  const auto low = net.op("Slice", {x, net.constant(at::tensor({0}, at::kLong)),
                                    net.constant(at::tensor({12}, at::kLong)),
                                    net.constant(at::tensor({1}, at::kLong))});
  x = net.op("Add", {net.conv(low, 12, 12, 3, 2), net.weight({12, 1, 1})});
  const auto flat = net.op("Flatten", {net.op("Relu", {x})});
  expect_same(Pair(net.finish(net.op("Gemm", {flat, net.weight({768, 6}, 0.05)})), {8, 3, 16, 16}));
}

TEST(InferenceExecutor, LeavesAValueAloneThatSeveralReadersShare) {
  Net net;
  net.input({kFree, 4, 12, 12});
  const auto x = net.conv("x", 4, 16, 3);
  const auto a = net.op("Add", {net.conv(x, 16, 16, 3), x});  // x is read again below
  const auto b = net.op("Add", {net.conv(a, 16, 16, 3), x});
  const auto c = net.op("Add", {net.op("Relu", {b}), a});
  expect_same(Pair(net.finish(pooled_head(net, c, 16)), {8, 4, 12, 12}));
}

TEST(InferenceExecutor, GivesTheSameBitsOnSeveralThreads) {
  Net net;
  net.input({kFree, 3, 16, 16});
  auto x = net.op("Relu", {net.conv("x", 3, 32, 3)});
  x = net.op("Relu", {net.conv(x, 32, 32, 3)});
  const Pair pair(net.finish(pooled_head(net, x, 32)), {8, 3, 16, 16});
  const at::Tensor expected = pair.run(*pair.fast)[0];
  std::vector<at::Tensor> got(4);
  std::vector<std::thread> threads;
  for (auto& result : got)
    threads.emplace_back([&] {
      enter_kernel_thread();
      for (int i = 0; i < 5; ++i) result = pair.run(*pair.fast)[0];
    });
  for (auto& thread : threads) thread.join();
  for (const auto& result : got) EXPECT_TRUE(at::equal(result, expected));
}

TEST(InferenceExecutor, DoesNotHideParametersThatAreNotFinite) {
  Net net;
  net.input({kFree, 3, 8, 8});
  const auto nan = net.constant(at::full({4, 3, 1, 1}, std::numeric_limits<float>::quiet_NaN()));
  const auto x = net.op("Relu", {net.op("Conv", {"x", nan})});
  EXPECT_EQ(Pair(net.finish(pooled_head(net, x, 4)), {8, 3, 8, 8}).fast, nullptr);
}

TEST(InferenceExecutor, PlansManyResidualStepsOfTokens) {
  Net net;
  net.input({kFree, 3, 8, 8});
  auto x = net.op("Flatten", {net.conv("x", 3, 4, 3)});
  for (int i = 0; i < 48; ++i)  // exact: 0 or 2x
    x = net.op("Add", {x, net.op("Abs", {x})});
  x = net.op("MatMul", {x, net.weight({256, 4})});
  const Pair pair(net.finish(x), {8, 3, 8, 8});
  ASSERT_NE(pair.fast, nullptr);
  expect_close(pair.run(*pair.fast)[0], pair.run(*pair.plain)[0]);
}

TEST(InferenceExecutor, LeavesGradientsToTheOtherExecutor) {
  Net net;
  net.input({kFree, 3, 8, 8});
  const Pair pair(net.finish(pooled_head(net, net.op("Relu", {net.conv("x", 3, 4, 3)}), 4)),
                  {8, 3, 8, 8});
  const at::AutoGradMode record(true);
  Request request;
  request.given = {{pair.given.value, pair.given.tensor.clone().requires_grad_(true)}};
  request.wanted = {pair.graph->outputs()[0]};
  request.input_shapes = {{8, 3, 8, 8}};
  EXPECT_TRUE(pair.fast->run(request)[0].requires_grad());
}

}  // namespace
}  // namespace assay::network
