// Functions and control flow of ONNX files.
#include "assay/network/onnx_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/network/operator_run_test.h"
#include "assay/network/operators.h"

namespace assay::network {
namespace {

using Floats = std::vector<float>;
using testing::HasSubstr;

onnx::NodeProto& add_node(onnx::FunctionProto& f, const std::string& op,
                          const std::vector<std::string>& in, const std::string& out) {
  auto& node = *f.add_node();
  node.set_op_type(op);
  for (const auto& name : in) node.add_input(name);
  node.add_output(out);
  return node;
}

onnx::FunctionProto& add_function(OnnxBuilder& b, const std::string& name) {
  auto& f = *b.model.add_functions();
  f.set_name(name);
  f.set_domain("mine");
  f.add_opset_import()->set_version(17);
  auto& own = *f.add_opset_import();
  own.set_domain("mine");
  own.set_version(1);
  return f;
}

// y = call(x) with the functions' domain imported.
OnnxBuilder caller(const at::Tensor& x, const std::string& function) {
  OnnxBuilder b = taking(x, 17);
  auto& import = *b.model.add_opset_import();
  import.set_domain("mine");
  import.set_version(1);
  b.node(function, {"x"}, {"y"}).set_domain("mine");
  return b;
}

std::string refusal(const OnnxBuilder& b) {
  const TestFolder folder;
  try {
    read_onnx(b.write(folder));
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

std::shared_ptr<const Graph> read(const OnnxBuilder& b) {
  const TestFolder folder;
  return read_onnx(b.write(folder)).graph;
}

TEST(Functions, AreUnfoldedWithTheirAttributes) {
  const at::Tensor x = at::tensor({-1.f, 2.f});
  OnnxBuilder b = caller(x, "leaky_twice");
  set(*b.model.mutable_graph()->mutable_node(0), "slope", .5f);
  auto& leaky = add_function(b, "leaky_twice");
  leaky.add_input("a");
  leaky.add_output("c");
  leaky.add_attribute("slope");
  auto& inner = add_node(leaky, "leaky", {"a"}, "b");
  inner.set_domain("mine");
  auto& passed = *inner.add_attribute();
  passed.set_name("alpha");
  passed.set_type(onnx::AttributeProto::FLOAT);
  passed.set_ref_attr_name("slope");
  add_node(leaky, "Add", {"b", "b"}, "c");
  auto& once = add_function(b, "leaky");
  once.add_input("a");
  once.add_output("b");
  once.add_attribute("alpha");
  auto& node = add_node(once, "LeakyRelu", {"a"}, "b");
  auto& reference = *node.add_attribute();
  reference.set_name("alpha");
  reference.set_type(onnx::AttributeProto::FLOAT);
  reference.set_ref_attr_name("alpha");
  EXPECT_EQ(list(run(b, x)[0]), (Floats{-1, 4}));
  const auto graph = read(b);
  EXPECT_EQ(graph->nodes().size(), 2u);
  EXPECT_NE(graph->find("leaky_twice_of_y/b"), kNoValue);  // its inner value can be named
}

TEST(Functions, AttributesLeftOutTakeTheFunctionsDefault) {
  const at::Tensor x = at::tensor({-1.f, 2.f});
  OnnxBuilder b = caller(x, "leaky");
  auto& f = add_function(b, "leaky");
  f.add_input("a");
  f.add_output("b");
  auto& node = add_node(f, "LeakyRelu", {"a"}, "b");
  auto& reference = *node.add_attribute();
  reference.set_name("alpha");
  reference.set_type(onnx::AttributeProto::FLOAT);
  reference.set_ref_attr_name("alpha");
  EXPECT_FLOAT_EQ(list(run(b, x)[0])[0], -.01f);  // LeakyRelu's own
  // FunctionProto.attribute_proto, field 11, which older onnx.proto do not know.
  onnx::AttributeProto alpha;
  alpha.set_name("alpha");
  alpha.set_type(onnx::AttributeProto::FLOAT);
  alpha.set_f(.25f);
  const std::string bytes = alpha.SerializeAsString();
  ASSERT_TRUE(f.MergeFromString("\x5a" + std::string(1, static_cast<char>(bytes.size())) + bytes));
  EXPECT_FLOAT_EQ(list(run(b, x)[0])[0], -.25f);
}

TEST(Functions, MayPassAnInputOn) {
  const at::Tensor x = at::tensor({3.f});
  OnnxBuilder b = caller(x, "same");
  auto& f = add_function(b, "same");
  f.add_input("a");
  f.add_output("a");
  EXPECT_EQ(list(run(b, x)[0]), (Floats{3}));
}

TEST(Functions, ThatNeverEndAreRefused) {
  const at::Tensor x = at::tensor({3.f});
  OnnxBuilder endless = caller(x, "f");
  auto& f = add_function(endless, "f");
  f.add_input("a");
  f.add_output("b");
  add_node(f, "f", {"a"}, "b").set_domain("mine");
  EXPECT_THAT(refusal(endless), HasSubstr("\"f\" calls itself"));
  OnnxBuilder wide = caller(x, "f0");  // 2^40 nodes
  for (int i = 0; i < 40; ++i) {
    auto& g = add_function(wide, "f" + std::to_string(i));
    g.add_input("a");
    g.add_output("c");
    const std::string next = "f" + std::to_string(i + 1);
    add_node(g, i < 39 ? next : "Relu", {"a"}, "b").set_domain(i < 39 ? "mine" : "");
    add_node(g, i < 39 ? next : "Relu", {"b"}, "c").set_domain(i < 39 ? "mine" : "");
  }
  EXPECT_THAT(refusal(wide), HasSubstr("unfold to more than"));
}

// An If of condition `condition`: y = x + 1 or y = -x, both reading x from around them.
void add_if(OnnxBuilder& b, const std::string& condition) {
  auto& node = b.node("If", {condition}, {"y"});
  for (const std::string branch : {"then_branch", "else_branch"}) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    auto& graph = *attribute.mutable_g();
    graph.set_name(branch);
    auto& inner = *graph.add_node();
    inner.set_op_type(branch == "then_branch" ? "Add" : "Neg");
    inner.add_input("x");
    if (branch == "then_branch") {
      *graph.add_initializer() = float_tensor("one", {}, {1});
      inner.add_input("one");
    }
    inner.add_output("r");
    graph.add_output()->set_name("r");
  }
}

void add_bool(OnnxBuilder& b, const std::string& name, bool value) {
  auto& t = *b.model.mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::BOOL);
  t.add_int32_data(value);
}

TEST(If, OfAConstantConditionBecomesItsBranch) {
  const at::Tensor x = at::tensor({2.f, -3.f});
  for (const bool taken : {true, false}) {
    OnnxBuilder b = taking(x, 17);
    add_bool(b, "c", taken);
    add_if(b, "c");
    EXPECT_EQ(list(run(b, x)[0]), taken ? (Floats{3, -2}) : (Floats{-2, 3}));
    ASSERT_EQ(read(b)->nodes().size(), 1u);
    EXPECT_EQ(read(b)->nodes()[0].op, taken ? "Add" : "Neg");
  }
}

TEST(If, OfAConditionThatFollowsFromConstantsBecomesItsBranch) {
  const at::Tensor x = at::tensor({2.f});
  OnnxBuilder b = taking(x, 17);
  b.ints("a", {}, {3}).ints("b", {}, {4}).node("Less", {"a", "b"}, {"c"});
  add_if(b, "c");
  EXPECT_EQ(list(run(b, x)[0]), (Floats{3}));
  EXPECT_EQ(read(b)->nodes().back().op, "Add");
}

TEST(If, OfAConditionThatOnlyTheInputKnowsIsTakenWhenItRuns) {
  OnnxBuilder b = taking(at::zeros({2}), 17);
  b.floats("zero", {}, {0}).node("ReduceSum", {"x"}, {"s"});
  set(*b.model.mutable_graph()->mutable_node(0), "keepdims", std::int64_t{0});
  b.node("Greater", {"s", "zero"}, {"c"});
  add_if(b, "c");
  EXPECT_EQ(list(run(b, at::tensor({2.f, -1.f}))[0]), (Floats{3, 0}));
  EXPECT_EQ(list(run(b, at::tensor({-2.f, -1.f}))[0]), (Floats{2, 1}));
}

TEST(If, MayAskForAShape) {
  for (const std::int64_t size : {1, 2}) {
    const at::Tensor x = at::ones({size});
    OnnxBuilder b = taking(x, 17);
    b.ints("one", {1}, {1}).node("Shape", {"x"}, {"s"});
    b.node("Equal", {"s", "one"}, {"c"});
    add_if(b, "c");
    EXPECT_EQ(list(run(b, x)[0])[0], size == 1 ? 2 : -1);
  }
}

TEST(If, NestedAMillionDeepIsRefused) {
  // NodeProto.attribute is field 5, AttributeProto.g 6, GraphProto.node 1: three bytes of tags and
  // three lengths a level, built from the inside out.
  const auto varint = [](std::size_t n) {
    std::string bytes;
    for (; n > 127; n >>= 7) bytes += static_cast<char>((n & 127) | 128);
    return bytes + static_cast<char>(n);
  };
  std::vector<std::string> heads;
  std::size_t size = 0;
  for (int level = 0; level < 1'000'000; ++level)
    for (const char* tag : {"\x32", "\x2a", "\x0a"}) {
      heads.push_back(tag + varint(size));
      size += heads.back().size();
    }
  heads.push_back("\x3a" + varint(size));  // ModelProto.graph
  std::string bytes;
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) bytes += *head;
  const TestFolder folder;
  try {
    read_onnx(folder.write("deep.onnx", bytes));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("nests graphs more than 20 deep"));
  }
}

TEST(Loop, ThatNeverEndsIsRefused) {
  const at::Tensor x = at::tensor({2.f});
  OnnxBuilder b = taking(x, 17);
  b.ints("trips", {}, {INT64_MAX});
  auto& node = b.node("Loop", {"trips", "", "x"}, {"y"});
  auto& attribute = *node.add_attribute();
  attribute.set_name("body");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  auto& graph = *attribute.mutable_g();
  for (const char* name : {"n", "c", "v"}) graph.add_input()->set_name(name);
  auto& inner = *graph.add_node();
  inner.set_op_type("Identity");
  inner.add_input("c");
  inner.add_output("d");
  for (const char* name : {"d", "v"}) graph.add_output()->set_name(name);
  EXPECT_THROW(run(b, x), InputError);
}

TEST(Bodies, UnknownOperatorsInThemAreListedWithTheOthers) {
  const at::Tensor x = at::tensor({2.f});
  OnnxBuilder b = taking(x, 17);
  b.floats("zero", {1}, {0}).node("Greater", {"x", "zero"}, {"c"});
  add_if(b, "c");
  auto& branch =
      *b.model.mutable_graph()->mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_node(0);
  branch.set_op_type("Frobnicate");
  try {
    run(b, x);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("operators that are not supported: Frobnicate"));
  }
}

}  // namespace
}  // namespace assay::network
