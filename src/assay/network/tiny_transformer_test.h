// Small attention networks for tests: 3×4 patches of a picture of 6×8 px, two heads a layer, no
// position embedding, so that moving a patch moves its token and nothing else.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"

namespace assay::network {

using Dims = std::vector<std::int64_t>;

inline at::Tensor waves(const Dims& shape, double step) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return at::arange(n, at::kDouble).mul(step).add(0.3).sin().to(at::kFloat).reshape(shape);
}

struct TinyTransformer {
  static constexpr std::int64_t kRows = 3, kColumns = 4, kPatch = 2, kHeight = kRows * kPatch,
                                kBreadth = kColumns * kPatch, kWidth = 4, kHeads = 2, kLogits = 3;
  enum class Others { kNone, kBefore, kBehind };
  enum class Cut { kConvolution, kReshape };
  Others others = Others::kBefore;  // where the class token stands
  Cut cut = Cut::kConvolution;
  bool columns_first = false;  // the tokens' order
  int layers = 2;
  double sharpness = 1;   // of the attention; 0: every token alike
  std::int64_t keys = 0;  // of the layers' tokens that are looked at; 0: all

  bool has_class_token() const { return others != Others::kNone; }
  std::int64_t tokens() const { return kRows * kColumns + (has_class_token() ? 1 : 0); }

  // "tokens", "attention_0", "block_0", … , "z"; read from the class token, else from the mean of all.
  Graph graph() const {
    Graph g("tiny");
    g.add_input("x", "float32", true, {kFree, 3, kHeight, kBreadth});
    const Adder add{g};
    patches(add);
    if (has_class_token()) class_token(add);
    std::string at = has_class_token() ? "tokens" : "places";
    for (int l = 0; l < layers; ++l) at = block(add, at, l);
    g.add_constant("head", waves({kWidth, kLogits}, 0.9));
    if (has_class_token()) {
      add.whole("which", at::tensor(others == Others::kBefore ? 0 : tokens() - 1, at::kLong));
      add("Gather", {at, "which"}, "read", {{"axis", std::int64_t{1}}});
    } else {
      add("ReduceMean", {at}, "read", {{"axes", Dims{1}}, {"keepdims", std::int64_t{0}}});
    }
    add("MatMul", {"read", "head"}, "z");
    g.add_output("z");
    g.finish();
    return g;
  }

  Classifier open() const {
    configure_numerics();
    const std::string file = std::filesystem::temp_directory_path() /
                             ("assay_tiny_" + std::to_string(::getpid()) + ".onnx");
    write_onnx(graph(), file);
    InputDescription input;
    input.resize = ResizeRule::kSquash;
    input.resize_height = kHeight;
    input.resize_width = kBreadth;
    auto classifier = Classifier::open(file, input, {}, {});
    std::filesystem::remove(file);
    return classifier;
  }

 private:
  using Names = std::vector<std::string>;
  using Attributes = std::map<std::string, Attribute>;

  struct Adder {
    Graph& graph;
    void operator()(const std::string& op, const Names& inputs, const std::string& output,
                    Attributes attributes = {}) const {
      Node node;
      node.op = op;
      node.name = op + "_" + output;
      node.opset = 17;
      node.attributes = std::move(attributes);
      graph.add_node(std::move(node), inputs, {output});
    }
    void whole(const std::string& name, const at::Tensor& numbers) const {
      graph.add_constant(name, numbers);
    }
    void shape(const std::string& name, const Dims& sizes) const {
      graph.add_constant(name, at::tensor(sizes, at::kLong));
    }
  };

  // "places" [N,12,4]
  void patches(const Adder& add) const {
    if (cut == Cut::kReshape) {
      add.shape("cut", {0, 3, kRows, kPatch, kColumns, kPatch});
      add("Reshape", {"x", "cut"}, "pieces");
      add("Transpose", {"pieces"}, "sorted",
          {{"perm", columns_first ? Dims{0, 4, 2, 3, 5, 1} : Dims{0, 2, 4, 3, 5, 1}}});
      add.shape("flat", {0, kRows * kColumns, kPatch * kPatch * 3});
      add("Reshape", {"sorted", "flat"}, "pixels");
      add.whole("embed", waves({kPatch * kPatch * 3, kWidth}, 0.7));
      add("MatMul", {"pixels", "embed"}, "places");
      return;
    }
    add.whole("kernel", waves({kWidth, 3, kPatch, kPatch}, 0.7));
    add("Conv", {"x", "kernel"}, "patches", {{"strides", Dims{kPatch, kPatch}}});
    if (columns_first) add("Transpose", {"patches"}, "turned", {{"perm", Dims{0, 1, 3, 2}}});
    add.shape("flat", {0, kWidth, -1});
    add("Reshape", {columns_first ? "turned" : "patches", "flat"}, "rows");
    add("Transpose", {"rows"}, "places", {{"perm", Dims{0, 2, 1}}});
  }

  void class_token(const Adder& add) const {
    add("Shape", {"places"}, "sizes");
    add.shape("first", {0});
    add.shape("rest", {1, kWidth});
    add("Gather", {"sizes", "first"}, "count", {{"axis", std::int64_t{0}}});
    add("Concat", {"count", "rest"}, "class_size", {{"axis", std::int64_t{0}}});
    add.whole("class", waves({1, 1, kWidth}, 1.3));
    add("Expand", {"class", "class_size"}, "classes");
    add("Concat",
        others == Others::kBefore ? Names{"classes", "places"} : Names{"places", "classes"},
        "tokens", {{"axis", std::int64_t{1}}});
  }

  // Attention with a residual, then a curved layer with one.
  std::string block(const Adder& add, const std::string& from, int l) const {
    const std::string n = "_" + std::to_string(l);
    std::string seen = from;
    if (keys > 0) {
      add.shape("begin" + n, {0});
      add.shape("end" + n, {keys});
      add.shape("axis" + n, {1});
      add("Slice", {from, "begin" + n, "end" + n, "axis" + n}, "seen" + n);
      seen = "seen" + n;
    }
    const auto heads = [&](const std::string& name, const std::string& of, double step, double by,
                           const Dims& order) {
      add.whole("w" + name, waves({kWidth, kWidth}, step) * by);
      add("MatMul", {of, "w" + name}, "all" + name);
      add.shape("split" + name, {0, -1, kHeads, kWidth / kHeads});
      add("Reshape", {"all" + name, "split" + name}, "split_" + name);
      add("Transpose", {"split_" + name}, name, {{"perm", order}});
    };
    heads("q" + n, from, 0.6 + l, sharpness, {0, 2, 1, 3});
    heads("k" + n, seen, 1.1 + l, 1, {0, 2, 3, 1});
    heads("v" + n, seen, 1.7 + l, 1, {0, 2, 1, 3});
    add("MatMul", {"q" + n, "k" + n}, "scores" + n);
    add("Softmax", {"scores" + n}, "attention" + n, {{"axis", std::int64_t{-1}}});
    add("MatMul", {"attention" + n, "v" + n}, "mixed" + n);
    add("Transpose", {"mixed" + n}, "back" + n, {{"perm", Dims{0, 2, 1, 3}}});
    add.shape("join" + n, {0, -1, kWidth});
    add("Reshape", {"back" + n, "join" + n}, "joined" + n);
    add("Add", {from, "joined" + n}, "between" + n);
    add.whole("curve_w" + n, waves({kWidth, kWidth}, 0.4 + l));
    add("MatMul", {"between" + n, "curve_w" + n}, "straight" + n);
    add("Tanh", {"straight" + n}, "curved" + n);
    add("Add", {"between" + n, "curved" + n}, "block" + n);
    return "block" + n;
  }
};

}  // namespace assay::network
