// ONNX files made to hurt: each is refused in one line, or gives the right answer; none crashes,
// hangs or takes more memory than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>

#include "assay/network/hostile_file_test.h"
#include "assay/network/small_onnx_models_test.h"

namespace assay::network {
namespace {

using ::testing::HasSubstr;

using HostileOnnx = HostileFile;

TEST_F(HostileOnnx, CyclesAreRefused) {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8}).node("Add", {"x", "b"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  EXPECT_THAT(refusal_of_model(b.output("b")), HasSubstr("cycle"));
  OnnxBuilder itself;
  itself.input("x", {-1, 3, 8, 8}).node("Add", {"x", "y"}, {"y"});
  expect_refused("a node that reads itself", itself.output("y"));
}

TEST_F(HostileOnnx, NamesThatNobodyMakesAreRefused) {
  OnnxBuilder input;
  input.input("x", {-1, 3, 8, 8}).node("Add", {"x", "nobody"}, {"y"});
  EXPECT_THAT(refusal_of_model(input.output("y")), HasSubstr("nobody"));
  OnnxBuilder output;
  output.input("x", {-1, 3, 8, 8}).node("Relu", {"x"}, {"y"});
  EXPECT_THAT(refusal_of_model(output.output("nobody")), HasSubstr("nobody"));
}

TEST_F(HostileOnnx, ValuesThatAreMadeTwiceAreRefused) {
  OnnxBuilder twice;
  twice.input("x", {-1, 3, 8, 8}).node("Relu", {"x"}, {"y"});
  twice.node("Neg", {"x"}, {"y"});
  expect_refused("two nodes that make one value", twice.output("y"));
  OnnxBuilder same;
  same.input("x", {-1, 3, 8, 8}).ints("parts", {2}, {1, 2});
  set(same.node("Split", {"x", "parts"}, {"y", "y"}), "axis", std::int64_t{1});
  expect_refused("one node that makes a value twice", same.output("y"));
  OnnxBuilder input;
  input.input("x", {-1, 3, 8, 8}).node("Relu", {"x"}, {"x"});
  expect_refused("a node that makes the input", input.output("x"));
  OnnxBuilder listed = convolutional_model();
  expect_refused("an output listed twice", listed.output("y"));
}

TEST_F(HostileOnnx, TensorsThatNoFileHoldsAreRefused) {
  const std::int64_t half = std::int64_t{1} << 32, top = std::numeric_limits<std::int64_t>::max();
  for (const Dims& dims :
       {Dims{std::int64_t{1} << 60}, Dims{1 << 30, 1 << 30}, Dims{-1}, Dims{-4, -4}, Dims{top, 2},
        Dims{half, half}, Dims{half, half, half, half}, Dims{top}, Dims{top, 0, top},
        Dims{std::numeric_limits<std::int64_t>::min()}, Dims(100, 2), Dims(4000, 1)})
    for (const bool has_bytes : {false, true}) {
      OnnxBuilder b = around([&](OnnxBuilder& m) { m.node("Add", {"x", "w"}, {"t"}); });
      auto& tensor = *b.model.mutable_graph()->add_initializer();
      tensor.set_name("w");
      tensor.set_data_type(onnx::TensorProto::FLOAT);
      for (const std::int64_t d : dims) tensor.add_dims(d);
      if (has_bytes) tensor.set_raw_data("12345678");
      expect_refused("an initialiser", b);
    }
}

// node { op_type: "If", attribute { name: "then_branch", g { node { … } } } }, written outside in:
// the lengths come from the inside.
std::string nested_ifs(int depth) {
  const auto varint = [](std::uint64_t n) {
    std::string bytes;
    for (; n > 127; n >>= 7) bytes.push_back(static_cast<char>(n | 128));
    return bytes + static_cast<char>(n);
  };
  const auto field = [&](int number, std::uint64_t size) {
    return std::string(1, static_cast<char>(number << 3 | 2)) + varint(size);
  };
  const std::string op = field(4, 2) + "If", name = field(1, 11) + "then_branch";
  std::vector<std::string> starts;  // the innermost first
  std::uint64_t size = 0;           // of the graph inside
  for (int i = 0; i < depth; ++i) {
    const std::string graph = field(6, size);
    const std::string attribute = field(5, name.size() + graph.size() + size);
    const std::uint64_t in_node = op.size() + attribute.size() + name.size() + graph.size() + size;
    starts.push_back(field(1, in_node) + op + attribute + name + graph);
    size += starts.back().size();
  }
  std::string bytes = field(7, size);
  for (auto start = starts.rbegin(); start != starts.rend(); ++start) bytes += *start;
  return bytes;
}

TEST_F(HostileOnnx, AMillionNestedIfsAreRefused) {
  EXPECT_THAT(refusal_of_bytes(nested_ifs(1'000'000)), HasSubstr("nests"));
  EXPECT_NE(refusal_of_bytes(nested_ifs(10)), "");
}

TEST_F(HostileOnnx, ManyIfsSideBySideEnd) {
  OnnxBuilder b(16);
  b.input("x", {-1, 3, 8, 8}).floats("c", {}, {1});
  std::string last = "c";
  for (int i = 0; i < 600; ++i) {
    const std::string condition = "c" + std::to_string(i), made = "v" + std::to_string(i);
    b.node("Greater", {last, "c"}, {condition});
    auto& node = b.node("If", {condition}, {made});
    for (const char* branch : {"then_branch", "else_branch"}) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(branch);
      attribute.set_type(onnx::AttributeProto::GRAPH);
      auto& inner = *attribute.mutable_g()->add_node();
      inner.set_op_type("Identity");
      inner.add_input(last);
      inner.add_output("o");
      attribute.mutable_g()->add_output()->set_name("o");
    }
    last = made;
  }
  b.node("Add", {"x", last}, {"s"});
  b.node("GlobalAveragePool", {"s"}, {"g"});
  b.node("Flatten", {"g"}, {"y"});
  EXPECT_EQ(refusal_of_model(b.output("y")), "");
}

onnx::FunctionProto& function(OnnxBuilder& b, const std::string& name) {
  auto& made = *b.model.add_functions();
  made.set_name(name);
  made.set_domain("own");
  made.add_input("a");
  made.add_output("b");
  made.add_opset_import()->set_version(16);
  auto& own = *made.add_opset_import();
  own.set_domain("own");
  own.set_version(1);
  return made;
}
void call_function(onnx::FunctionProto& in, const std::string& name, const std::string& from,
                   const std::string& to) {
  auto& node = *in.add_node();
  node.set_op_type(name);
  node.set_domain("own");
  node.add_input(from);
  node.add_output(to);
}
OnnxBuilder calling(const std::string& name) {
  OnnxBuilder b(16);
  b.model.set_ir_version(8);
  auto& own = *b.model.add_opset_import();
  own.set_domain("own");
  own.set_version(1);
  b.input("x", {-1, 3, 8, 8}).node(name, {"x"}, {"y"}).set_domain("own");
  return b.output("y");
}

TEST_F(HostileOnnx, FunctionsThatCallThemselvesAreRefused) {
  OnnxBuilder itself = calling("F");
  call_function(function(itself, "F"), "F", "a", "b");
  EXPECT_THAT(refusal_of_model(itself), HasSubstr("calls itself"));
  OnnxBuilder each_other = calling("F");
  call_function(function(each_other, "F"), "G", "a", "b");
  call_function(function(each_other, "G"), "F", "a", "b");
  EXPECT_THAT(refusal_of_model(each_other), HasSubstr("calls itself"));
  OnnxBuilder deep = calling("F0");
  for (int i = 0; i < 10'000; ++i)
    call_function(function(deep, "F" + std::to_string(i)), "F" + std::to_string(i + 1), "a", "b");
  expect_refused("calls 10,000 deep", deep);
}

TEST_F(HostileOnnx, FunctionsThatDoubleAtEachCallAreRefused) {
  OnnxBuilder b = calling("F0");
  for (int i = 0; i < 40; ++i) {
    const std::string next = "F" + std::to_string(i + 1);
    auto& f = function(b, "F" + std::to_string(i));
    call_function(f, next, "a", "m");
    call_function(f, next, "m", "b");
  }
  auto& last = *function(b, "F40").add_node();
  last.set_op_type("Relu");
  last.add_input("a");
  last.add_output("b");
  EXPECT_THAT(refusal_of_model(b), HasSubstr("unfold"));
}

TEST_F(HostileOnnx, ExternalDataAreReadFromFilesInTheFolderOnly) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_ / "folder");
  std::filesystem::create_symlink("/dev/zero", folder_ / "device");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "link");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  for (const std::string location :
       {"pipe", "folder", "device", "link", "loop", "/dev/zero", "/etc/passwd", "../passwd",
        "a/../../passwd", ".", "", "absent", "/proc/self/mem", "pipe/x"}) {
    OnnxBuilder b = around([&](OnnxBuilder& m) { m.node("Add", {"x", "w"}, {"t"}); });
    auto& tensor = *b.model.mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(4);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto& entry = *tensor.add_external_data();
    entry.set_key("location");
    entry.set_value(location);
    EXPECT_THAT(refusal_of_model(b), HasSubstr(location)) << location;
  }
}

}  // namespace
}  // namespace assay::network
