#include "assay/network/onnx_writer.h"

#include <gmock/gmock.h>
#include <onnx/checker.h>

#include <cstdlib>

#include "assay/base/error.h"
#include "assay/network/executor.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/onnx_reader.h"

namespace assay::network {
namespace {

// conv → relu → mean → gemm on [N,1,4,4].
OnnxBuilder small_network(int input_type = onnx::TensorProto::FLOAT) {
  OnnxBuilder b;
  b.input("x", {-1, 1, 4, 4}, input_type)
      .floats("w", {2, 1, 3, 3},
              {.1f, .2f, -.3f, .4f, .5f, -.6f, .7f, -.8f, .9f, -.1f, .3f, .2f, .6f, -.4f, .1f, .2f,
               .8f, -.5f})
      .floats("v", {3, 2}, {1, -2, .5f, .25f, -1, 3})
      .floats("bias", {3}, {.1f, 0, -.1f})
      .output("y");
  std::string in = "x";
  if (input_type != onnx::TensorProto::FLOAT) {
    set(b.node("Cast", {"x"}, {"wide"}), "to", std::int64_t{1});
    in = "wide";
  }
  set(b.node("Conv", {in, "w"}, {"c"}), "pads", Dims{1, 1, 1, 1});
  b.node("Relu", {"c"}, {"r"});
  b.node("GlobalAveragePool", {"r"}, {"p"});
  b.node("Flatten", {"p"}, {"f"});
  set(b.node("Gemm", {"f", "v", "bias"}, {"y"}), "transB", std::int64_t{1});
  return b;
}

// The first output for one fixed noise input of the file's own shape.
at::Tensor answer(const std::shared_ptr<const Graph>& graph) {
  const at::NoGradGuard no_grad;
  Shape shape;
  for (const std::int64_t d : graph->inputs()[0].shape) shape.push_back(d == kFree ? 2 : d);
  if (shape.size() == 4 && shape[2] == 2) shape[2] = shape[3] = 48;  // a free picture size
  if (shape.size() == 4 && shape[1] == 2) shape[1] = 3;
  at::Tensor x = at::linspace(-1, 1, c10::multiply_integers(shape)).mul(37).sin().reshape(shape);
  if (graph->inputs()[0].type == "uint8") x = x.mul(100).add(128).to(at::kByte);
  Request request;
  request.given = {{graph->inputs()[0].value, x}};
  request.wanted = {graph->outputs()[0]};
  request.input_shapes = {shape};
  return make_differentiable_executor(graph)->run(request)[0];
}

void check(const std::string& path) {
  try {
    onnx::checker::check_model(path);
  } catch (const std::exception& e) {
    ADD_FAILURE() << path << ": " << e.what();
  }
}

TEST(OnnxWriter, WritesWhatReadsBackToTheSameNumbers) {
  const TestFolder folder;
  for (const int type :
       {onnx::TensorProto::FLOAT, onnx::TensorProto::FLOAT16, onnx::TensorProto::UINT8}) {
    const auto graph = read_onnx(small_network(type).write(folder)).graph;
    const std::string copy = folder / "copy.onnx";
    write_onnx(*graph, copy);
    check(copy);
    const auto again = read_onnx(copy).graph;
    EXPECT_EQ(again->inputs()[0].type, graph->inputs()[0].type);
    EXPECT_TRUE(at::equal(answer(again), answer(graph))) << "input type " << type;
  }
}

TEST(OnnxWriter, WritesChangedParametersAndLeavesTheOldOnesBehind) {
  const TestFolder folder;
  Graph changed = *read_onnx(small_network().write(folder)).graph;
  const int gemm = static_cast<int>(changed.nodes().size()) - 1;
  const at::Tensor doubled = changed.constant(changed.find("v"))->mul(2);
  changed.set_constant_input(gemm, 1, doubled);
  const std::string copy = folder / "changed.onnx";
  write_onnx(changed, copy);
  check(copy);
  const auto again = read_onnx(copy).graph;
  EXPECT_EQ(again->find("v"), kNoValue);
  EXPECT_TRUE(at::equal(*again->constant(again->nodes().back().inputs[1]), doubled));
  EXPECT_TRUE(at::equal(answer(again), answer(std::make_shared<const Graph>(changed))));
}

TEST(OnnxWriter, KeepsLargeDataInAFileBesideTheModel) {
  const TestFolder folder;
  const auto graph = read_onnx(small_network().write(folder)).graph;
  const std::string copy = folder / "large.onnx";
  write_onnx(*graph, copy, {.inline_bytes = 16});
  EXPECT_TRUE(std::filesystem::exists(copy + ".data"));
  check(copy);
  EXPECT_TRUE(at::equal(answer(read_onnx(copy).graph), answer(graph)));
}

TEST(OnnxWriter, SaysWhereItCannotWrite) {
  const TestFolder folder;
  const auto graph = read_onnx(small_network().write(folder)).graph;
  EXPECT_THROW(write_onnx(*graph, folder / "no/such/folder.onnx"), InputError);
}

TEST(OnnxWriter, KeepsRealModelsBitForBit) {
  const char* shared = std::getenv("ASSAY_SHARED");
  const std::filesystem::path models =
      std::filesystem::path(shared ? shared : "../shared") / "data/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "no reference data in " << models;
  const TestFolder folder;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(models)) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const auto graph = read_onnx(entry.path()).graph;
    const std::string copy = folder / "copy.onnx";
    write_onnx(*graph, copy);
    const auto again = read_onnx(copy).graph;
    at::Tensor before;
    try {
      before = answer(graph);
    } catch (const InputError& e) {
      continue;  // an operator that is not supported: nothing to compare
    }
    check(copy);
    ++count;
    EXPECT_TRUE(at::equal(answer(again), before));
  }
  EXPECT_GE(count, 9);
}

}  // namespace
}  // namespace assay::network
