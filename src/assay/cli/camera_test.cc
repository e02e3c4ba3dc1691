// synthesise and optimise-camera, as a person calls them.

#include <gmock/gmock.h>

#include <filesystem>

#include "assay/cli/program_test.h"
#include "assay/imaging/camera/sample_raw_test.h"
#include "assay/imaging/encode.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CameraTest : public ProgramTest {};

TEST_F(CameraTest, SynthesiseWritesEveryCamerasPicturesAndAManifest) {
  std::filesystem::create_directories(path("raw"));
  write("raw/a.dng", imaging::sample_dng(24, 26));
  write("raw/b.dng", imaging::sample_dng(24, 22));
  write("mask.txt", "x");
  write(
      "m.csv",
      "path,raw,label,note\np/a.png,raw/a.dng,cat,\"one, two\"\np/b.png,raw/b.dng,dog,mask.txt\n");
  const std::vector<std::string> ask{
      "synthesise", path("m.csv"),   "--raw", "--camera",   "menon-filter-median",
      "--camera",   "mine=standard", "-o",    path("views")};
  const Ran done = assay(ask);
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(read("views/menon-filter-median/p/a.png"), StartsWith("\x89PNG"));
  EXPECT_NE(read("views/mine/p/b.png"), read("views/menon-filter-median/p/b.png"));
  const std::string manifest = read("views/manifest.csv");
  EXPECT_THAT(manifest, StartsWith("path,raw,label,note,developed_by\n"
                                   "menon-filter-median/p/a.png,../raw/a.dng,cat,\"one, two\","
                                   "menon-filter-median\n"));
  EXPECT_THAT(manifest, HasSubstr("mine/p/b.png,../raw/b.dng,dog,../mask.txt,mine\n"));
  // Of pictures a frame is made up.
  EXPECT_EQ(assay({"synthesise", path("views/mine"), "--camera", "soft=bilinear-unsharp-gaussian",
                   "-o", path("again")})
                .code,
            0);
  EXPECT_THAT(read("again/soft/p/a.png"), StartsWith("\x89PNG"));
}

TEST_F(CameraTest, SynthesiseSaysWhatIsWrongInOneLine) {
  write("m.csv", "path,label\nno.png,cat\n");
  const auto error = [&](std::vector<std::string> ask) {
    const Ran ran = assay(ask);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(error({"synthesise", path("m.csv"), "--camera", "standard", "-o", path("x")}),
              HasSubstr("m.csv:2: no file"));
  EXPECT_THAT(error({"synthesise", path("m.csv"), "--camera", "standart", "-o", path("x")}),
              HasSubstr("did you mean \"standard\""));
}

TEST_F(CameraTest, OptimiseCameraRefusesWhatIsNoRange) {
  write("audit.yaml",
        "assay: 1\nmodel: {file: none.onnx}\ndata: {images: none}\nchecks: {accuracy: {}}\n");
  const Ran ran = assay({"optimise-camera", path("audit.yaml"), "-o", path("x")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("none.onnx"));
}

}  // namespace
}  // namespace assay::cli
