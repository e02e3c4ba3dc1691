#include "assay/methods/prepared_mask.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"

namespace assay::methods {
namespace {

network::Classifier classifier(const InputDescription& input) {
  network::configure_numerics();
  network::Graph graph("test");
  graph.add_input("x", "float32", true, {network::kFree, 3, 8, 8});
  graph.add_constant("w", at::ones({192, 2}));
  network::Node flatten, product;
  flatten.op = "Flatten";
  product.op = "MatMul";
  flatten.opset = product.opset = 17;
  graph.add_node(flatten, {"x"}, {"flat"});
  graph.add_node(product, {"flat", "w"}, {"z"});
  graph.add_output("z");
  graph.finish();
  const auto file = std::filesystem::temp_directory_path() /
                    ("assay_prepared_mask_" + std::to_string(::getpid()) + ".onnx");
  network::write_onnx(graph, file);
  auto opened = network::Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  return opened;
}

// The left third of 24 × 24 px.
imaging::Mask left_third() {
  imaging::Mask mask{24, 24, std::vector<std::uint8_t>(24 * 24, 0)};
  for (std::size_t p = 0; p < mask.marked.size(); ++p) mask.marked[p] = p % 24 < 8;
  return mask;
}

int marked(const PixelMask& mask, std::size_t from, std::size_t to) {  // columns [from,to) of 8
  int count = 0;
  for (std::size_t p = 0; p < mask.size(); ++p) count += p % 8 >= from && p % 8 < to ? mask[p] : 0;
  return count;
}

TEST(PreparedMask, GoesTheWayOfItsPicture) {
  InputDescription squash;
  squash.resize = ResizeRule::kSquash;
  squash.resize_height = squash.resize_width = 8;
  squash.mean = {0.5, 0.5, 0.5};
  squash.std = {0.2, 0.2, 0.2};
  squash.range = 255;
  // 8/3 columns: the third one holds two thirds of marked pixels.
  PixelMask mask = prepared_mask(classifier(squash), left_third());
  ASSERT_EQ(mask.size(), 64u);
  EXPECT_EQ(marked(mask, 0, 3), 24);
  EXPECT_EQ(marked(mask, 3, 8), 0);

  InputDescription crop = squash;  // the middle 8 of 12 columns, of which 4 are marked: 2 are left
  crop.resize = ResizeRule::kShorter;
  crop.resize_height = crop.resize_width = 12;
  crop.crop = 8;
  mask = prepared_mask(classifier(crop), left_third());
  EXPECT_EQ(marked(mask, 0, 2), 16);
  EXPECT_EQ(marked(mask, 2, 8), 0);
}

TEST(PreparedMask, PaddingIsNotMarked) {
  InputDescription pad;
  pad.resize = ResizeRule::kPad;
  pad.resize_height = pad.resize_width = 8;
  const imaging::Mask all{4, 8, std::vector<std::uint8_t>(32, 1)};
  const PixelMask mask = prepared_mask(classifier(pad), all);
  EXPECT_EQ(std::accumulate(mask.begin(), mask.end(), 0), 32);
  EXPECT_EQ(mask[0], 0);
  EXPECT_EQ(mask[8 * 2], 1);
}

}  // namespace
}  // namespace assay::methods
