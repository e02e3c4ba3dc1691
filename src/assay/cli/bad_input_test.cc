// Every mistake that a person can make: exit code 2, one clear line, earlier results intact.

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>

#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class BadInputTest : public ProgramTest {
 protected:
  BadInputTest() {
    write_idx(20);
    write_plan("  accuracy:\n");
  }
  Ran run(const std::string& out = "out") const {
    return assay({"run", path("audit.yaml"), "-o", path(out)});
  }
  // The line that a refused run prints.
  std::string refusal(const Ran& ran) const {
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_THAT(ran.err, StartsWith("assay: "));
    return ran.err;
  }
  void plan_model(const std::string& model, const std::string& more = "") const {
    write("audit.yaml", "assay: 1\nmodel: {file: \"" + model + "\"" + more +
                            "}\ndata: {idx: images-idx3-ubyte, labels: "
                            "labels-idx1-ubyte}\nchecks: {accuracy: }\n");
  }
};

TEST_F(BadInputTest, MissingPlan) {
  EXPECT_THAT(refusal(assay({"run", path("no.yaml"), "-o", path("out")})), HasSubstr("no.yaml"));
}

TEST_F(BadInputTest, MissingModel) {
  plan_model("no.onnx");
  EXPECT_THAT(refusal(run()), HasSubstr("no.onnx"));
}

TEST_F(BadInputTest, FolderInPlaceOfTheModel) {
  plan_model(folder_.string());
  EXPECT_THAT(refusal(run()), HasSubstr(folder_.string()));
}

TEST_F(BadInputTest, TruncatedModel) {
  const std::string whole = [] {
    std::string bytes;
    FILE* f = std::fopen(fashion_model().c_str(), "rb");
    char buffer[65536];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) bytes.append(buffer, n);
    std::fclose(f);
    return bytes;
  }();
  plan_model("cut.onnx", ", input: {channels: gray}");
  for (const double share : {0.0, 0.1, 0.5, 0.99}) {
    write("cut.onnx", whole.substr(0, static_cast<std::size_t>(share * whole.size())));
    EXPECT_THAT(refusal(run()), HasSubstr("cut.onnx")) << share;
  }
}

TEST_F(BadInputTest, ModelsAndPicturesBeyondTheirMemory) {
  // The model's file has some 700 kB.
  EXPECT_THAT(refusal(assay({"--max-memory", "10k", "inspect", fashion_model()})),
              AllOf(HasSubstr("fashion.onnx"), HasSubstr("10240")));
  EXPECT_THAT(refusal(assay({"inspect", fashion_model(), "--max-memory", "1M"})),
              AllOf(HasSubstr("fashion.onnx"), HasSubstr("1048576 of --max-memory")));
  EXPECT_EQ(assay({"--max-memory", "1G", "inspect", fashion_model()}).code, 0);
  EXPECT_EQ(assay({"--max-memory", "much", "inspect", fashion_model()}).code, 2);
}

TEST_F(BadInputTest, ModelWithoutInput) {
  // ModelProto {ir_version: 8, opset_import {version: 13}, graph {name: "g"}}
  plan_model("empty.onnx");
  write("empty.onnx", std::string("\x08\x08\x3a\x03\x12\x01g\x42\x02\x10\x0d", 11));
  EXPECT_THAT(refusal(run()), HasSubstr("empty.onnx"));
}

TEST_F(BadInputTest, WrongNumberOfLabels) {
  plan_model(fashion_model(), ", input: {channels: gray}, labels: [a, b]");
  EXPECT_THAT(refusal(run()), AllOf(HasSubstr("2"), HasSubstr("10")));
}

TEST_F(BadInputTest, UnknownPreset) {
  plan_model(fashion_model(), ", input: imagnet");
  EXPECT_THAT(refusal(run()), AllOf(HasSubstr("audit.yaml:2"), HasSubstr("imagenet")));
}

TEST_F(BadInputTest, MisspeltKey) {
  write_plan("  calibration: {bin: 10}\n");
  EXPECT_THAT(refusal(run()), AllOf(HasSubstr("audit.yaml:5"), HasSubstr("\"bins\"")));
}

TEST_F(BadInputTest, WrongType) {
  write_plan("  calibration: {bins: ten}\n");
  EXPECT_THAT(refusal(run()), HasSubstr("wanted a whole number"));
}

TEST_F(BadInputTest, DuplicateCheck) {
  write_plan("  accuracy:\n  accuracy:\n");
  EXPECT_THAT(refusal(run()), HasSubstr("given twice"));
}

TEST_F(BadInputTest, RequirementOnAnUnknownFindingBeforeAnythingRuns) {
  write_plan("  accuracy: {require: {topl: \">= 0.5\"}}\n");
  EXPECT_THAT(refusal(run()), HasSubstr("did you mean \"top1\"?"));
  EXPECT_FALSE(std::filesystem::exists(path("out/records.sqlite")));
}

TEST_F(BadInputTest, EmptyClassFolder) {
  write_folders(1);
  std::filesystem::remove(path("val/7/0.bmp"));
  write_plan("  accuracy:\n", "{images: val}");
  EXPECT_THAT(refusal(run()), HasSubstr("7"));
}

TEST_F(BadInputTest, ClassFolderThatNoLabelNames) {
  write_folders(1);
  write("val/boot/0.bmp", bmp(1));
  write_plan("  accuracy:\n", "{images: val}");
  EXPECT_THAT(refusal(run()), AllOf(HasSubstr("11"), HasSubstr("10")));
  plan_model(fashion_model(), ", input: {channels: gray}, labels: [a, b, c, d, e, f, g, h, i, j]");
  write("audit.yaml", [&] {
    std::string text = read("audit.yaml");
    const auto at = text.find("{idx");
    return text.substr(0, at) + "{images: val}\nchecks: {accuracy: }\n";
  }());
  EXPECT_THAT(refusal(run()), HasSubstr("val/0: no label names this class folder"));
}

TEST_F(BadInputTest, NoPictureCanBeRead) {
  write_folders(1);
  for (int k = 0; k < 10; ++k) write("val/" + std::to_string(k) + "/0.bmp", "");
  write_plan("  accuracy:\n", "{images: val}");
  EXPECT_THAT(refusal(run()), HasSubstr("none of the 10 pictures could be read"));
}

TEST_F(BadInputTest, PicturesOfAnotherSizeThanTheModelsWithoutAResizeRule) {
  write_plan("  accuracy:\n");
  std::string images = read("images-idx3-ubyte");
  images[11] = 14;  // 14 rows of 56
  images[15] = 56;
  write("images-idx3-ubyte", images);
  EXPECT_THAT(refusal(run()), AllOf(HasSubstr("28"), HasSubstr("resize")));
}

TEST_F(BadInputTest, OutputFolderThatCannotBeMade) {
  write("file", "x");
  EXPECT_THAT(refusal(run("file")), HasSubstr("file"));
  EXPECT_THAT(refusal(run("file/below")), HasSubstr("below"));
}

TEST_F(BadInputTest, DamagedRecords) {
  ASSERT_EQ(run().code, 0);
  const std::string before = read("out/results.json");
  write("out/records.sqlite", std::string(8192, 'x'));
  std::filesystem::remove(path("out/records.sqlite-wal"));
  EXPECT_THAT(refusal(run()), HasSubstr("damaged"));
  EXPECT_EQ(read("out/results.json"), before);
}

TEST_F(BadInputTest, FullDisk) {
  write_idx(400);
  const std::string small = path("small");
  std::filesystem::create_directories(small);
  if (mount("none", small.c_str(), "tmpfs", 0, "size=200k") != 0)
    GTEST_SKIP() << "SKIPPED LOUDLY: a full disk cannot be made here (no right to mount)";
  ASSERT_EQ(assay({"run", path("audit.yaml"), "-o", small}).code, 2);
  const Ran ran = assay({"run", path("audit.yaml"), "-o", small});
  umount(small.c_str());
  EXPECT_THAT(refusal(ran), HasSubstr("full"));
}

TEST_F(BadInputTest, UnknownOptionsAndCommands) {
  EXPECT_THAT(refusal(assay({"rnu"})), HasSubstr("no command \"rnu\", did you mean \"run\"?"));
  EXPECT_THAT(refusal(assay({"run", path("audit.yaml"), "--bach", "3"})), HasSubstr("--bach"));
  EXPECT_THAT(refusal(assay({"run", path("audit.yaml"), "-o", path("out"), "--threads", "0"})),
              HasSubstr("threads"));
  EXPECT_THAT(refusal(assay({"checks", "acuracy"})), HasSubstr("accuracy"));
}

TEST_F(BadInputTest, JudgingAFolderWithoutRecords) {
  EXPECT_THAT(refusal(assay({"judge", folder_.string()})), HasSubstr("no records.sqlite"));
}

}  // namespace
}  // namespace assay::cli
