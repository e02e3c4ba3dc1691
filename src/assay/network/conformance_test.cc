// ONNX's own tests of each operator (Debian's libonnx-testdata): a one-node model, its inputs, the
// outputs expected.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "assay/base/error.h"
#include "assay/network/executor.h"
#include "assay/network/onnx_reader.h"
#include "assay/network/onnx_tensor.h"
#include "assay/network/operators.h"

namespace assay::network {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = "/usr/share/libonnx-testdata/data/node";

// Operators that no picture classifier's forward needs, or that come later, with the reason.
const std::map<std::string, std::string>& left_out_operators() {
  static const std::map<std::string, std::string> kReasons = {
      {"Adagrad", "training"},
      {"Adam", "training"},
      {"Momentum", "training"},
      {"NegativeLogLikelihoodLoss", "training"},
      {"SoftmaxCrossEntropyLoss", "training"},
      {"Bernoulli", "random"},
      {"RandomUniformLike", "random"},
      {"If", "control flow"},
      {"Loop", "control flow"},
      {"Scan", "control flow"},
      {"SequenceConstruct", "sequences"},
      {"SequenceEmpty", "sequences"},
      {"SequenceInsert", "sequences"},
      {"SequenceLength", "sequences"},
      {"SequenceMap", "sequences"},
      {"SequenceAt", "sequences"},
      {"ConcatFromSequence", "sequences"},
      {"SplitToSequence", "sequences"},
      {"OptionalGetElement", "optionals"},
      {"OptionalHasElement", "optionals"},
      {"StringNormalizer", "texts"},
      {"TfIdfVectorizer", "texts"},
      {"GRU", "recurrent"},
      {"LSTM", "recurrent"},
      {"RNN", "recurrent"},
      {"BlackmanWindow", "sound"},
      {"DFT", "sound"},
      {"HammingWindow", "sound"},
      {"HannWindow", "sound"},
      {"MelWeightMatrix", "sound"},
      {"STFT", "sound"},
      {"ConvInteger", "quantised"},
      {"DequantizeLinear", "quantised"},
      {"DynamicQuantizeLinear", "quantised"},
      {"MatMulInteger", "quantised"},
      {"QLinearConv", "quantised"},
      {"QLinearMatMul", "quantised"},
      {"QuantizeLinear", "quantised"},
      {"MaxUnpool", "segmentation"},
      {"NonMaxSuppression", "detection"},
      {"RoiAlign", "detection"},
      {"Unique", "output shape follows from data"},
      // From later versions of the test data (Debian 13)
      {"AffineGrid", "registration"},
      {"CenterCropPad", "preprocessing"},
      {"Col2Im", "segmentation"},
      {"DeformConv", "detection"},
      {"ImageDecoder", "preprocessing"},
      {"RegexFullMatch", "texts"},
      {"StringConcat", "texts"},
      {"StringSplit", "texts"},
      {"ArrayFeatureExtractor", "no network"},
      {"Binarizer", "no network"},
      {"LabelEncoder", "no network"},
      {"TreeEnsemble", "no network"},
  };
  return kReasons;
}

// Tests of operators that are there, by a part of their name, with the reason.
const std::map<std::string, std::string>& left_out_tests() {
  static const std::map<std::string, std::string> kReasons = {
      {"training", "training"},
      {"STRING", "texts"},
      {"to_BFLOAT16", "bfloat16 is computed as float32"},
      {"FLOAT8", "8-bit floats"},
      {"FLOAT4", "4-bit floats"},
      {"INT4", "4-bit integers"},
      {"test_identity_opt", "optionals"},
      {"test_identity_sequence", "sequences"},
      // Still to be closed.
      {"test_cast_BFLOAT16_to_FLOAT", "known gap: the suite stores bfloat16 as uint16 bits"},
      {"test_castlike_BFLOAT16_to_FLOAT", "known gap: the suite stores bfloat16 as uint16 bits"},
      {"test_castlike_BFLOAT16_to_FLOAT_expanded",
       "known gap: the suite stores bfloat16 as uint16 bits"},
      {"test_convtranspose_output_shape", "known gap: padding derived from output_shape"},
      {"test_resize_downsample_scales_cubic_align_corners",
       "known gap: align_corners takes the rounded size, not the scale"},
      {"test_resize_downsample_scales_linear_align_corners",
       "known gap: align_corners takes the rounded size, not the scale"},
      {"test_layer_normalization_2d_axis0_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_2d_axis1_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_3d_axis0_epsilon_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_3d_axis1_epsilon_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_3d_axis2_epsilon_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_4d_axis0_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_4d_axis1_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_4d_axis2_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
      {"test_layer_normalization_4d_axis3_expanded",
       "known gap: a Reshape of a folded mean loses its ones"},
  };
  return kReasons;
}

onnx::ModelProto model_of(const fs::path& folder) {
  onnx::ModelProto model;
  std::ifstream in(folder / "model.onnx", std::ios::binary);
  model.ParseFromIstream(&in);
  return model;
}

// Why a test is not run; empty when it is.
std::string reason_left_out(const fs::path& folder) {
  for (const auto& [part, reason] : left_out_tests())
    if (folder.filename().string().find(part) != std::string::npos) return reason;
  const onnx::ModelProto model = model_of(folder);
  for (const auto& opset : model.opset_import())
    if (opset.domain().empty() && (opset.version() < 7 || opset.version() > 21))
      return "an operator set that is not read";
  for (const auto& node : model.graph().node()) {
    const auto op = left_out_operators().find(node.op_type());
    if (op != left_out_operators().end()) return op->second;
  }
  return "";
}

std::vector<std::string> tests() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kFolder, error))
    if (reason_left_out(entry.path()).empty()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

at::Tensor tensor_in(const fs::path& file) {
  onnx::TensorProto proto;
  std::ifstream in(file, std::ios::binary);
  if (!proto.ParseFromIstream(&in)) throw InputError(file, "no tensor");
  return OnnxTensorReader(file).read(proto, "the tensor");
}

class Conformance : public testing::TestWithParam<std::string> {};

TEST_P(Conformance, GivesTheExpectedOutputs) {
  const fs::path folder = kFolder / GetParam();
  const OnnxModel model = read_onnx(folder / "model.onnx");
  const Graph& graph = *model.graph;
  const auto executor = make_differentiable_executor(model.graph);
  for (int set = 0; fs::exists(folder / ("test_data_set_" + std::to_string(set))); ++set) {
    const fs::path data = folder / ("test_data_set_" + std::to_string(set));
    Request request;
    request.wanted = graph.outputs();
    for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
      const at::Tensor tensor = tensor_in(data / ("input_" + std::to_string(i) + ".pb"));
      request.given.push_back({graph.inputs()[i].value, tensor});
      request.input_shapes.emplace_back(tensor.sizes().begin(), tensor.sizes().end());
    }
    const std::vector<at::Tensor> outputs = executor->run(request);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const at::Tensor expected = tensor_in(data / ("output_" + std::to_string(i) + ".pb"));
      ASSERT_EQ(outputs[i].sizes(), expected.sizes()) << "output " << i;
      EXPECT_EQ(outputs[i].scalar_type(), expected.scalar_type()) << "output " << i;
      // ONNX's own tolerances
      EXPECT_TRUE(at::allclose(outputs[i].to(at::kDouble), expected.to(at::kDouble), 1e-3, 1e-7,
                               /*equal_nan=*/true))
          << "output " << i << "\n"
          << outputs[i] << "\nexpected\n"
          << expected;
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);
INSTANTIATE_TEST_SUITE_P(Onnx, Conformance, testing::ValuesIn(tests()),
                         [](const auto& info) { return info.param; });

TEST(ConformanceList, NothingIsLeftOutThatIsSupported) {
  if (!fs::exists(kFolder)) GTEST_SKIP() << "no " << kFolder << " (Debian's libonnx-testdata)";
  for (const auto& [op, reason] : left_out_operators())
    EXPECT_EQ(find_operator("", op), nullptr) << op << " (" << reason << ")";
  EXPECT_GT(tests().size(), 500u);
}

}  // namespace
}  // namespace assay::network
