#include "assay/methods/evaluation/batched_passes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::methods {
namespace {

// z = (sum, −sum) of a picture [3,4,5] of 8-bit numbers, channels last where asked for.
network::Classifier summing(Layout layout) {
  network::configure_numerics();
  network::Graph graph("test");
  const bool last = layout == Layout::kNhwc;
  graph.add_input("x", "uint8", true,
                  last ? std::vector<std::int64_t>{network::kFree, 4, 5, 3}
                       : std::vector<std::int64_t>{network::kFree, 3, 4, 5});
  graph.add_constant("w", at::tensor({1.f, -1.f}).repeat({60, 1}));
  const auto node = [](const char* op) {
    network::Node n;
    n.op = op;
    n.opset = 17;
    return n;
  };
  network::Node cast = node("Cast");
  cast.attributes["to"] = std::int64_t{1};
  graph.add_node(std::move(cast), {"x"}, {"real"});
  graph.add_node(node("Flatten"), {"real"}, {"flat"});
  graph.add_node(node("MatMul"), {"flat", "w"}, {"z"});
  graph.add_output("z");
  graph.finish();
  const std::string file = std::filesystem::temp_directory_path() /
                           ("assay_batched_passes_" + std::to_string(::getpid()) + ".onnx");
  network::write_onnx(graph, file);
  InputDescription input;
  input.layout = layout;
  input.resize = ResizeRule::kSquash;
  input.resize_height = 4;
  input.resize_width = 5;
  auto classifier = network::Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  return classifier;
}

TEST(BatchedPasses, GiveEveryPictureItsOwnLogitsWhateverTheLayout) {
  for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
    const network::Classifier classifier = summing(layout);
    std::vector<MakePicture> pictures;
    for (int i = 0; i < 11; ++i)
      pictures.emplace_back([i] { return at::full({1, 3, 4, 5}, static_cast<float>(i)); });
    const std::int64_t before = classifier.pictures_run();
    const at::Tensor logits = logits_of_pictures(classifier, pictures);
    EXPECT_EQ(classifier.pictures_run() - before, 16);  // two micro-batches
    ASSERT_EQ(logits.sizes(), (at::IntArrayRef{11, 2}));
    for (std::int64_t i = 0; i < 11; ++i)
      EXPECT_NEAR(logits[i][0].item<double>(), 60.0 * static_cast<double>(i), 1e-3) << i;
  }
}

TEST(BatchedPasses, RoundToThePixelsThatTheModelTakes) {
  const network::Classifier classifier = summing(Layout::kNchw);
  const at::Tensor logits = logits_of_pictures(classifier, {[] {
                                                              return at::full({1, 3, 4, 5}, 2.6f);
                                                            },
                                                            [] {
                                                              return at::full({1, 3, 4, 5}, -7.f);
                                                            },
                                                            [] {
                                                              return at::full({1, 3, 4, 5}, 300.f);
                                                            }});
  EXPECT_NEAR(logits[0][0].item<double>(), 60 * 3, 1e-3);
  EXPECT_NEAR(logits[1][0].item<double>(), 0, 1e-3);
  EXPECT_NEAR(logits[2][0].item<double>(), 60 * 255, 1e-1);
}

}  // namespace
}  // namespace assay::methods
