// Classifiers of real files: changed copies against the same copies as pictures of their own. The
// files are looked for under ASSAY_SHARED; a file that is not there is skipped, by name.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

struct Subject {
  const char* file;
  int side, window;
  bool in_part;  // whether it wins to recompute only what a change reaches
};

class PatchedLogits : public testing::TestWithParam<Subject> {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("ASSAY_SHARED");
    file_ = std::string(shared ? shared : "../shared") + "/data/models/" + GetParam().file;
    if (!std::filesystem::exists(file_)) GTEST_SKIP() << "SKIPPED LOUDLY: no " << file_;
    configure_numerics();
    InputDescription input;
    input.resize = ResizeRule::kSquash;
    input.resize_height = input.resize_width = GetParam().side;
    classifier_.emplace(Classifier::open(file_, input, {}, {}));
    const std::int64_t side = GetParam().side;
    channels_ = classifier_->input_size().channels;
    picture_ = numbers({1, channels_, side, side}, 0.77);
    const std::int64_t last = side - GetParam().window;
    for (const std::int64_t top : {std::int64_t{0}, last / 3, last / 2 + 1, last})
      for (const std::int64_t left : {std::int64_t{0}, last / 4, last / 2, last})
        places_.push_back({top, left});
  }
  static at::Tensor numbers(const std::vector<std::int64_t>& shape, double pace) {
    return at::arange(c10::multiply_integers(shape), at::kDouble)
        .mul(pace)
        .sin()
        .to(at::kFloat)
        .reshape(shape);
  }
  at::Tensor pixels(std::size_t i) const {
    const std::int64_t w = GetParam().window;
    return numbers({1, channels_, w, w}, 0.1 + 0.05 * static_cast<double>(i));
  }
  at::Tensor patched() const {
    const std::int64_t w = GetParam().window;
    return classifier_->patched_logits(picture_, {w, w}, places_,
                                       [this](std::size_t i) { return pixels(i); });
  }

  std::string file_;
  std::optional<Classifier> classifier_;
  std::int64_t channels_ = 3;
  at::Tensor picture_;
  std::vector<Place> places_;
};

TEST_P(PatchedLogits, AreThoseOfTheCopies) {
  const std::int64_t w = GetParam().window;
  std::vector<at::Tensor> copies;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    copies.push_back(picture_.clone());
    copies.back().narrow(2, places_[i].top, w).narrow(3, places_[i].left, w).copy_(pixels(i));
  }
  const at::Tensor wanted = classifier_->forward(at::cat(copies)).logits, got = patched();
  ASSERT_EQ(got.sizes(), wanted.sizes());
  const double scale = at::max(at::abs(wanted)).item<double>();
  EXPECT_LE(at::max(at::abs(got - wanted)).item<double>(), 1e-4 * scale);
  EXPECT_GT(at::max(at::abs(wanted - wanted[0])).item<double>(), 0) << "the patches do not matter";
  // The same once more, now that the executor is proven; and to the last bit.
  const std::int64_t before = classifier_->pictures_run();
  EXPECT_TRUE(at::equal(patched(), got));
  const std::int64_t whole = classifier_->pictures_run() - before;
  if (GetParam().in_part)
    EXPECT_EQ(whole, 0);
  else
    EXPECT_GE(whole, static_cast<std::int64_t>(places_.size()));
}

INSTANTIATE_TEST_SUITE_P(Files, PatchedLogits,
                         testing::Values(Subject{"cifar10_resnet20_op13.onnx", 32, 4, true},
                                         Subject{"cifar10_resnet20_traced.pt", 32, 4, true},
                                         Subject{"neu_smallcnn_op13.onnx", 96, 8, true},
                                         Subject{"shufflenetv2_x1_0_float_op12.onnx", 224, 16,
                                                 true},
                                         Subject{"imagenet_mobilenetv2_traced.pt", 224, 16, true},
                                         Subject{"SqueezeNet_fp16.onnx", 224, 16, true},
                                         Subject{"cifar10_vit_ibp_3_3_8.onnx", 32, 8, false}),
                         [](const auto& info) {
                           std::string name = info.param.file;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace assay::network
