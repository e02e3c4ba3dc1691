// Changed copies recomputed in part against the same copies run as a whole, in float64 by another
// executor over the same graph with its constants widened, and in float32.

#include "assay/network/incremental_executor.h"

#include <gmock/gmock.h>

#include <map>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::network {
namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

constexpr std::int64_t kSide = 33;

// A network under construction from "x" [N,3,33,33].
class Net {
 public:
  Net() : graph_("test") { graph_.add_input("x", "float32", true, {kFree, 3, kSide, kSide}); }
  explicit Net(const Ints& input) : graph_("test") {
    graph_.add_input("x", "float32", true, input);
  }

  std::string op(const std::string& op, const std::vector<std::string>& inputs,
                 const Attributes& attributes = {}, std::size_t outputs = 1) {
    Node n;
    n.op = op;
    n.opset = 17;
    n.attributes = attributes;
    const std::string out = op + std::to_string(count_++);
    std::vector<std::string> names = {out};
    for (std::size_t i = 1; i < outputs; ++i) names.push_back(out + "_" + std::to_string(i));
    graph_.add_node(n, inputs, names);
    return out;
  }
  std::string weight(const Ints& shape, double spread = 0.3, double centre = 0) {
    const at::Tensor items = at::arange(c10::multiply_integers(shape)).mul(1.7 + count_).sin();
    return constant(items.mul(spread).add(centre).reshape(shape).to(at::kFloat));
  }
  std::string constant(const at::Tensor& t) {
    const std::string name = "c" + std::to_string(count_++);
    graph_.add_constant(name, t);
    return name;
  }
  std::string ints(const Ints& values) { return constant(at::tensor(values, at::kLong)); }
  std::string conv(const std::string& x, std::int64_t in, std::int64_t out, std::int64_t kernel,
                   Attributes more = {}, std::int64_t group = 1) {
    more.try_emplace("pads", Ints(4, kernel / 2));
    more.try_emplace("group", group);
    return op("Conv", {x, weight({out, in / group, kernel, kernel}), weight({out})}, more);
  }
  std::string norm(const std::string& x, std::int64_t channels) {
    return op("BatchNormalization", {x, weight({channels}, 0.2, 1), weight({channels}),
                                     weight({channels}), weight({channels}, 0.2, 1)});
  }
  std::string relu(const std::string& x) { return op("Relu", {x}); }
  std::string head(const std::string& x, std::int64_t channels) {
    return op("Gemm", {op("Flatten", {op("GlobalAveragePool", {x})}), weight({channels, 5}, 1)});
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

std::shared_ptr<const Graph> widened(const Graph& graph) {
  Graph wide = graph;
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    for (std::size_t i = 0; i < graph.nodes()[n].inputs.size(); ++i) {
      const ValueId id = graph.nodes()[n].inputs[i];
      const at::Tensor* t = id == kNoValue ? nullptr : graph.constant(id);
      if (t && t->scalar_type() == at::kFloat)
        wide.set_constant_input(static_cast<int>(n), static_cast<int>(i), t->to(at::kDouble));
    }
  return std::make_shared<const Graph>(std::move(wide));
}

// Corners, edges, the middle, and places that no stride divides.
std::vector<Place> places(std::int64_t height, std::int64_t width, PatchSize size) {
  const std::int64_t bottom = height - size.height, right = width - size.width;
  return {{0, 0},
          {0, right},
          {bottom, 0},
          {bottom, right},
          {bottom / 2, 0},
          {1, 2},
          {bottom / 2, right / 2},
          {bottom - 1, right / 3},
          {bottom / 3, right},
          {5, 7}};
}

at::Tensor numbers(const Ints& shape, double pace) {
  return at::arange(c10::multiply_integers(shape), at::kDouble).mul(pace).sin().reshape(shape);
}

struct Compared {
  double error = 0;  // of the largest logit
  double share = 0;
};

Compared compare(const std::shared_ptr<const Graph>& graph, at::ScalarType type,
                 PatchSize size = {6, 6}) {
  const at::NoGradGuard no_grad;
  configure_numerics();
  const auto own = type == at::kDouble ? widened(*graph) : graph;
  const std::shared_ptr<const Executor> plain = make_differentiable_executor(own);
  Ints shape = own->inputs()[0].shape;
  shape[0] = 1;
  const at::Tensor picture = numbers(shape, 0.77).to(type);
  const ValueId in = own->inputs()[0].value, out = own->outputs()[0];
  const IncrementalExecutor incremental(own, plain, {in, picture}, out,
                                        IncrementalExecutor::Rows::kFree);
  const auto where = places(shape[2], shape[3], size);
  const auto pixels = [&](std::size_t i) {
    return numbers({1, shape[1], size.height, size.width}, 0.3 + 0.1 * static_cast<double>(i))
        .to(type);
  };
  const at::Tensor got = incremental.run(picture, size, where, pixels);
  Compared made;
  made.share = incremental.cost_share(size, where);
  double largest = 0;
  for (std::size_t i = 0; i < where.size(); ++i) {
    at::Tensor copy = picture.clone();
    copy.narrow(2, where[i].top, size.height).narrow(3, where[i].left, size.width).copy_(pixels(i));
    Request request;
    request.given = {{in, copy}};
    request.wanted = {out};
    request.input_shapes = {shape};
    const at::Tensor wanted = plain->run(request)[0][0];
    largest = std::max(largest, at::max(at::abs(wanted)).item<double>());
    const double error =
        at::max(at::abs(got[static_cast<std::int64_t>(i)] - wanted)).item<double>();
    EXPECT_TRUE(error <= 1e3) << "place " << i;  // no NaN
    made.error = std::max(made.error, error);
  }
  EXPECT_GT(largest, 0);
  made.error /= largest;
  return made;
}

void expect_equal(const std::shared_ptr<const Graph>& graph, PatchSize size = {6, 6}) {
  EXPECT_LE(compare(graph, at::kDouble, size).error, 1e-10);
  EXPECT_LE(compare(graph, at::kFloat, size).error, 1e-4);
}

TEST(IncrementalExecutor, EqualsWholePassesThroughConvolutionsAndPoolings) {
  Net net;
  std::string x = net.relu(net.norm(net.conv("x", 3, 16, 7, {{"strides", Ints{2, 2}}}), 16));
  x = net.op("MaxPool", {x},
             {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints(4, 1)}});
  x = net.relu(net.conv(x, 16, 32, 3));
  expect_equal(net.finish(net.head(x, 32)));
}

TEST(IncrementalExecutor, EqualsWholePassesThroughResidualsOfDifferentReach) {
  Net net;
  std::string x = net.relu(net.conv("x", 3, 16, 3));
  for (const std::int64_t stride : {1, 2}) {
    const std::string y = net.norm(
        net.conv(net.relu(net.conv(x, 16, 16, 3, {{"strides", Ints{stride, stride}}})), 16, 16, 3),
        16);
    const std::string shortcut =
        stride == 1 ? x : net.conv(x, 16, 16, 1, {{"strides", Ints{2, 2}}});
    x = net.relu(net.op("Add", {y, shortcut}));
  }
  x = net.relu(net.op("Add", {x, net.op("Sigmoid", {x})}));
  expect_equal(net.finish(net.head(x, 16)));
}

TEST(IncrementalExecutor, EqualsWholePassesThroughConcatenationAndShuffling) {
  Net net;
  const std::string x = net.relu(net.conv("x", 3, 8, 3));
  const std::string wide = net.conv(x, 8, 8, 5), narrow = net.conv(x, 8, 8, 1);
  std::string y = net.op("Concat", {wide, narrow}, {{"axis", std::int64_t{1}}});
  y = net.op("Reshape", {y, net.ints({-1, 2, 8, kSide, kSide})});
  y = net.op("Transpose", {y}, {{"perm", Ints{0, 2, 1, 3, 4}}});
  y = net.op("Reshape", {y, net.ints({-1, 16, kSide, kSide})});
  const std::string part = net.op("Slice", {y, net.ints({4}), net.ints({16}), net.ints({1})});
  const std::string halves =
      net.op("Split", {part, net.ints({6, 6})}, {{"axis", std::int64_t{1}}}, 2);
  y = net.op("Mul", {halves, net.conv(halves + "_1", 6, 6, 3, {}, 6)});
  expect_equal(net.finish(net.head(y, 6)));
}

TEST(IncrementalExecutor, EqualsWholePassesThroughDepthwiseDilatedAndUnevenWindows) {
  Net net;
  std::string x =
      net.op("Clip", {net.conv("x", 3, 16, 3, {{"strides", Ints{2, 1}}}),
                      net.constant(at::scalar_tensor(0.f)), net.constant(at::scalar_tensor(1.f))});
  x = net.conv(x, 16, 16, 3, {{"pads", Ints{0, 1, 2, 1}}}, 16);
  x = net.relu(net.conv(x, 16, 16, 3, {{"dilations", Ints{2, 3}}, {"pads", Ints{2, 3, 2, 3}}}));
  x = net.conv(x, 16, 8, 4, {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2, 2}}});
  expect_equal(net.finish(net.head(x, 8)));
}

TEST(IncrementalExecutor, EqualsWholePassesThroughPoolingThatRoundsUpAndAverages) {
  for (const std::int64_t count_pad : {0, 1}) {
    Net net;
    std::string x = net.relu(net.conv("x", 3, 16, 3));
    x = net.op(
        "MaxPool", {x},
        {{"kernel_shape", Ints{3, 2}}, {"strides", Ints{2, 2}}, {"ceil_mode", std::int64_t{1}}});
    x = net.op("AveragePool", {x},
               {{"kernel_shape", Ints{3, 3}},
                {"strides", Ints{2, 2}},
                {"pads", Ints{1, 0, 1, 1}},
                {"ceil_mode", std::int64_t{1}},
                {"count_include_pad", count_pad}});
    x = net.op("AveragePool", {x}, {{"kernel_shape", Ints{2, 2}}});
    x = net.op("Pad",
               {x, net.ints({0, 0, 1, 2, 0, 0, 0, 1}), net.constant(at::scalar_tensor(0.5f))});
    x = net.relu(net.conv(x, 16, 8, 3));
    expect_equal(net.finish(net.head(x, 8)));
  }
}

// The arithmetic of what is recomputed, against the closed form of a 3×3 convolution: the cover and
// one pixel around it.
TEST(IncrementalExecutor, RecomputesOnlyWhatTheCoverReaches) {
  Net net;
  std::string x = net.relu(net.conv("x", 3, 16, 3));
  const auto graph = net.finish(net.head(x, 16));
  const Compared made = compare(graph, at::kFloat, {4, 4});
  // Of the arithmetic, the copies' own included; the cover at (5, 7) and those at the border.
  EXPECT_LT(made.share, 2.0 * 6 * 6 / (33.0 * 33));
  EXPECT_GT(made.share, 0.5 * 6 * 6 / (33.0 * 33));
}

TEST(IncrementalExecutor, SaysThatItCannotWinWhereEverythingIsMixed) {
  Net net;
  std::string x = net.relu(net.conv("x", 3, 16, 3, {{"strides", Ints{2, 2}}}));
  for (int block = 0; block < 4; ++block) {
    const std::string gate =
        net.op("Sigmoid", {net.conv(net.op("GlobalAveragePool", {x}), 16, 16, 1)});
    x = net.relu(net.conv(net.op("Mul", {x, gate}), 16, 16, 3));
  }
  const auto graph = net.finish(net.head(x, 16));
  EXPECT_GT(compare(graph, at::kFloat).share, IncrementalExecutor::kWorthIt);
  expect_equal(graph);  // and is right all the same
}

TEST(IncrementalExecutor, RunsModelsOfChannelsLastPicturesInParts) {
  // x [N,H,W,C] → Transpose → convolution
  Net net(Ints{kFree, kSide, kSide, 3});
  std::string x = net.op("Transpose", {"x"}, {{"perm", Ints{0, 3, 1, 2}}});
  x = net.relu(net.conv(x, 3, 16, 3));
  const auto graph = net.finish(net.head(x, 16));
  const at::NoGradGuard no_grad;
  configure_numerics();
  const std::shared_ptr<const Executor> plain = make_differentiable_executor(graph);
  const at::Tensor picture = numbers({1, kSide, kSide, 3}, 0.77).to(at::kFloat);
  const ValueId in = graph->inputs()[0].value, out = graph->outputs()[0];
  const IncrementalExecutor incremental(graph, plain, {in, picture}, out,
                                        IncrementalExecutor::Rows::kFree);
  const at::Tensor patch = numbers({1, 3, 5, 4}, 0.3).to(at::kFloat);
  const std::vector<Place> where(16, Place{7, 20});
  EXPECT_LT(incremental.cost_share({5, 4}, where), 0.5);
  at::Tensor copy = picture.clone();
  copy.narrow(1, 7, 5).narrow(2, 20, 4).copy_(patch.permute({0, 2, 3, 1}));
  Request request;
  request.given = {{in, copy}};
  request.wanted = {out};
  request.input_shapes = {picture.sizes().vec()};
  const at::Tensor wanted = plain->run(request)[0];
  const at::Tensor got =
      incremental.run(picture, {5, 4}, where, [&](std::size_t) { return patch; });
  EXPECT_TRUE(at::allclose(got, wanted.expand(got.sizes()), 1e-4, 1e-5));
}

// What stands beside a copy in its batch never changes it by a bit.
TEST(IncrementalExecutor, ACopysLogitsDoNotDependOnTheOthers) {
  Net net;
  std::string x = net.relu(net.conv("x", 3, 16, 3, {{"strides", Ints{2, 2}}}));
  x = net.relu(net.conv(x, 16, 32, 3));
  const auto graph = net.finish(net.head(x, 32));
  const at::NoGradGuard no_grad;
  configure_numerics();
  const std::shared_ptr<const Executor> plain = make_differentiable_executor(graph);
  const at::Tensor picture = numbers({1, 3, kSide, kSide}, 0.77).to(at::kFloat);
  const IncrementalExecutor incremental(graph, plain, {graph->inputs()[0].value, picture},
                                        graph->outputs()[0], IncrementalExecutor::Rows::kFree);
  const auto where = places(kSide, kSide, {6, 6});
  for (std::size_t kept = 0; kept < where.size(); ++kept) {
    const auto run = [&](double others) {
      return incremental.run(picture, {6, 6}, where, [&](std::size_t i) {
        return numbers({1, 3, 6, 6}, i == kept ? 0.4 : others).to(at::kFloat);
      })[static_cast<std::int64_t>(kept)];
    };
    EXPECT_TRUE(at::equal(run(0.9), run(0.2))) << kept;
  }
}

}  // namespace
}  // namespace assay::network
