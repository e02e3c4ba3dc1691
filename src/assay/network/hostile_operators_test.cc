// Operators asked for any amount of memory and time, and the budget that they meet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "assay/network/hostile_file_test.h"
#include "assay/network/small_onnx_models_test.h"

namespace assay::network {
namespace {

using ::testing::HasSubstr;
using HostileOperators = HostileFile;

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

struct Attack {
  std::string name;
  AddNode node;
};

std::vector<Attack> attacks() {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  std::vector<Attack> all;
  const auto sized = [&](const std::string& op, const std::vector<std::string>& before,
                         const Dims& sizes, const std::vector<std::string>& after = {}) {
    all.push_back({op, [=](OnnxBuilder& b) {
                     b.ints("sizes", {static_cast<std::int64_t>(sizes.size())}, sizes);
                     std::vector<std::string> inputs = before;
                     inputs.emplace_back("sizes");
                     inputs.insert(inputs.end(), after.begin(), after.end());
                     b.node(op, inputs, {"t"});
                   }});
  };
  for (const std::int64_t n : {std::int64_t{1} << 24, std::int64_t{1} << 31, std::int64_t{1} << 40,
                               kHuge, std::numeric_limits<std::int64_t>::max()}) {
    sized("Resize", {"x", "", ""}, {1, 3, n, n});
    sized("Expand", {"x"}, {n, 3, 8, 8});
    sized("Expand", {"x"}, {n, n, n, 1, 3, 8, 8});
    sized("Pad", {"x"}, {0, 0, 0, n, 0, 0, 0, n});
    sized("Pad", {"x"}, {0, 0, 0, -n, 0, 0, 0, n});
    sized("Tile", {"x"}, {n, 1, 1, n});
    sized("ConstantOfShape", {}, {n, 4});
    sized("ConstantOfShape", {}, {n, n, 4});
    sized("CenterCropPad", {"x"}, {n, n, n, n});
    sized("Reshape", {"x"}, {n, n, 0});
    all.push_back({"TopK", [=](OnnxBuilder& b) {
                     b.ints("k", {1}, {n}).node("TopK", {"x", "k"}, {"t", "places"});
                   }});
    all.push_back({"Range", [=](OnnxBuilder& b) {
                     b.ints("from", {}, {-n}).ints("to", {}, {n}).ints("step", {}, {1});
                     b.node("Range", {"from", "to", "step"}, {"t"});
                   }});
    all.push_back({"OneHot", [=](OnnxBuilder& b) {
                     b.ints("which", {2}, {0, 1}).ints("depth", {}, {n}).floats("v", {2}, {0, 1});
                     b.node("OneHot", {"which", "depth", "v"}, {"t"});
                   }});
    all.push_back({"HannWindow", [=](OnnxBuilder& b) {
                     b.ints("size", {}, {n}).node("HannWindow", {"size"}, {"t"});
                   }});
    all.push_back({"Conv", [=](OnnxBuilder& b) {
                     b.floats("w", {4, 3, 1, 1}, weights(12));
                     set(b.node("Conv", {"x", "w"}, {"t"}), "pads", Dims{n, n, n, n});
                   }});
    all.push_back({"ConvTranspose", [=](OnnxBuilder& b) {
                     b.floats("w", {3, 4, 1, 1}, weights(12));
                     set(b.node("ConvTranspose", {"x", "w"}, {"t"}), "strides", Dims{n, n});
                   }});
    all.push_back({"MaxPool", [=](OnnxBuilder& b) {
                     auto& node = b.node("MaxPool", {"x"}, {"t"});
                     set(node, "kernel_shape", Dims{n, n});
                     set(node, "pads", Dims{n, n, n, n});
                   }});
    all.push_back({"AveragePool", [=](OnnxBuilder& b) {
                     auto& node = b.node("AveragePool", {"x"}, {"t"});
                     set(node, "kernel_shape", Dims{2, 2});
                     set(node, "pads", Dims{n, n, n, n});
                   }});
    all.push_back({"DepthToSpace", [=](OnnxBuilder& b) {
                     set(b.node("DepthToSpace", {"x"}, {"t"}), "blocksize", n);
                   }});
    all.push_back({"SpaceToDepth", [=](OnnxBuilder& b) {
                     set(b.node("SpaceToDepth", {"x"}, {"t"}), "blocksize", -n);
                   }});
    all.push_back({"LSTM", [=](OnnxBuilder& b) {
                     b.floats("w", {1, 16, 8}, weights(128)).floats("r", {1, 16, 4}, weights(64));
                     b.ints("rows", {3}, {0, 24, 8}).node("Reshape", {"x", "rows"}, {"s"});
                     set(b.node("LSTM", {"s", "w", "r"}, {"t"}), "hidden_size", n);
                   }});
  }
  for (const float scale : {1e9F, 1e30F, infinity, -1.F, 0.F, nan, 1e-30F})
    for (const char* mode : {"nearest", "linear", "cubic"})
      all.push_back({"Resize by " + std::to_string(scale), [=](OnnxBuilder& b) {
                       b.floats("s", {4}, {1, 1, scale, scale});
                       set(b.node("Resize", {"x", "", "s"}, {"t"}), "mode", std::string(mode));
                     }});
  for (const float step : {0.F, 1e-30F, nan, -1.F})
    all.push_back({"Range of floats", [=](OnnxBuilder& b) {
                     b.floats("from", {}, {0}).floats("to", {}, {1e9F}).floats("step", {}, {step});
                     b.node("Range", {"from", "to", "step"}, {"t"});
                   }});
  all.push_back(
      {"an outer product", [](OnnxBuilder& b) {
         set(b.node("Einsum", {"x", "x"}, {"t"}), "equation", std::string("abcd,efgh->abcdefgh"));
         b.node("MatMul", {"t", "t"}, {"unread"});
       }});
  all.push_back({"a value that doubles", [](OnnxBuilder& b) {
                   std::string last = "x";
                   for (int i = 0; i < 40; ++i) {
                     const std::string next = "d" + std::to_string(i);
                     set(b.node("Concat", {last, last}, {next}), "axis", std::int64_t{2});
                     last = next;
                   }
                   b.node("Relu", {last}, {"t"});
                 }});
  return all;
}

TEST_F(HostileOperators, OperatorsAskedForAnyAmountOfMemoryRefuse) {
  for (const Attack& attack : attacks()) {
    SCOPED_TRACE(attack.name);
    refusal_of_model(around(attack.node));
  }
  // Not by chance: without the huge numbers these files are taken.
  const AddNode plain = [](OnnxBuilder& b) {
    b.ints("sizes", {4}, {1, 3, 16, 16}).node("Resize", {"x", "", "", "sizes"}, {"t"});
  };
  EXPECT_THAT(refusal_of_model(around(plain)), Not(HasSubstr("Resize")));
}

TEST_F(HostileOperators, LoopsEnd) {
  for (const int depth : {1, 3}) {
    OnnxBuilder b(16);
    b.input("x", {-1, 3, 8, 8}).ints("most", {}, {kHuge});
    std::function<void(onnx::NodeProto&, int)> fill = [&](onnx::NodeProto& node, int level) {
      auto& attribute = *node.add_attribute();
      attribute.set_name("body");
      attribute.set_type(onnx::AttributeProto::GRAPH);
      auto& graph = *attribute.mutable_g();
      const std::string n = std::to_string(level);
      for (const std::string& name : {"trip" + n, "on" + n, "v" + n})
        graph.add_input()->set_name(name);
      auto& same = *graph.add_node();
      same.set_op_type("Identity");
      same.add_input("on" + n);
      same.add_output("still" + n);
      auto& inner = *graph.add_node();
      inner.add_output("w" + n);
      if (level == depth) {
        inner.set_op_type("Neg");
        inner.add_input("v" + n);
      } else {
        inner.set_op_type("Loop");
        for (const std::string& name : {std::string("most"), std::string(), "v" + n})
          inner.add_input(name);
        fill(inner, level + 1);
      }
      graph.add_output()->set_name("still" + n);
      graph.add_output()->set_name("w" + n);
    };
    b.node("GlobalAveragePool", {"x"}, {"g"});
    fill(b.node("Loop", {"most", "", "g"}, {"l"}), 1);
    b.node("Flatten", {"l"}, {"y"});
    EXPECT_THAT(refusal_of_model(b.output("y")),
                HasSubstr(depth == 1 ? "trips" : "a loop within a loop"));
  }
}

// -- the budget

TEST_F(HostileOperators, ActivationsBeyondTheBudgetAreRefusedByNameAndSizes) {
  // Each value is a fifth of what may be taken; all are alive at the end.
  OnnxBuilder b(13);
  b.input("x", {-1, 3, 8, 8}).ints("wide", {4}, {1, 3, 512, 2048});
  std::vector<std::string> made;
  for (int i = 0; i < 8; ++i) {
    made.push_back("part" + std::to_string(i));
    b.node("ConstantOfShape", {"wide"}, {made.back()});
  }
  b.node("Sum", made, {"s"});
  b.node("GlobalAveragePool", {"s"}, {"g"});
  b.node("Flatten", {"g"}, {"f"});
  b.node("GlobalAveragePool", {"x"}, {"h"});
  b.node("Flatten", {"h"}, {"k"});
  b.node("Add", {"f", "k"}, {"y"});
  const std::string refusal = refusal_of_model(b.output("y"));
  EXPECT_THAT(refusal, HasSubstr("\"part"));
  EXPECT_THAT(refusal, HasSubstr("12582912 bytes"));
  EXPECT_THAT(refusal, HasSubstr(std::to_string(memory_budget())));
}

TEST_F(HostileOperators, AFileOrItsMessagesLargerThanTheBudgetAreRefused) {
  // Two bytes a node become a hundred in memory.
  std::string nodes;
  for (int i = 0; i < 2'000'000; ++i) nodes += std::string("\x0A\x00", 2);
  std::string size;
  for (std::size_t n = nodes.size(); n > 0; n >>= 7)
    size.push_back(static_cast<char>((n & 127) | (n > 127 ? 128 : 0)));
  EXPECT_THAT(refusal_of_bytes("\x3A" + size + nodes), HasSubstr("--max-memory"));
  set_memory_budget(1000);
  EXPECT_THAT(refusal_of_model(convolutional_model()), HasSubstr("at most 1000 are read"));
}

TEST_F(HostileOperators, EveryTensorIsGivenBack) {
  const std::string path = folder_.write("model.onnx", convolutional_model().bytes());
  refusal_of(path);  // what libtorch keeps for itself it has now
  const std::uint64_t before = tensor_memory();
  EXPECT_EQ(refusal_of(path), "");
  EXPECT_EQ(tensor_memory(), before);
  const at::Tensor held = at::empty({1 << 20}, at::kByte);
  EXPECT_GE(tensor_memory(), before + (1 << 20));
}

}  // namespace
}  // namespace assay::network
