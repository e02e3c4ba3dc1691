#include "assay/network/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "assay/base/error.h"
#include "assay/network/fold.h"
#include "assay/network/gradient.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/onnx_reader.h"
#include "assay/network/operators.h"

namespace assay::network {
namespace {

using testing::HasSubstr;

void add(Graph& graph, const std::string& op, const std::vector<std::string>& inputs,
         const std::vector<std::string>& outputs,
         std::map<std::string, Attribute> attributes = {}) {
  Node node;
  node.op = op;
  node.opset = 13;
  node.attributes = std::move(attributes);
  graph.add_node(std::move(node), inputs, outputs);
}

// A small residual network in double: a = conv(x); b = softplus(a); c = conv(b) + a; y =
// gemm(mean(c)).
std::shared_ptr<const Graph> residual() {
  at::manual_seed(3);
  const auto weights = [](Dims shape) { return at::mul(at::randn(shape, at::kDouble), 0.5); };
  auto graph = std::make_shared<Graph>("residual");
  graph->add_input("x", "float64", true, {kFree, 2, 5, 5});
  graph->add_constant("w1", weights({3, 2, 3, 3}));
  graph->add_constant("w2", weights({3, 3, 3, 3}));
  graph->add_constant("bias", weights({3}));
  graph->add_constant("wy", weights({4, 3}));
  const Attribute pads = Dims{1, 1, 1, 1};
  add(*graph, "Conv", {"x", "w1", "bias"}, {"a"}, {{"pads", pads}});
  add(*graph, "Softplus", {"a"}, {"b"});
  add(*graph, "Conv", {"b", "w2"}, {"c0"}, {{"pads", pads}});
  add(*graph, "Add", {"c0", "a"}, {"c"});
  add(*graph, "GlobalAveragePool", {"c"}, {"p"});
  add(*graph, "Flatten", {"p"}, {"f"});
  add(*graph, "Gemm", {"f", "wy"}, {"y"}, {{"transB", std::int64_t{1}}});
  graph->add_output("y");
  graph->finish();
  return graph;
}

struct Runner {
  explicit Runner(std::shared_ptr<const Graph> g)
      : graph(std::move(g)), executor(make_differentiable_executor(graph)) {}
  std::vector<at::Tensor> run(const std::vector<std::pair<std::string, at::Tensor>>& given,
                              const std::vector<std::string>& wanted,
                              Shape input_shape = {}) const {
    Request request;
    for (const auto& [name, tensor] : given) request.given.push_back({graph->find(name), tensor});
    for (const std::string& name : wanted) request.wanted.push_back(graph->find(name));
    if (input_shape.empty() && !given.empty())
      input_shape.assign(given[0].second.sizes().begin(), given[0].second.sizes().end());
    request.input_shapes = {input_shape};
    return executor->run(request);
  }
  std::shared_ptr<const Graph> graph;
  std::unique_ptr<Executor> executor;
};

Runner runner(const OnnxBuilder& builder) {
  const TestFolder folder;
  return Runner(read_onnx(builder.write(folder)).graph);
}

TEST(Executor, GradientsAgreeWithCentralDifferences) {
  const Runner r(residual());
  at::Tensor x = at::randn({2, 2, 5, 5}, at::kDouble).requires_grad_(true);
  const at::Tensor weights = at::randn({2, 4}, at::kDouble);
  const auto loss = [&](const at::Tensor& at_x) {
    return at::sum(at::mul(r.run({{"x", at_x}}, {"y"})[0], weights));
  };
  const at::Tensor gradient = network::gradient(loss(x), x);
  const double h = 1e-5;
  const at::NoGradGuard no_grad;
  for (int i = 0; i < 100; i += 7) {
    at::Tensor step = at::zeros({100}, at::kDouble);
    step[i] = h;
    const at::Tensor d = step.reshape(x.sizes());
    const double slope = (loss(at::add(x, d)) - loss(at::sub(x, d))).item<double>() / (2 * h);
    EXPECT_NEAR(gradient.reshape({-1})[i].item<double>(), slope, 1e-8) << i;
  }
}

TEST(Executor, ParametersThatRequireGradGetIt) {
  at::Tensor w = at::randn({3, 3}).requires_grad_(true);
  auto graph = std::make_shared<Graph>("trained");
  graph->add_input("x", "float32", true, {kFree, 3});
  graph->add_constant("w", w);
  add(*graph, "Transpose", {"w"}, {"wt"});  // would be folded, were w a constant
  add(*graph, "MatMul", {"x", "wt"}, {"y"});
  graph->add_output("y");
  graph->finish();
  const at::Tensor x = at::randn({2, 3});
  const at::Tensor y = Runner(graph).run({{"x", x}}, {"y"})[0];
  const at::Tensor gradient = network::gradient(at::sum(y), w);
  EXPECT_TRUE(at::allclose(gradient, at::sum(x, {0}).expand({3, 3})));
}

TEST(Executor, ACutWithAWayRoundItNeedsTheInputToo) {
  const Runner r(residual());
  const at::Tensor x = at::randn({2, 2, 5, 5}, at::kDouble);
  const auto whole = r.run({{"x", x}}, {"b", "y"});
  const at::Tensor b = whole[0].detach().clone().requires_grad_(true);
  // The residual path from a goes round b, so x is read.
  const at::Tensor y = r.run({{"b", b}, {"x", x}}, {"y"}, {2, 2, 5, 5})[0];
  EXPECT_TRUE(at::equal(y, whole[1]));
  EXPECT_TRUE(network::gradient(at::sum(y), b).defined());
  EXPECT_THROW(r.run({{"b", b}}, {"y"}, {2, 2, 5, 5}), BugError);
  // Behind the addition nothing else leads to y.
  const at::Tensor c = r.run({{"x", x}}, {"c"})[0];
  EXPECT_TRUE(at::equal(r.run({{"c", c}}, {"y"}, {2, 2, 5, 5})[0], whole[1]));
}

TEST(Executor, AGivenValueStandsInForWhatTheNetworkWouldMake) {
  const Runner r(residual());
  const at::Tensor x = at::randn({1, 2, 5, 5}, at::kDouble);
  const at::Tensor zeros = at::zeros({1, 3, 5, 5}, at::kDouble);
  const at::Tensor y = r.run({{"x", x}, {"c", zeros}}, {"y"})[0];
  EXPECT_EQ(at::max(at::abs(y)).item<double>(), 0);
  EXPECT_TRUE(r.run({{"x", x}}, {"x"})[0].is_same(x));
}

TEST(Executor, OnlyWhatIsNeededRuns) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).floats("wrong", {5}, {1, 2, 3, 4, 5}).output("y").output("z");
  b.node("Relu", {"x"}, {"y"});
  b.node("Add", {"y", "wrong"}, {"z"});  // 3 items and 5: fails when it runs
  const Runner r = runner(b);
  const at::Tensor x = at::ones({2, 3});
  EXPECT_TRUE(at::equal(r.run({{"x", x}}, {"y"})[0], x));
  EXPECT_THROW(r.run({{"x", x}}, {"z"}), InputError);
}

TEST(Executor, ErrorsNameTheNodeTheOperatorAndTheShapes) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).floats("w", {5}, {1, 2, 3, 4, 5}).output("y");
  b.node("Add", {"x", "w"}, {"y"}).set_name("layer7/add");
  const Runner r = runner(b);
  try {
    r.run({{"x", at::ones({2, 3})}}, {"y"});
    FAIL();
  } catch (const InputError& error) {
    for (const char* part : {"model.onnx", "Add", "layer7/add", "Float[2,3]", "Float[5]"})
      EXPECT_THAT(error.what(), HasSubstr(part));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
  }
}

TEST(Executor, IntermediatesAreFreedAfterTheirLastReader) {
  OnnxBuilder b;
  b.input("x", {-1, 4}).output("e");
  b.node("Exp", {"x"}, {"a"});
  b.node("Neg", {"a"}, {"b"});
  b.node("Add", {"a", "b"}, {"c"});
  b.node("Neg", {"c"}, {"d"});
  b.node("Neg", {"d"}, {"e"});
  const Runner r = runner(b);
  Request request;
  request.given = {{r.graph->find("x"), at::ones({2, 4})}};
  request.wanted = {r.graph->find("e"), r.graph->find("b")};
  request.input_shapes = {{2, 4}};
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl>> made;
  int most_alive = 0;
  request.observe = [&](ValueId, const at::Tensor& tensor) {
    made.emplace_back(tensor.getIntrusivePtr());
    int alive = 0;
    for (const auto& weak : made) alive += !weak.expired();
    most_alive = std::max(most_alive, alive);
  };
  const at::NoGradGuard no_grad;
  const auto wanted = r.executor->run(request);
  EXPECT_EQ(made.size(), 5u);
  EXPECT_EQ(most_alive, 3);  // a, b and c; then b, c and d; then b, d and e
}

TEST(Executor, GivenTensorsAndConstantsAreNeverWrittenTo) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).floats("w", {3}, {1, 2, 3}).output("y");
  for (const auto& [op, out] : {std::pair<std::string, std::string>{"Relu", "a"}, {"Clip", "b"}})
    b.node(op, {out == "a" ? "x" : "a"}, {out});
  b.node("Identity", {"w"}, {"v"});
  b.node("Add", {"b", "v"}, {"y"});
  const Runner r = runner(b);
  const at::Tensor x = at::randn({4, 3}), copy = x.clone();
  const at::Tensor first = r.run({{"x", x}}, {"y"})[0].clone();
  EXPECT_TRUE(at::equal(x, copy));
  EXPECT_TRUE(at::equal(r.run({{"x", x}}, {"y"})[0], first));
}

TEST(Executor, ThreadsShareOneExecutor) {
  OnnxBuilder b;  // with shape arithmetic, so that its cache is contended
  b.input("x", {-1, 2, -1, -1}).ints("last", {1}, {-1}).output("y");
  b.node("Shape", {"x"}, {"s"});
  auto& slice = b.node("Slice", {"s", "zero", "one"}, {"n"});
  (void)slice;
  b.ints("zero", {1}, {0}).ints("one", {1}, {1});
  set(b.node("Concat", {"n", "last"}, {"shape"}), "axis", std::int64_t{0});
  b.node("Reshape", {"x", "shape"}, {"y"});
  const Runner r = runner(b);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::int64_t size = 2 + (i + t) % 90;
        const at::Tensor y = r.run({{"x", at::ones({3, 2, size, 2})}}, {"y"})[0];
        if (y.size(0) != 3 || y.size(1) != 4 * size) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

struct Folds : testing::Test {
  Folding folding(const OnnxBuilder& b) {
    const TestFolder folder;
    graph = read_onnx(b.write(folder)).graph;
    return fold(*graph, make_kernels(*graph));
  }
  Follows follows(const Folding& f, const std::string& name) const {
    return f.follows[graph->find(name)];
  }
  std::shared_ptr<const Graph> graph;
};

TEST_F(Folds, WhatFollowsFromConstantsIsComputedOnce) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).floats("w", {3}, {1, 2, 3}).output("y");
  b.node("Neg", {"w"}, {"n"});
  b.node("Add", {"x", "n"}, {"y"});
  const Folding f = folding(b);
  EXPECT_EQ(follows(f, "n"), Follows::kConstants);
  EXPECT_EQ(f.constants[graph->find("n")][2].item<float>(), -3);
  EXPECT_EQ(follows(f, "y"), Follows::kData);
}

TEST_F(Folds, ShapeArithmeticFollowsFromShapes) {
  OnnxBuilder b;
  b.input("x", {-1, 2, 4, 4}).ints("zero", {}, {0}).ints("axis", {1}, {0}).ints("rest", {1}, {-1});
  b.output("y");
  b.node("Relu", {"x"}, {"r"});
  b.node("Shape", {"r"}, {"s"});
  b.node("Gather", {"s", "zero"}, {"n"});
  b.node("Unsqueeze", {"n", "axis"}, {"n1"});
  set(b.node("Concat", {"n1", "rest"}, {"shape"}), "axis", std::int64_t{0});
  b.node("ConstantOfShape", {"shape_of_filled"}, {"filled"});
  b.node("Shape", {"r"}, {"shape_of_filled"});
  b.node("Reshape", {"r", "shape"}, {"y"});
  const Folding f = folding(b);
  for (const char* name : {"s", "n", "n1", "shape", "filled"})
    EXPECT_EQ(follows(f, name), Follows::kShapes) << name;
  EXPECT_EQ(follows(f, "r"), Follows::kData);
  EXPECT_EQ(follows(f, "y"), Follows::kData);
}

TEST_F(Folds, ShapesThatFollowFromDataAreData) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).output("n");
  b.node("NonZero", {"x"}, {"where"});
  b.node("Shape", {"where"}, {"s"});
  b.node("Size", {"x"}, {"size"});
  b.node("Add", {"s", "size"}, {"n"});
  const Folding f = folding(b);
  EXPECT_EQ(follows(f, "s"), Follows::kData);
  EXPECT_EQ(follows(f, "size"), Follows::kShapes);
  EXPECT_EQ(follows(f, "n"), Follows::kData);
}

TEST_F(Folds, ShapeArithmeticRunsOnceForEachShape) {
  OnnxBuilder b;
  b.input("x", {-1, 6}).ints("rest", {1}, {2}).ints("begin", {1}, {0}).ints("end", {1}, {1});
  b.ints("axes", {1}, {0}).output("y");
  b.node("Shape", {"x"}, {"s"});
  b.node("Slice", {"s", "begin", "end", "axes"}, {"n"});
  set(b.node("Concat", {"n", "rest", "rest_too"}, {"shape"}), "axis", std::int64_t{0});
  b.ints("rest_too", {1}, {3});
  b.node("Reshape", {"x", "shape"}, {"y"});
  const TestFolder folder;
  const Runner r(read_onnx(b.write(folder)).graph);
  Request request;
  request.wanted = {r.graph->find("y")};
  std::vector<std::string> computed;
  request.observe = [&](ValueId id, const at::Tensor&) { computed.push_back(r.graph->name(id)); };
  for (const std::int64_t rows : {4, 4, 7, 4}) {
    request.given = {{r.graph->find("x"), at::ones({rows, 6})}};
    request.input_shapes = {{rows, 6}};
    computed.clear();
    EXPECT_EQ(r.executor->run(request)[0].sizes(), (at::IntArrayRef{rows, 2, 3}));
    EXPECT_EQ(computed, std::vector<std::string>{"y"}) << rows;
  }
}

}  // namespace
}  // namespace assay::network
