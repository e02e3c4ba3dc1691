#include <gmock/gmock.h>

#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class WithinTest : public ProgramTest {};

TEST_F(WithinTest, ComparesPicturesWithTheEnvironmentThatToleranceFound) {
  write_idx(24);
  write_plan(
      "  tolerance: {factors: {brightness: \"uniform(0.8, 1.1)\"}, least: 0.5, confidence: 0.8, "
      "steps: 3, points: 24, draws: 2}");
  const Ran ran = assay({"run", path("audit.yaml"), "-o", path("out"), "--quiet"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_THAT(read("out/datasheet.json"), HasSubstr("\"luma_mean\""));
  const std::string sheet = path("out/datasheet.json");
  const Ran inside = assay({"within", sheet, path("images-idx3-ubyte")});
  EXPECT_EQ(inside.code, 0) << inside.out << inside.err;
  EXPECT_THAT(inside.out, HasSubstr(": inside"));
  // White paper is brighter than any of them.
  std::string white = bmp(1);
  std::fill(white.begin() + 54, white.end(), '\xff');
  write("white.bmp", white);
  const Ran outside = assay({"within", sheet, path("white.bmp"), "--json"});
  EXPECT_EQ(outside.code, 1) << outside.err;
  EXPECT_THAT(outside.out, HasSubstr("\"inside\":false"));
  EXPECT_EQ(assay({"within", path("audit.yaml"), path("white.bmp")}).code, 2);
}

}  // namespace
}  // namespace assay::cli
