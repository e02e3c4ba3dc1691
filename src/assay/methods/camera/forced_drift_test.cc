#include "assay/methods/camera/forced_drift.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"

namespace assay::methods {
namespace {

// Says "bright" where the mean of green is above that of a tenth of red and 0.4: a rule that exposure breaks at once.
class ForcedDriftTest : public testing::Test {
 protected:
  ForcedDriftTest() {
    network::configure_numerics();
    network::Graph graph("test");
    graph.add_input("x", "float32", true, {network::kFree, 3, 32, 32});
    graph.add_constant("w", at::tensor({-0.1f, 0.1f, 1.0f, -1.0f, 0.0f, 0.0f}).view({3, 2}));
    graph.add_constant("b", at::tensor({-0.4f, 0.4f}));
    for (const auto& [op, inputs, output] :
         {std::tuple{"GlobalAveragePool", std::vector<std::string>{"x"}, "mean"},
          {"Flatten", {"mean"}, "flat"},
          {"MatMul", {"flat", "w"}, "product"},
          {"Add", {"product", "b"}, "z"}}) {
      network::Node node;
      node.op = op;
      node.opset = 17;
      graph.add_node(node, inputs, {output});
    }
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / "mean.onnx";
    network::write_onnx(graph, file);
    classifier_ =
        std::make_unique<network::Classifier>(network::Classifier::open(file, {}, {}, {}));
  }
  ~ForcedDriftTest() override { std::filesystem::remove_all(folder_); }

  std::vector<TakenPicture> pictures() const {
    std::vector<TakenPicture> all;
    for (int i = 0; i < 6; ++i) {
      TakenPicture p;
      const at::Tensor x = at::linspace(0, 3, 32, at::kFloat);
      p.pixels = (0.5 + 0.04 * i + 0.1 * at::sin(x + i) * at::cos(x.view({32, 1})))
                     .view({1, 1, 32, 32})
                     .expand({1, 3, 32, 32})
                     .contiguous();
      p.view = std::make_shared<const imaging::CameraView>(imaging::unprocessed_view(p.pixels));
      p.truth.label = 0;
      p.draw = static_cast<std::uint64_t>(i);
      all.push_back(std::move(p));
    }
    return all;
  }

  std::filesystem::path folder_ = [] {
    const auto folder = std::filesystem::temp_directory_path() /
                        ("assay_forced_drift_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    return folder;
  }();
  std::unique_ptr<network::Classifier> classifier_;
};

const std::vector<std::string> kFactors{"camera.exposure", "camera.tint", "camera.blur",
                                        "camera.gamma"};
const Specification kSpecification{{-2, -0.5, 0, 0.8}, {2, 0.5, 2, 1.25}, {1, 1, 1, 1}};

TEST_F(ForcedDriftTest, SlopesAreThoseOfDifferences) {
  const DriftingCamera camera(*classifier_, pictures(), kFactors, 1, imaging::ImageDistance::kRms);
  const std::vector<double> at{-0.3, 0.1, 0.7, 1.1};
  const auto slope = camera.slope(at);
  for (std::size_t f = 0; f < at.size(); ++f) {
    std::vector<double> up = at, down = at;
    up[f] += 1e-3;
    down[f] -= 1e-3;
    EXPECT_NEAR(slope.gradient[f], (camera.at(up).loss - camera.at(down).loss) / 2e-3, 2e-3) << f;
  }
}

TEST_F(ForcedDriftTest, IsStrongerThanChanceAndKeepsItsBudget) {
  const DriftingCamera camera(*classifier_, pictures(), kFactors, 1, imaging::ImageDistance::kRms);
  const DriftBudget budget{0.12, 8};
  double searched = 0, random = 0;
  for (int start = 0; start < 2; ++start) {
    const auto found = force_drift(camera, kSpecification, budget, 5, start);
    EXPECT_LE(found.answer.distance, 0.12 + 1e-9);
    EXPECT_LE(camera.distance(found.theta), 0.12 + 1e-6);
    searched = std::max(searched, found.answer.loss);
    const auto chance = random_drift(camera, kSpecification, budget, 5, start);
    EXPECT_LE(chance.answer.distance, 0.12 + 1e-9);
    EXPECT_EQ(chance.forwards, found.forwards + 2 * found.backwards);
    random = std::max(random, chance.answer.loss);
    // Less green is what the rule cannot bear for the least change of the picture.
    EXPECT_LT(found.theta[1], -0.1);
  }
  EXPECT_GT(searched, random);
  // The larger the budget the larger the loss.
  EXPECT_GT(force_drift(camera, kSpecification, {0.25, 8}, 5, 0).answer.loss, searched);
}

TEST_F(ForcedDriftTest, MovesOnlyWhatMay) {
  const DriftingCamera camera(*classifier_, pictures(), kFactors, 1, imaging::ImageDistance::kRms);
  Specification tint = kSpecification;
  tint.moves = {0, 1, 0, 0};
  for (const auto& step : force_drift(camera, tint, {1, 5}, 5, 1).path) {
    EXPECT_EQ(step.theta[0], 0);
    EXPECT_EQ(step.theta[2], 0);
    EXPECT_EQ(step.theta[3], 1);
  }
}

}  // namespace
}  // namespace assay::methods
