#include "assay/network/onnx_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "assay/base/error.h"
#include "assay/network/executor.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/operators.h"
#include "assay/network/torch.h"

namespace assay::network {
namespace {

using testing::HasSubstr;

// y = x + w
OnnxBuilder adder(int opset = 17) {
  OnnxBuilder b(opset);
  b.input("x", {-1, 3}).floats("w", {3}, {1, 2, 3}).output("y");
  b.node("Add", {"x", "w"}, {"y"});
  return b;
}

std::vector<float> constant(const OnnxModel& model, const std::string& name) {
  const at::Tensor* t = model.graph->constant(model.graph->find(name));
  if (!t || t->scalar_type() != at::kFloat) return {};
  const at::Tensor flat = t->contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// The message of the InputError that `f` must throw: one line that names the file.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}
std::string refusal(const OnnxBuilder& b) {
  const TestFolder folder;
  const std::string path = b.write(folder);
  const std::string message = error_of([&] { read_onnx(path); });
  EXPECT_EQ(message.rfind(path + ": ", 0), 0u) << message;
  return message;
}

TEST(OnnxReader, ReadsWhatWasWritten) {
  const TestFolder folder;
  const OnnxModel model = read_onnx(adder().write(folder));
  const Graph& graph = *model.graph;
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.nodes()[0].op, "Add");
  EXPECT_EQ(graph.nodes()[0].opset, 17);
  ASSERT_EQ(graph.inputs().size(), 1u);
  EXPECT_EQ(graph.inputs()[0].shape, (Dims{kFree, 3}));
  EXPECT_EQ(graph.inputs()[0].type, "float32");
  EXPECT_EQ(constant(model, "w"), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(model.sha256.size(), 64u);
}

TEST(OnnxReader, TheDigestIsTheFilesSha256) {
  const TestFolder folder;
  EXPECT_EQ(read_onnx(adder().write(folder, "a.onnx")).sha256,
            read_onnx(adder().write(folder, "b.onnx")).sha256);
  OnnxBuilder other = adder();
  other.model.set_producer_name("another");
  EXPECT_NE(read_onnx(adder().write(folder)).sha256, read_onnx(other.write(folder)).sha256);
}

TEST(OnnxReader, InitialisersListedAsInputsAreNoInputs) {
  OnnxBuilder b = adder(7);
  b.input("w", {3});
  const TestFolder folder;
  EXPECT_EQ(read_onnx(b.write(folder)).graph->inputs().size(), 1u);
}

TEST(OnnxReader, TypedFieldsGiveTheSameAsRawData) {
  OnnxBuilder b = adder();
  auto& w = *b.model.mutable_graph()->mutable_initializer(0);
  w.clear_raw_data();
  for (const float v : {1.f, 2.f, 3.f}) w.add_float_data(v);
  const TestFolder folder;
  EXPECT_EQ(constant(read_onnx(b.write(folder)), "w"), (std::vector<float>{1, 2, 3}));
}

TEST(OnnxReader, HalfBfloatAndDoubleBecomeFloat) {
  const TestFolder folder;
  OnnxBuilder b = adder();
  auto& w = *b.model.mutable_graph()->mutable_initializer(0);
  w.clear_raw_data();
  w.set_data_type(onnx::TensorProto::FLOAT16);
  for (const int bits : {0x3c00, 0xc000, 0x3555}) w.add_int32_data(bits);  // 1, -2, 0.33325195
  EXPECT_EQ(constant(read_onnx(b.write(folder)), "w"), (std::vector<float>{1, -2, 0.33325195f}));
  w.clear_int32_data();
  w.set_raw_data(std::string("\x00\x3c\x00\xc0\x55\x35", 6));
  EXPECT_EQ(constant(read_onnx(b.write(folder)), "w"), (std::vector<float>{1, -2, 0.33325195f}));
  w.set_data_type(onnx::TensorProto::BFLOAT16);
  w.set_raw_data(std::string("\x80\x3f\x00\xc0\x40\x40", 6));  // 1, -2, 3
  EXPECT_EQ(constant(read_onnx(b.write(folder)), "w"), (std::vector<float>{1, -2, 3}));
  w.clear_raw_data();
  w.set_data_type(onnx::TensorProto::DOUBLE);
  for (const double v : {0.1, 2.0, 1e300}) w.add_double_data(v);
  EXPECT_EQ(constant(read_onnx(b.write(folder)), "w"), (std::vector<float>{0.1f, 2, INFINITY}));
}

TEST(OnnxReader, WeightsInConstantNodesBecomeConstants) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).output("y");
  auto& a = *b.node("Constant", {}, {"w"}).add_attribute();
  a.set_name("value");
  a.set_type(onnx::AttributeProto::TENSOR);
  *a.mutable_t() = float_tensor("", {3}, {4, 5, 6});
  b.node("Add", {"x", "w"}, {"y"});
  const TestFolder folder;
  const OnnxModel model = read_onnx(b.write(folder));
  EXPECT_EQ(constant(model, "w"), (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(model.graph->nodes().size(), 1u);
}

struct ExternalData : testing::Test {
  OnnxBuilder model(const std::string& location, const std::string& offset = "4",
                    const std::string& length = "12") const {
    OnnxBuilder b = adder();
    auto& w = *b.model.mutable_graph()->mutable_initializer(0);
    w.clear_raw_data();
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"location", location},
                                     {"offset", offset},
                                     {"length", length}}) {
      auto& entry = *w.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return b;
  }
  std::string refusal(const OnnxBuilder& b) const {
    const std::string path = b.write(folder);
    return error_of([&] { read_onnx(path); });
  }
  const TestFolder folder;
  const std::string bytes =
      std::string("skip") + std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40", 12);
};

TEST_F(ExternalData, IsReadFromTheFileBeside) {
  folder.write("weights.bin", bytes);
  EXPECT_EQ(constant(read_onnx(model("weights.bin").write(folder)), "w"),
            (std::vector<float>{1, 2, 3}));
}

TEST_F(ExternalData, EntersTheDigest) {
  folder.write("weights.bin", bytes);
  const std::string path = model("weights.bin").write(folder);
  const std::string before = read_onnx(path).sha256;
  folder.write("weights.bin", bytes.substr(0, 15) + "\x41");
  EXPECT_NE(read_onnx(path).sha256, before);
}

TEST_F(ExternalData, StaysInsideTheModelsFolder) {
  std::filesystem::create_directories(folder / "inner");
  folder.write("outside.bin", bytes);
  folder.write("weights.bin", bytes);
  EXPECT_THAT(refusal(model("../weights.bin")), HasSubstr("out of the model's folder"));
  EXPECT_THAT(refusal(model("inner/../../weights.bin")), HasSubstr("out of the model's folder"));
  EXPECT_THAT(refusal(model(folder / "weights.bin")), HasSubstr("relative"));
  EXPECT_THAT(refusal(model("")), HasSubstr("relative"));
  EXPECT_THAT(refusal(model("none.bin")), HasSubstr("not there"));
  EXPECT_THAT(refusal(model("inner")), HasSubstr("not a file"));
  std::filesystem::create_symlink(folder / "outside.bin", folder / "inner/link.bin");
  const std::string path = model("link.bin").write(folder, "inner/model.onnx");
  EXPECT_THAT(error_of([&] { read_onnx(path); }), HasSubstr("out of the model's folder"));
}

TEST_F(ExternalData, MustFitItsFile) {
  folder.write("weights.bin", bytes);
  EXPECT_THAT(refusal(model("weights.bin", "5")), HasSubstr("too short"));
  EXPECT_THAT(refusal(model("weights.bin", "18446744073709551615")), HasSubstr("too short"));
  EXPECT_THAT(refusal(model("weights.bin", "99999999999999999999999")), HasSubstr("offset"));
  EXPECT_THAT(refusal(model("weights.bin", "-4")), HasSubstr("offset"));
  EXPECT_THAT(refusal(model("weights.bin", "4", "8")), HasSubstr("wanted 12"));
}

TEST(OnnxReader, EveryTruncationIsRefusedInOneLine) {
  const TestFolder folder;
  OnnxBuilder b = adder();
  b.model.set_producer_name("test");
  const std::string bytes = b.bytes();
  for (int percent = 0; percent < 100; percent += 5) {
    const std::string path =
        folder.write("cut.onnx", bytes.substr(0, bytes.size() * percent / 100));
    EXPECT_NE(error_of([&] { read_onnx(path); }), "") << percent << " %";
  }
}

TEST(OnnxReader, DamagedBytesNeverDoWorseThanARefusal) {
  const TestFolder folder;
  const std::string bytes = adder().bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      const std::string path = folder.write("damaged.onnx", damaged);
      try {
        make_differentiable_executor(read_onnx(path).graph);
      } catch (const InputError& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      }
    }
}

TEST(OnnxReader, OtherFilesAreNamedForWhatTheyAre) {
  const TestFolder folder;
  const auto refusal_of = [&](const std::string& bytes) {
    const std::string path = folder.write("other", bytes);
    return error_of([&] { read_onnx(path); });
  };
  EXPECT_THAT(refusal_of("PK\x03\x04 archive/data.pkl"),
              HasSubstr("is a zip archive, wanted an ONNX model"));
  EXPECT_THAT(refusal_of("\x80\x02}q"), HasSubstr("state_dict"));
  EXPECT_THAT(refusal_of(""), HasSubstr("empty"));
  EXPECT_THAT(refusal_of("# a text file\n"), HasSubstr("not an ONNX model"));
  EXPECT_NE(error_of([&] { read_onnx(folder / ""); }), "");
  EXPECT_NE(error_of([&] { read_onnx(folder / "none.onnx"); }), "");
}

TEST(OnnxReader, OperatorSetsWhoseFormsAreNotKnownAreRefused) {
  for (const int opset : {1, 6, kNewestOpset + 1, -3}) {
    EXPECT_THAT(refusal(adder(opset)), HasSubstr("versions 7 to 25 are known")) << opset;
  }
  OnnxBuilder unchanged(6);  // Elu is what it was
  unchanged.input("x", {3}).output("y").node("Elu", {"x"}, {"y"});
  const TestFolder folder;
  EXPECT_NO_THROW(read_onnx(unchanged.write(folder)));
  OnnxBuilder none = adder();
  none.model.clear_opset_import();
  EXPECT_THAT(refusal(none), HasSubstr("which version"));
}

TEST(OnnxReader, RefusesWhatIsNotAPlainNetwork) {
  OnnxBuilder training = adder();
  training.model.add_training_info();
  EXPECT_THAT(refusal(training), HasSubstr("training"));
  OnnxBuilder sparse = adder();
  sparse.model.mutable_graph()->add_sparse_initializer();
  EXPECT_THAT(refusal(sparse), HasSubstr("sparse"));
  OnnxBuilder sequence = adder();
  sequence.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_THAT(refusal(sequence), HasSubstr("no tensor"));
  OnnxBuilder strings = adder();
  auto& w = *strings.model.mutable_graph()->mutable_initializer(0);
  w.set_data_type(onnx::TensorProto::STRING);
  EXPECT_THAT(refusal(strings), HasSubstr("STRING"));
}

TEST(OnnxReader, GraphsThatDoNotHoldTogetherAreRefused) {
  OnnxBuilder dangling = adder();
  dangling.node("Add", {"y", "nobody"}, {"z"});
  EXPECT_THAT(refusal(dangling), HasSubstr("\"nobody\", which nothing makes"));
  OnnxBuilder no_such_output = adder();
  no_such_output.output("z");
  EXPECT_THAT(refusal(no_such_output), HasSubstr("nothing makes the output \"z\""));
  OnnxBuilder twice = adder();
  twice.node("Relu", {"x"}, {"y"});
  EXPECT_THAT(refusal(twice), HasSubstr("made twice"));
  OnnxBuilder over_weight = adder();
  over_weight.node("Relu", {"x"}, {"w"});
  EXPECT_THAT(refusal(over_weight), HasSubstr("made twice"));
  OnnxBuilder two_weights = adder();
  two_weights.floats("w", {1}, {0});
  EXPECT_THAT(refusal(two_weights), HasSubstr("made twice"));
  OnnxBuilder over_input = adder();
  over_input.node("Relu", {"w"}, {"x"});
  EXPECT_THAT(refusal(over_input), HasSubstr("made twice"));
  OnnxBuilder cycle;
  cycle.input("x", {-1, 3}).output("b");
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  EXPECT_THAT(refusal(cycle), HasSubstr("cycle"));
  OnnxBuilder no_output;
  no_output.input("x", {-1, 3});
  EXPECT_THAT(refusal(no_output), HasSubstr("no output"));
  OnnxBuilder multiline = adder();
  multiline.model.mutable_graph()->mutable_node(0)->set_name("two\nlines");
  EXPECT_THAT(refusal(multiline), HasSubstr("control characters"));
}

TEST(OnnxReader, NodesInAnyOrderAreSorted) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).output("c");
  b.node("Exp", {"b"}, {"c"});
  b.node("Relu", {"x"}, {"a"});
  b.node("Neg", {"a"}, {"b"});
  const TestFolder folder;
  const OnnxModel model = read_onnx(b.write(folder));
  std::vector<std::string> ops;
  for (const Node& node : model.graph->nodes()) ops.push_back(node.op);
  EXPECT_EQ(ops, (std::vector<std::string>{"Relu", "Neg", "Exp"}));
}

TEST(OnnxReader, WeightsMustHaveAsManyBytesAsTheirShapeSays) {
  for (const Dims& dims : {Dims{4}, Dims{2}, Dims{-3}, Dims{1LL << 40, 1LL << 40, 1LL << 40},
                           Dims{3, 1LL << 60}, Dims{0}}) {
    OnnxBuilder b = adder();
    auto& w = *b.model.mutable_graph()->mutable_initializer(0);
    w.clear_dims();
    for (const std::int64_t d : dims) w.add_dims(d);
    EXPECT_NE(refusal(b), "") << dims[0];
  }
}

TEST(OnnxReader, DeepNestingIsRefused) {
  OnnxBuilder b = adder();
  onnx::GraphProto* graph = b.model.mutable_graph();
  for (int depth = 0; depth < 200; ++depth) {
    auto& a = *graph->add_node()->add_attribute();
    a.set_type(onnx::AttributeProto::GRAPH);
    graph = a.mutable_g();
  }
  EXPECT_THAT(refusal(b), HasSubstr("damaged"));
}

TEST(OnnxReader, AllUnsupportedOperatorsAreListedTogether) {
  OnnxBuilder b = adder();
  b.node("Frobnicate", {"y"}, {"z"}).set_name("first");
  b.node("Frobnicate", {"z"}, {"u"}).set_name("second");
  auto& quantised = b.node("QLinearFrobnicate", {"u"}, {"v"});
  quantised.set_domain("com.microsoft");
  b.model.add_opset_import()->set_domain("com.microsoft");
  b.model.mutable_opset_import(1)->set_version(1);
  const TestFolder folder;
  const OnnxModel model = read_onnx(b.write(folder));
  const std::string message = error_of([&] { make_differentiable_executor(model.graph); });
  for (const char* part : {"Frobnicate (\"first\", \"second\")", "com.microsoft.QLinearFrobnicate"})
    EXPECT_THAT(message, HasSubstr(part));
}

std::filesystem::path shared_models() {
  const char* set = std::getenv("ASSAY_SHARED");
  return std::filesystem::path(set ? set : ASSAY_SOURCE_DIR "/../shared") / "data/models";
}

TEST(OnnxReader, RealFilesThatAreNoUsableNetworksAreRefusedInOneLine) {
  if (!std::filesystem::exists(shared_models())) GTEST_SKIP() << "no " << shared_models();
  int refused = 0;
  for (const char* folder : {".", "negative"})
    for (const auto& entry : std::filesystem::directory_iterator(shared_models() / folder)) {
      const std::string extension = entry.path().extension();
      const bool negative = std::string(folder) == "negative";
      if (!negative && extension != ".pt" && extension != ".ptl") continue;
      if (entry.is_directory()) continue;
      EXPECT_NE(error_of([&] { read_onnx(entry.path()); }), "") << entry.path();
      ++refused;
    }
  EXPECT_GT(refused, 5);
}

}  // namespace
}  // namespace assay::network
