#include "assay/network/trainee.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/network/gradient.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

Node node(const char* op) {
  Node n;
  n.op = op;
  n.opset = 13;
  return n;
}

class TraineeTest : public testing::Test {
 protected:
  TraineeTest() {
    std::filesystem::create_directories(folder_);
    configure_numerics();
  }
  ~TraineeTest() override { std::filesystem::remove_all(folder_); }

  // Convolution and, for a segmenter, another; else the mean and a matrix.
  Classifier open(bool dense) const {
    Graph graph("test");
    graph.add_input("x", "float32", true, {kFree, 1, 8, 8});
    graph.add_constant("w", at::linspace(-1, 1, 4 * 9).mul(7).sin().reshape({4, 1, 3, 3}));
    graph.add_constant("v", at::linspace(-1, 1, 12).cos().reshape({4, 3}));
    graph.add_constant("k", at::linspace(-1, 1, 12).mul(5).sin().reshape({3, 4, 1, 1}));
    graph.add_node(node("Conv"), {"x", "w"}, {"c"});
    graph.add_node(node("Relu"), {"c"}, {"r"});
    if (dense) {
      graph.add_node(node("Conv"), {"r", "k"}, {"z"});
    } else {
      graph.add_node(node("GlobalAveragePool"), {"r"}, {"p"});
      graph.add_node(node("Flatten"), {"p"}, {"f"});
      graph.add_node(node("MatMul"), {"f", "v"}, {"z"});
    }
    graph.add_output("z");
    graph.finish();
    const std::string file = folder_ / (dense ? "dense.onnx" : "classes.onnx");
    write_onnx(graph, file);
    InputDescription input;
    input.channels = Channels::kGray;
    return Classifier::open(file, input,
                            {"", dense ? OutputKind::kSegmentation : OutputKind::kLogits}, {});
  }
  static at::Tensor pictures() { return at::linspace(0, 6, 8 * 64).sin().reshape({8, 1, 8, 8}); }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("assay_trainee_" + std::to_string(::getpid()));
};

TEST_F(TraineeTest, LearnsAndIsWrittenAsItLearnt) {
  const Classifier classifier = open(false);
  const std::uint64_t before = classifier.fingerprint();
  const Trainee trainee(classifier);
  ASSERT_EQ(trainee.parameters().size(), 2u);
  const at::Tensor x = pictures(), labels = at::tensor({0, 1, 2, 0, 1, 2, 0, 1}, at::kLong);
  EXPECT_LT((trainee.logits(x) - classifier.logits(x)).abs().max().item<double>(), 1e-6);
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    const at::AutoGradMode record(true);
    const at::Tensor loss = at::cross_entropy_loss(trainee.logits(x), labels);
    last = loss.item<double>();
    if (step == 0) first = last;
    const auto slopes = gradients(loss, trainee.parameters());
    const at::NoGradGuard no_grad;
    for (std::size_t k = 0; k < slopes.size(); ++k)
      trainee.parameters()[k].data().sub_(slopes[k], 0.5);
  }
  EXPECT_LT(last, first - 0.01);
  EXPECT_EQ(classifier.fingerprint(), before);  // the copy learnt, not the model
  const std::string file = folder_ / "learnt.onnx";
  trainee.write(file);
  const Classifier again = Classifier::open(file, classifier.input(), classifier.output(), {});
  EXPECT_LT((again.logits(x) - trainee.logits(x)).abs().max().item<double>(), 1e-6);
}

TEST_F(TraineeTest, ASegmentersPixelsAreThoseOfBothExecutors) {
  const Classifier classifier = open(true);
  EXPECT_EQ(classifier.classes(), 3);
  const at::Tensor x = pictures();
  const at::Tensor pixels = classifier.pixel_logits(x);
  ASSERT_EQ(pixels.sizes(), (at::IntArrayRef{8, 3, 6, 6}));
  EXPECT_LT((pixels - classifier.pixel_logits(x, true)).abs().max().item<double>(), 1e-5);
  EXPECT_LT((pixels - Trainee(classifier).pixel_logits(x)).abs().max().item<double>(), 1e-5);
  // The picture's own logits: the logarithm of the mean over pixels of exp.
  const at::Tensor wanted = at::log(at::exp(pixels.to(at::kDouble)).mean({2, 3}));
  EXPECT_LT((classifier.forward(x).logits - wanted).abs().max().item<double>(), 1e-5);
  EXPECT_THROW(open(false).pixel_logits(x), BugError);
}

}  // namespace
}  // namespace assay::network
