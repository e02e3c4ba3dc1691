// The whole way from picture files to logits and maps, against other people's tools. The numbers
// and what made them: ASSAY_SHARED/reference/{logits,cam}/README.md. Skipped, loudly, where these
// data are absent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/methods/attribution/cam.h"
#include "assay/methods/reference_data_test.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::methods {
namespace {

std::vector<float> logits_of(const network::Classifier& classifier,
                             const std::vector<std::string>& keys) {
  std::vector<float> all;
  const auto micro = static_cast<std::size_t>(classifier.micro_batch());
  for (std::size_t first = 0; first < keys.size(); first += micro) {
    std::vector<imaging::Picture> pictures;
    std::vector<Slot> slots;
    const std::size_t end = std::min(keys.size(), first + micro);
    for (std::size_t i = first; i < end; ++i)
      pictures.push_back(picture_of(keys[i], classifier.input().channels));
    for (std::size_t i = first; i < end; ++i) slots.push_back({&pictures[i - first], keys[i]});
    const at::Tensor z =
        classifier.forward(input_tensor(classifier, classifier.input(), slots)).logits.contiguous();
    all.insert(all.end(), z.data_ptr<float>(),
               z.data_ptr<float>() + static_cast<std::int64_t>(end - first) * z.size(1));
  }
  return all;
}

std::vector<double> softmax(const float* z, std::size_t classes) {
  const double top = *std::max_element(z, z + classes);
  std::vector<double> p;
  double sum = 0;
  for (std::size_t k = 0; k < classes; ++k) sum += p.emplace_back(std::exp(z[k] - top));
  for (double& v : p) v /= sum;
  return p;
}

std::vector<std::string> float_models() {
  return {"shufflenetv2_x1_0_float_op12.onnx",
          "SqueezeNet_fp16.onnx",
          "cifar10_resnet20_op11.onnx",
          "cifar10_resnet20_op13.onnx",
          "cifar10_resnet20_op17.onnx",
          "cifar10_vit_ibp_3_3_8.onnx",
          "cifar10_winml.onnx",
          "mnist_cntk_op8.onnx",
          "neu_smallcnn_op13.onnx",
          "text_orientation_ppocr.onnx",
          "cifar10_resnet20_traced.pt",
          "cifar10_resnet20_scripted.pt",
          "imagenet_mobilenetv2_traced.pt",
          "neu_smallcnn_traced.pt",
          "neu_smallcnn_scripted.pt"};
}

class LogitsReference : public testing::TestWithParam<std::string> {};

TEST_P(LogitsReference, AgreesOnEveryPicture) {
  const std::string folder = shared() + "/reference/logits/";
  if (!fs::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  const json reference = read_json(folder + GetParam() + ".json");
  const NpyArray array = read_npy(folder + GetParam() + "/logits.npy");
  const auto expected = array.values<float>();
  OutputDescription output;
  const bool probabilities = reference["output"] == "probabilities";
  if (probabilities) output.kind = OutputKind::kProbabilities;
  network::configure_numerics();
  const auto classifier = network::Classifier::open(shared() + "/data/models/" + GetParam(),
                                                    description(reference["input"]), output, {});
  std::vector<std::string> keys(reference["images"].size());
  std::vector<int> labels(keys.size(), -1);
  for (const auto& [key, image] : reference["images"].items()) {
    keys[image["row"].get<std::size_t>()] = key;
    labels[image["row"].get<std::size_t>()] = image["label"];
  }
  const auto actual = logits_of(classifier, keys);
  ASSERT_EQ(actual.size(), expected.size());
  const std::size_t classes = expected.size() / keys.size();
  const double tolerance = GetParam().find("fp16") != std::string::npos ? 1e-3 : 1e-4;
  std::size_t same = 0, right = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const float* z = actual.data() + i * classes;
    const float* e = expected.data() + i * classes;
    const auto p = softmax(z, classes);
    std::vector<double> q(e, e + classes);
    if (!probabilities) q = softmax(e, classes);
    for (std::size_t k = 0; k < classes; ++k)
      ASSERT_NEAR(p[k], q[k], tolerance) << keys[i] << " class " << k;
    const auto top = std::max_element(z, z + classes) - z;
    same += top == std::max_element(e, e + classes) - e;
    right += top == labels[i];
  }
  EXPECT_GE(static_cast<double>(same) / static_cast<double>(keys.size()),
            reference["min_same_top1"].get<double>());
  EXPECT_DOUBLE_EQ(static_cast<double>(right) / static_cast<double>(keys.size()),
                   reference["top1_accuracy"].get<double>());
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, LogitsReference, testing::ValuesIn(float_models()), test_name);

// The int8 model against float64 arithmetic on the same integers, the answer by ONNX's definition.
// A logit is a whole number of output steps.
TEST(Int8Reference, AgreesWithExactIntegerArithmeticAndExplainsItself) {
  const std::string folder = shared() + "/reference/logits/", name = "shufflenet-v2-12-int8.onnx";
  if (!fs::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  const json reference = read_json(folder + name + ".json");
  const NpyArray array = read_npy(folder + name + ".exact/logits.npy");
  const auto expected = array.values<float>();
  network::configure_numerics();
  const auto classifier = network::Classifier::open(shared() + "/data/models/" + name,
                                                    description(reference["input"]), {}, {});
  std::vector<std::string> keys(reference["images"].size());
  for (const auto& [key, image] : reference["images"].items())
    keys[image["row"].get<std::size_t>()] = key;
  const auto actual = logits_of(classifier, keys);
  ASSERT_EQ(actual.size(), expected.size());
  double step = 1e9, largest = 0, worst = 0;
  for (const float e : expected)
    if (e != 0) step = std::min<double>(step, std::abs(e));
  std::size_t equal = 0, same = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    largest = std::max<double>(largest, std::abs(expected[i]));
    worst = std::max<double>(worst, std::abs(actual[i] - expected[i]));
    equal += std::abs(actual[i] - expected[i]) < step / 2;
  }
  const std::size_t classes = expected.size() / keys.size();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const float *z = actual.data() + i * classes, *e = expected.data() + i * classes;
    same += std::max_element(z, z + classes) - z == std::max_element(e, e + classes) - e;
  }
  std::cout << "step " << step << ", largest " << largest << ", worst difference " << worst
            << ", equal logits " << static_cast<double>(equal) / actual.size()
            << ", same top class " << same << " of " << keys.size() << "\n";
  EXPECT_EQ(same, keys.size());
  EXPECT_LT(worst, step / 2);

  // Straight-through gradients: a class activation map of a quantised value is not all zero.
  const auto picture = picture_of(keys[0], classifier.input().channels);
  const Slot slot{&picture, keys[0]};
  const at::Tensor input = input_tensor(classifier, classifier.input(), std::span(&slot, 1));
  std::string layer;
  for (const auto& value : classifier.values())
    if (value.op == "QLinearConv") layer = value.name;
  const std::vector<std::string> keep{layer};
  const auto pass = classifier.forward(input, keep);
  const std::int64_t target = pass.logits[0].argmax().item<std::int64_t>();
  const at::Tensor map =
      GradCam::explain({classifier, input, {target}, {keys[0]}, layer, pass.values.at(layer), 0},
                       {})
          .map[0];
  EXPECT_GT(map.clamp_min(0).max().item<float>(), 0);
}

// A quantised file for mobile, run as a black box by the engine that it was packed for.
TEST(OpaqueReference, AgreesWithTheMobileFilesLogits) {
  const std::string folder = shared() + "/reference/logits/", name = "mnist_vit_ts.ptl";
  if (!fs::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  const json reference = read_json(folder + name + ".json");
  const NpyArray array = read_npy(folder + name + "/logits.npy");
  const auto expected = array.values<float>();
  network::configure_numerics();
  const std::string model = shared() + "/data/models/" + name;
  InputDescription input = description(reference["input"]);
  input.crop = 28;
  EXPECT_THAT([&] { network::Classifier::open(model, input, {}, {}); },
              testing::Throws<InputError>(
                  testing::Property(&InputError::what, testing::HasSubstr("opaque: true"))));
  const auto classifier =
      network::Classifier::open(model, input, {}, {}, network::Reading::kOpaque);
  std::vector<std::string> keys(reference["images"].size());
  for (const auto& [key, image] : reference["images"].items())
    keys[image["row"].get<std::size_t>()] = key;
  const auto actual = logits_of(classifier, keys);
  ASSERT_EQ(actual.size(), expected.size());
  const std::size_t classes = expected.size() / keys.size();
  double largest = 0, worst = 0;
  std::size_t same = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    largest = std::max<double>(largest, std::abs(expected[i]));
    worst = std::max<double>(worst, std::abs(actual[i] - expected[i]));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const float *z = actual.data() + i * classes, *e = expected.data() + i * classes;
    same += std::max_element(z, z + classes) - z == std::max_element(e, e + classes) - e;
  }
  EXPECT_LE(worst, reference["rel_tol"].get<double>() * largest);
  EXPECT_GE(static_cast<double>(same) / static_cast<double>(keys.size()),
            reference["min_same_top1"].get<double>());
}

// A file of the network that the maps were made with. TorchScript files name their values by
// module; their last layer is found by Assay's own rule.
struct CamFile {
  std::string net;
  std::string model;  // empty: the reference's ONNX file, whose values it names too
  std::string middle;
};

class CamReference : public testing::TestWithParam<CamFile> {};

TEST_P(CamReference, AgreesAtTheLastAndTheMiddleLayer) {
  const std::string folder = shared() + "/reference/cam/";
  if (!fs::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  const std::string net = GetParam().net;
  const json reference = read_json(folder + net + ".json");
  const std::string model =
      GetParam().model.empty() ? std::string(reference["onnx_file"]) : GetParam().model;
  const json logits = read_json(shared() + "/reference/logits/" + model + ".json");
  network::configure_numerics();
  const auto classifier = network::Classifier::open(shared() + "/data/models/" + model,
                                                    description(logits["input"]), {}, {});
  const std::vector<std::string> keys = reference["images"];
  for (const std::string& layer : {std::string("last"), std::string("mid")}) {
    const std::string value = GetParam().model.empty()
                                  ? std::string(reference["layers"][layer]["onnx_value"])
                              : layer == "last" ? classifier.last_spatial_value()
                                                : GetParam().middle;
    for (const bool hires : {true, false}) {
      const NpyArray array =
          read_npy(folder + net + "/" + (hires ? "hirescam_" : "gradcam_") + layer + ".npy");
      const auto expected = array.values<float>();
      const std::size_t size = array.shape[2] * array.shape[3];
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto picture = picture_of(keys[i], classifier.input().channels);
        const Slot slot{&picture, keys[i]};
        const at::Tensor input = input_tensor(classifier, classifier.input(), std::span(&slot, 1));
        const std::vector<std::string> keep{value};
        const auto pass = classifier.plain_forward(input, keep);
        for (std::size_t c = 0; c < 2; ++c) {
          const std::int64_t target = reference["classes"][i][c];
          const Question question{
              classifier, input, {target}, {keys[i]}, value, pass.values.at(value), 0};
          const at::Tensor map =
              (hires ? HiResCam::explain(question, {}) : GradCam::explain(question, {}))
                  .map[0]
                  .clamp_min(0)
                  .contiguous();
          ASSERT_EQ(map.numel(), static_cast<std::int64_t>(size));
          const float* e = expected.data() + (i * 2 + c) * size;
          const double tolerance = reference["layers"][layer]["rel_tol"].get<double>() *
                                   *std::max_element(expected.begin(), expected.end());
          for (std::size_t k = 0; k < size; ++k)
            ASSERT_NEAR(map.data_ptr<float>()[k], e[k], tolerance)
                << layer << " " << keys[i] << " class " << target << " cell " << k;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, CamReference,
    testing::Values(CamFile{"shufflenet", "", ""}, CamFile{"resnet20", "", ""},
                    CamFile{"neu", "", ""},
                    CamFile{"resnet20", "cifar10_resnet20_traced.pt", "layer2.2.relu2/Relu"},
                    CamFile{"resnet20", "cifar10_resnet20_scripted.pt", "layer2.2.relu2/Relu"},
                    CamFile{"neu", "neu_smallcnn_traced.pt", "3.2/Relu"},
                    CamFile{"neu", "neu_smallcnn_scripted.pt", "3.2/Relu"},
                    CamFile{"mobilenet", "imagenet_mobilenetv2_traced.pt", "features.13/Add"}),
    [](const auto& info) {
      return test_name({info.param.net + "_" + info.param.model, info.index});
    });

}  // namespace
}  // namespace assay::methods
