#include "assay/methods/mean_color.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "assay/base/file.h"
#include "assay/imaging/encode.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"

namespace assay::methods {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSide = 8;

class MeanColor : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("assay_mean_color_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "pictures");
  }
  void TearDown() override { fs::remove_all(folder_); }

  network::Classifier classifier(Layout layout) const {
    network::configure_numerics();
    network::Graph graph("test");
    if (layout == Layout::kNhwc)
      graph.add_input("x", "float32", true, {network::kFree, kSide, kSide, 3});
    else
      graph.add_input("x", "float32", true, {network::kFree, 3, kSide, kSide});
    graph.add_constant("w", at::ones({3 * kSide * kSide, 2}));
    for (const auto& [op, inputs, output] :
         {std::tuple{"Flatten", std::vector<std::string>{"x"}, "flat"},
          {"MatMul", {"flat", "w"}, "z"}}) {
      network::Node node;
      node.op = op;
      node.opset = 17;
      graph.add_node(node, inputs, {output});
    }
    graph.add_output("z");
    graph.finish();
    network::write_onnx(graph, folder_ / "model.onnx");
    InputDescription input;
    input.layout = layout;
    input.resize = ResizeRule::kSquash;
    input.resize_height = input.resize_width = kSide;
    input.mean = {0.5, 0.25, 0};
    input.std = {0.5, 1, 2};
    return network::Classifier::open(folder_ / "model.onnx", input, {}, {});
  }
  void write(const std::string& name, int side, const std::vector<std::uint8_t>& color) const {
    imaging::Picture picture{side, side, 3, 8, {}};
    for (int i = 0; i < side * side; ++i)
      picture.bytes.insert(picture.bytes.end(), color.begin(), color.end());
    write_file((folder_ / "pictures" / name).string(), imaging::encode_png(picture));
  }
  at::Tensor mean(Layout layout) const {
    return mean_color(classifier(layout),
                      imaging::DataSet::unlabelled({(folder_ / "pictures").string()}));
  }

  fs::path folder_;
};

TEST_F(MeanColor, CountsEachPictureOnceAfterNormalisation) {
  write("small.png", 4, {255, 0, 51});
  write("large.png", 40, {0, 255, 102});
  write_file((folder_ / "pictures" / "broken.png").string(), "no picture");
  for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
    const at::Tensor got = mean(layout);
    ASSERT_EQ(got.sizes(), (at::IntArrayRef{3}));
    EXPECT_NEAR(got[0].item<double>(), 0, 1e-6);
    EXPECT_NEAR(got[1].item<double>(), 0.25, 1e-6);
    EXPECT_NEAR(got[2].item<double>(), 0.15, 1e-6);
  }
}

TEST_F(MeanColor, IsUndefinedWhereNoPictureCanBeRead) {
  write_file((folder_ / "pictures" / "broken.png").string(), "no picture");
  EXPECT_FALSE(mean(Layout::kNchw).defined());
}

}  // namespace
}  // namespace assay::methods
