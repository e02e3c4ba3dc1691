// Regions against what really changes when pixels do.

#include "assay/network/affected_region.h"

#include <gtest/gtest.h>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"

namespace assay::network {
namespace {

using Ints = std::vector<std::int64_t>;

struct Case {
  std::string op;
  std::map<std::string, Attribute> attributes;
  std::int64_t kernel = 1;
};

// In float64 with weights that are nowhere 0, whatever is in a region changes, and nothing else.
TEST(AffectedRegion, IsExactlyWhatChanges) {
  const at::NoGradGuard no_grad;
  configure_numerics();
  const Case cases[] = {
      {"Conv", {{"pads", Ints{1, 1, 1, 1}}}, 3},
      {"Conv", {{"pads", Ints{3, 2, 0, 1}}, {"strides", Ints{2, 3}}}, 4},
      {"Conv", {{"pads", Ints{2, 2, 2, 2}}, {"dilations", Ints{2, 2}}, {"strides", Ints{2, 1}}}, 3},
      {"Conv", {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Ints{2, 2}}}, 2},
      {"AveragePool",
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", std::int64_t{1}}}},
      {"Pad", {}},
      {"Sigmoid", {}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.op);
    Graph graph("test");
    graph.add_input("x", "float32", true, {1, 2, 19, 23});
    Node node;
    node.op = c.op;
    node.opset = 19;
    node.attributes = c.attributes;
    std::vector<std::string> inputs = {"x"};
    if (c.op == "Conv") {
      graph.add_constant("w", at::arange(3 * 2 * c.kernel * c.kernel, at::kDouble)
                                  .add(0.37)
                                  .sin()
                                  .reshape({3, 2, c.kernel, c.kernel}));
      inputs.push_back("w");
    } else if (c.op == "Pad") {
      graph.add_constant("pads", at::tensor(Ints{0, 0, 2, 1, 0, 0, 0, 3}, at::kLong));
      inputs.push_back("pads");
    }
    graph.add_node(node, inputs, {"y"});
    graph.add_output("y");
    graph.finish();
    const auto shared = std::make_shared<const Graph>(graph);
    const auto executor = make_differentiable_executor(shared);
    const ValueId x = graph.find("x"), y = graph.find("y");
    const at::Tensor clean =
        at::arange(2 * 19 * 23, at::kDouble).mul(0.71).cos().reshape({1, 2, 19, 23});
    const auto run = [&](const at::Tensor& t) {
      Request request;
      request.given = {{x, t}};
      request.wanted = {y};
      request.input_shapes = {t.sizes().vec()};
      return executor->run(request)[0];
    };
    const at::Tensor before = run(clean);
    GraphFacts facts;
    facts.data = {true, true};
    facts.data.resize(static_cast<std::size_t>(graph.value_count()), false);
    facts.shapes.resize(facts.data.size());
    facts.float32.assign(facts.data.size(), false);
    facts.constants.resize(facts.data.size());
    for (ValueId id = 0; id < graph.value_count(); ++id) {
      facts.data[id] = executor->follows_from_data(id);
      if (const at::Tensor* t = graph.constant(id)) facts.constants[id] = *t;
    }
    facts.shapes[x] = clean.sizes().vec();
    facts.shapes[y] = before.sizes().vec();
    const auto routes = routes_of(graph, facts, x, y);
    const auto keeps = keeps_place(graph, facts, routes, x);
    ASSERT_TRUE(keeps[y]);
    for (const Interval rows : {Interval{0, 4}, {7, 12}, {15, 19}})
      for (const Interval columns : {Interval{0, 5}, {8, 13}, {18, 23}}) {
        at::Tensor copy = clean.clone();
        copy.slice(2, rows.begin, rows.end).slice(3, columns.begin, columns.end).add_(0.5);
        const at::Tensor changed = run(copy).ne(before).any(1)[0];  // [H,W]
        for (int axis = 0; axis < 2; ++axis) {
          const Interval got =
              reached(graph, routes, keeps, x, axis == 0 ? rows : columns, axis)[y];
          const at::Tensor along = changed.any(1 - axis);
          for (std::int64_t i = 0; i < along.numel(); ++i)
            EXPECT_EQ(along[i].item<bool>(), i >= got.begin && i < got.end)
                << "axis " << axis << ", place " << i;
        }
      }
  }
}

}  // namespace
}  // namespace assay::network
