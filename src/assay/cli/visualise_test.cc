#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class VisualiseTest : public ProgramTest {
 protected:
  std::vector<std::string> command(const std::string& folder, std::vector<std::string> more) const {
    std::vector<std::string> all = {
        "visualise", fashion_model(),
        "-o",        path(folder),
        "--input",   write("input.yaml", "channels: gray\nmean: [0.286]\nstd: [0.353]\n")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json results(const std::string& folder) const {
    return nlohmann::json::parse(read(folder + "/visualise.json"));
  }
};

TEST_F(VisualiseTest, APicturesNumberIsThatOfTheWrittenFileAndFarAboveNoise) {
  const Ran ran =
      assay(command("v", {"--class", "1,9", "--steps", "40", "--views", "2", "--json"}));
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto all = results("v");
  ASSERT_EQ(all["pictures"].size(), 2U);
  for (const auto& picture : all["pictures"]) {
    EXPECT_EQ(picture["curve"].size(), 40U);
    const double noise = picture["noise"]["largest"];
    EXPECT_GT(picture["activation"].get<double>(), noise);
    // `predict` reads the same file by its own way.
    const std::string png = path("v/" + picture["png"].get<std::string>());
    const Ran told = assay(
        {"predict", fashion_model(), png, "--input", path("input.yaml"), "--json", "--top", "1"});
    ASSERT_EQ(told.code, 0) << told.err;
    const auto top = nlohmann::json::parse(told.out)["top"][0];
    EXPECT_EQ(top["index"], picture["predicted"]["index"]);
    EXPECT_NEAR(top["probability"].get<double>(), picture["predicted"]["probability"].get<double>(),
                1e-5);
  }
  EXPECT_TRUE(std::filesystem::exists(path("v/contact-sheet.png")));
  EXPECT_EQ(all["cost"]["backwards"], 2 * 40 * 2);
}

TEST_F(VisualiseTest, TheFilesAreTheSameOnAnyThreadsAndAfterAKill) {
  const std::vector<std::string> options{"--class", "0-2", "--steps", "60", "--views", "2"};
  ASSERT_EQ(assay(command("whole", options)).code, 0);
  auto threads = options;
  threads.insert(threads.end(), {"--threads", "1"});
  ASSERT_EQ(assay(command("one", threads)).code, 0);
  for (const int after_ms : {700, 1500}) {
    std::filesystem::remove_all(path("killed"));
    assay(command("killed", options), std::chrono::milliseconds(after_ms));
    ASSERT_EQ(assay(command("killed", options)).code, 0);
    for (const char* folder : {"one", "killed"}) {
      for (const auto& entry : std::filesystem::directory_iterator(path("whole"))) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".log")) continue;
        EXPECT_EQ(read(folder + ("/" + name)), read("whole/" + name)) << folder << " " << name;
      }
    }
    EXPECT_FALSE(std::filesystem::exists(path("killed/visualise.checkpoint")));
  }
}

TEST_F(VisualiseTest, ATargetIsReachedNearAPictureOrSaidToBeMissed) {
  const std::string near = write("near.bmp", bmp(3));
  const Ran ran = assay(
      command("near", {"--class", "4", "--target-activation", "5", "--near", near, "--steps", "300",
                       "--views", "1", "--jitter", "0", "--scale", "0", "--turn-deg", "0"}));
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto picture = results("near")["pictures"][0];
  EXPECT_TRUE(picture["target"]["reached"].get<bool>()) << ran.out;
  const double from = picture["near"]["activation"], way = std::abs(5 - from);
  EXPECT_NEAR(picture["activation"].get<double>(), 5, 0.02 * way);
  EXPECT_LT(picture["near"]["rms_distance"].get<double>(), 0.2);

  const Ran missed =
      assay(command("far", {"--class", "4", "--target-activation", "1e6", "--steps", "3"}));
  ASSERT_EQ(missed.code, 0) << missed.err;
  EXPECT_THAT(missed.out, HasSubstr("NOT reached"));
}

TEST_F(VisualiseTest, RefusesWhatItCannotDoInOneLine) {
  struct Case {
    std::vector<std::string> options;
    const char* says;
  };
  for (const auto& [options, says] : std::vector<Case>{
           {{}, "--class"},
           {{"--class", "10"}, "0 to 9"},
           {{"--class", "0", "--value", "input"}, "--class"},
           {{"--value", "nowhere", "--channel", "0"}, "no value \"nowhere\""},
           {{"--class", "0", "--near", "x.png"}, "--near"},
           {{"--class", "0", "--steps", "0"}, "--steps"},
           {{"--class", "0", "--size", "300"}, "28"},
           {{"--class", "0", "--size", "12x"}, "--size"},
           {{"--class", "0", "--target-activation", "1", "--near", "gone.png"}, "gone.png"}}) {
    const Ran ran = assay(command("refused", options));
    EXPECT_EQ(ran.code, 2) << says;
    EXPECT_THAT(ran.err, HasSubstr(says));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
}

}  // namespace
}  // namespace assay::cli
