#include "assay/audit/camera_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/base/file.h"

namespace assay::audit {
namespace {

using testing::HasSubstr;

std::string file(const std::string& text) {
  const std::string path = testing::TempDir() + "camera_file_test.yaml";
  write_file(path, text);
  return path;
}

template <class Read>
std::string error(Read read, const std::string& text) {
  try {
    read(file(text));
  } catch (const InputError& e) {
    return e.what();
  }
  return "nothing";
}

TEST(CameraFile, ReadsStagesInTheirOrder) {
  const auto chain =
      read_camera(file("camera: 1\nstages:\n  - black_level: normalise\n  - white_balance: [2, 1, "
                       "1.5]\n  - demosaic: "
                       "menon\n  - colour_matrix: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\n  - exposure: "
                       "0.5\n  - sharpen: "
                       "{unsharp: [1, 0.5]}\n  - tone: {gamma: 2.2}\n"));
  ASSERT_EQ(chain.stages().size(), 7u);
  EXPECT_EQ(chain.stages()[1].numbers, (std::vector<double>{2, 1, 1.5}));
  EXPECT_EQ(chain.stages()[3].numbers.size(), 9u);
  EXPECT_EQ(chain.stages()[5].form, "unsharp");
}

TEST(CameraFile, SaysInWhichLineSomethingIsWrong) {
  const auto wrong = [](const std::string& text) { return error(read_camera, text); };
  EXPECT_THAT(wrong("camera: 1\nstages:\n  - demosaic: menon\n  - tone: {gamma: 0}\n"),
              HasSubstr("camera_file_test.yaml:4"));
  EXPECT_THAT(wrong("camera: 1\nstages: menon\n"), HasSubstr("wanted a list of stages"));
  EXPECT_THAT(wrong("camera: 1\nstages:\n  - demosaic\n"), HasSubstr("a stage is one name"));
  EXPECT_THAT(wrong("camera: 2\nstages: []\n"), HasSubstr("camera_file_test.yaml:1"));
  EXPECT_THAT(wrong("camera: 1\nstages: []\n"), HasSubstr("wanted demosaic"));
}

TEST(CameraFile, IsWhatIsWrittenOfACamera) {
  const auto chain = imaging::CameraChain::parse(
      "black_level normalise | white_balance 2 1 1.5 | demosaic malvar | colour_matrix file | "
      "denoise "
      "bilateral 1.5 0.1 | clip 0 1 | tone gamma 2.2 | quantise 8 | set camera.exposure 0.5 | set "
      "camera.blur 0.25",
      "");
  EXPECT_EQ(read_camera(file(camera_yaml(chain))).text(), chain.text());
  EXPECT_EQ(named_camera("", "malvar-filter-median", "").stages()[0].form, "normalise");
  EXPECT_THAT(
      error(read_camera, "camera: 1\nstages:\n  - demosaic: menon\nset: {camera.exposure: fast}\n"),
      HasSubstr("camera_file_test.yaml:4"));
  EXPECT_THAT(
      error(read_camera, "camera: 1\nstages:\n  - demosaic: menon\nset: {camera.exposure: 1}\n"),
      HasSubstr("acts at the stage black_level"));
}

TEST(SensorFile, ReadsASidecar) {
  const auto s = read_sensor(file(
      "black_level: [1, 2, 3, 4]\nwhite_level: 4095\ncfa: GRBG\nwhite_balance: [1.5, 1, 2]\n"));
  EXPECT_EQ(s.black[2], 3);
  EXPECT_EQ(s.cfa, imaging::Cfa::kGrbg);
  const auto wrong = [](const std::string& text) { return error(read_sensor, text); };
  EXPECT_THAT(wrong("black_level: 1\nwhite_level: 2\ncfa: RGBG\n"), HasSubstr("RGGB, BGGR"));
  EXPECT_THAT(wrong("black_level: 1\ncfa: RGGB\n"), HasSubstr("white_level"));
  EXPECT_THAT(wrong("black_level: 1\nwhite_level: .nan\ncfa: RGGB\n"), HasSubstr("wanted numbers"));
}

}  // namespace
}  // namespace assay::audit
