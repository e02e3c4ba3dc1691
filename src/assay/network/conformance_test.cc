// ONNX's own tests of each operator (Debian's libonnx-testdata, or the folder that
// ASSAY_ONNX_TESTDATA names): a small model, its inputs, the outputs expected.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "assay/base/error.h"
#include "assay/network/executor.h"
#include "assay/network/number_format.h"
#include "assay/network/onnx_reader.h"
#include "assay/network/onnx_tensor.h"
#include "assay/network/operators.h"

namespace assay::network {
namespace {

namespace fs = std::filesystem;

fs::path suite() {
  const char* given = std::getenv("ASSAY_ONNX_TESTDATA");
  return given ? given : "/usr/share/libonnx-testdata/data/node";
}

// Every test of tensors that is not run, by operator (domain:operator outside ONNX's own) or by the
// test's name, with the reason.
const std::map<std::string, std::string>& left_out() {
  static const std::map<std::string, std::string> kReasons = {
      {"Bernoulli", "random: no two implementations agree"},
      {"RandomUniformLike", "random: no two implementations agree"},
      {"ImageDecoder", "decodes picture files; that is done before the model"},
      {"NonMaxSuppression", "detection"},
      {"RoiAlign", "detection"},
      {"TensorScatter", "a cache of generated texts"},
      {"MelWeightMatrix", "sound"},
      {"TfIdfVectorizer", "texts"},
      {"ai.onnx.ml:ArrayFeatureExtractor", "tables, not pictures"},
      {"ai.onnx.ml:Binarizer", "tables, not pictures"},
      {"ai.onnx.ml:LabelEncoder", "tables, not pictures"},
      {"ai.onnx.ml:TreeEnsemble", "tables, not pictures"},
      {"test_scan_sum", "the form that Scan had before operator set 9"},
      {"test_bitwise_not_3d", "uint16 is kept in 32 bits"},
      // Where the suite's numbers are not what ONNX's text says.
      {"test_cast_FLOAT_to_BFLOAT16", "the suite cuts bits off where ONNX rounds to the nearest"},
      {"test_castlike_FLOAT_to_BFLOAT16",
       "the suite cuts bits off where ONNX rounds to the nearest"},
      {"test_castlike_FLOAT_to_BFLOAT16_expanded",
       "the suite cuts bits off where ONNX rounds to the nearest"},
      {"test_qlinearmatmul_2D_int8_float16", "the suite wraps around where ONNX saturates"},
      {"test_qlinearmatmul_2D_int8_float32", "the suite wraps around where ONNX saturates"},
      {"test_qlinearmatmul_3D_int8_float16", "the suite wraps around where ONNX saturates"},
      {"test_qlinearmatmul_3D_int8_float32", "the suite wraps around where ONNX saturates"},
      {"test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
       "the suite counts items beyond the padding"},
      {"test_dft_inverse", "the suite has 2e-7 of float32 noise where the exact number is 0"},
      {"test_dft_inverse_opset19",
       "the suite has 2e-7 of float32 noise where the exact number is 0"},
      // length_resized is the output's size in the text, in libtorch and in ONNX Runtime.
      {"test_resize_downsample_scales_cubic_align_corners",
       "the suite takes a size that is no whole number"},
      {"test_resize_downsample_scales_linear_align_corners",
       "the suite takes a size that is no whole number"},
  };
  return kReasons;
}

// What a test is about that is no forward of tensors at all; empty: nothing such.
std::string other_nature(const std::string& test, const onnx::ModelProto& model) {
  static const std::map<std::string, std::string> kOperators = {
      {"Adagrad", "training"},
      {"Adam", "training"},
      {"Momentum", "training"},
      {"NegativeLogLikelihoodLoss", "training"},
      {"SoftmaxCrossEntropyLoss", "training"},
      {"OptionalHasElement", "optionals"},
      {"OptionalGetElement", "optionals"},
      {"SplitToSequence", "sequences"},
      {"SequenceMap", "sequences"},
  };
  for (const auto* values : {&model.graph().input(), &model.graph().output()})
    for (const auto& value : *values) {
      if (!value.type().has_tensor_type()) return "sequences and optionals";
      if (value.type().tensor_type().elem_type() == onnx::TensorProto::STRING) return "texts";
    }
  if (test.find("training") != std::string::npos) return "training";
  for (const auto& node : model.graph().node())
    if (const auto it = kOperators.find(node.op_type()); it != kOperators.end()) return it->second;
  return "";
}

onnx::ModelProto model_of(const fs::path& folder) {
  onnx::ModelProto model;
  std::ifstream in(folder / "model.onnx", std::ios::binary);
  model.ParseFromIstream(&in);
  return model;
}

std::string reason_left_out(const std::string& test, const onnx::ModelProto& model) {
  if (const auto it = left_out().find(test); it != left_out().end()) return it->second;
  for (const auto& node : model.graph().node()) {
    const std::string op = (node.domain().empty() ? "" : node.domain() + ":") + node.op_type();
    if (const auto it = left_out().find(op); it != left_out().end()) return it->second;
  }
  return "";
}

struct Suite {
  std::vector<std::string> run;
  std::map<std::string, int> left_out, other;  // tests by reason
};

const Suite& tests() {
  static const Suite kSuite = [] {
    Suite all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(suite(), error)) {
      const std::string name = entry.path().filename();
      const onnx::ModelProto model = model_of(entry.path());
      if (const std::string other = other_nature(name, model); !other.empty())
        ++all.other[other];
      else if (const std::string reason = reason_left_out(name, model); !reason.empty())
        ++all.left_out[reason];
      else
        all.run.push_back(name);
    }
    std::sort(all.run.begin(), all.run.end());
    return all;
  }();
  return kSuite;
}

int sum(const std::map<std::string, int>& counts) {
  int total = 0;
  for (const auto& [reason, count] : counts) total += count;
  return total;
}

// The suite stores bfloat16 as the uint16 of its bits.
at::Tensor tensor_in(const fs::path& file, const onnx::ValueInfoProto& declared) {
  onnx::TensorProto proto;
  std::ifstream in(file, std::ios::binary);
  if (!proto.ParseFromIstream(&in)) throw InputError(file, "no tensor");
  if (declared.type().tensor_type().elem_type() == onnx_type::kBfloat16)
    proto.set_data_type(onnx_type::kBfloat16);
  return OnnxTensorReader(file).read(proto, "the tensor");
}

class Conformance : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override { passed_ += HasFailure() ? 0 : 1; }
  static void TearDownTestSuite() {
    const auto run = static_cast<int>(tests().run.size());
    const int of_tensors = run + sum(tests().left_out), all = of_tensors + sum(tests().other);
    std::cout << "ONNX's node tests: " << passed_ << " of the " << run << " that are run pass; "
              << 100.0 * passed_ / of_tensors << " % of the " << of_tensors
              << " of tensors and inference, " << 100.0 * passed_ / all << " % of all " << all
              << "\n";
    for (const auto* counts : {&tests().left_out, &tests().other})
      for (const auto& [reason, count] : *counts)
        std::cout << "  left out: " << count << " (" << reason << ")\n";
  }

 private:
  static inline int passed_ = 0;
};

TEST_P(Conformance, GivesTheExpectedOutputs) {
  const fs::path folder = suite() / GetParam();
  const onnx::GraphProto proto = model_of(folder).graph();
  const OnnxModel model = read_onnx(folder / "model.onnx");
  const Graph& graph = *model.graph;
  const auto executor = make_differentiable_executor(model.graph);
  for (int set = 0; fs::exists(folder / ("test_data_set_" + std::to_string(set))); ++set) {
    const fs::path data = folder / ("test_data_set_" + std::to_string(set));
    Request request;
    request.wanted = graph.outputs();
    for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
      const at::Tensor tensor = tensor_in(data / ("input_" + std::to_string(i) + ".pb"),
                                          proto.input(static_cast<int>(i)));
      request.given.push_back({graph.inputs()[i].value, tensor});
      request.input_shapes.emplace_back(tensor.sizes().begin(), tensor.sizes().end());
    }
    const std::vector<at::Tensor> outputs = executor->run(request);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const at::Tensor expected = tensor_in(data / ("output_" + std::to_string(i) + ".pb"),
                                            proto.output(static_cast<int>(i)));
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
INSTANTIATE_TEST_SUITE_P(Onnx, Conformance, testing::ValuesIn(tests().run),
                         [](const auto& info) { return info.param; });

TEST(ConformanceList, HoldsAtLeast95PercentOfTheTestsOfTensors) {
  if (!fs::exists(suite())) GTEST_SKIP() << "no " << suite() << " (Debian's libonnx-testdata)";
  const double run = static_cast<double>(tests().run.size());
  EXPECT_GE(run / (run + sum(tests().left_out)), 0.95);
  EXPECT_GT(run, 700);
}

TEST(ConformanceList, LeavesOutNoOperatorThatIsSupported) {
  for (const auto& [op, reason] : left_out())
    EXPECT_EQ(find_operator("", op), nullptr) << op << " (" << reason << ")";
}

}  // namespace
}  // namespace assay::network
