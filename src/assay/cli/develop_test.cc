#include <gmock/gmock.h>

#include "assay/cli/program_test.h"
#include "assay/imaging/camera/sample_raw_test.h"
#include "assay/imaging/encode.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DevelopTest : public ProgramTest {};

TEST_F(DevelopTest, MakesAPictureOfARawFrameAndOfAMosaic) {
  write("frame.dng", imaging::sample_dng(24, 26));
  ASSERT_EQ(assay({"develop", path("frame.dng"), "-o", path("frame.png")}).code, 0);
  EXPECT_THAT(read("frame.png"), StartsWith("\x89PNG"));
  const imaging::Picture mosaic{24, 24, 1, 16, std::vector<std::uint8_t>(24 * 24 * 2, 7)};
  write("mosaic.png", imaging::encode_png(mosaic));
  write("camera.yaml", "camera: 1\nstages:\n  - demosaic: menon\n  - tone: srgb\n");
  const std::vector<std::string> ask{
      "develop", path("mosaic.png"), "--camera", path("camera.yaml"), "-o", path("mosaic-out.png")};
  const Ran without = assay(ask);
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, HasSubstr("says what its sensor was"));
  write("mosaic.yaml", "black_level: 0\nwhite_level: 4095\ncfa: RGGB\n");
  EXPECT_EQ(assay(ask).code, 0);
  EXPECT_THAT(read("mosaic-out.png"), StartsWith("\x89PNG"));
}

TEST_F(DevelopTest, SaysWhatIsWrongInOneLine) {
  write("frame.dng", imaging::sample_dng(24, 26).substr(0, 300));
  const Ran cut = assay({"develop", path("frame.dng"), "-o", path("x.png")});
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.err, HasSubstr("frame.dng"));
  EXPECT_EQ(std::count(cut.err.begin(), cut.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace assay::cli
