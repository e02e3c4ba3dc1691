#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "assay/base/npy.h"
#include "assay/cli/program_test.h"
#include "assay/methods/attribution/catalogue.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class ExplainTest : public ProgramTest {
 protected:
  void SetUp() override { write("a.bmp", bmp(3)); }
  Ran explain(std::vector<std::string> more) const {
    std::vector<std::string> all = {"explain",
                                    fashion_model(),
                                    path("a.bmp"),
                                    "-o",
                                    path("maps"),
                                    "--input",
                                    write("input.yaml", "channels: gray\n")};
    all.insert(all.end(), more.begin(), more.end());
    return assay(all);
  }
};

TEST_F(ExplainTest, EveryMethodWritesAMapAPictureAndALine) {
  for (const auto& method : methods::attribution_methods()) {
    const std::string name(method.info.name);
    SCOPED_TRACE(name);
    std::vector<std::string> options = {"--method", name, "--json", "--target", "2"};
    for (const auto& field : method.fields())
      if (field.name == "samples") options.insert(options.end(), {"--samples", "4"});
    const Ran ran = explain(options);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto line = nlohmann::json::parse(ran.out);
    EXPECT_EQ(line["method"], name);
    EXPECT_EQ(line["target"]["index"], 2);
    const NpyArray map = read_npy(line["npy"]);
    ASSERT_EQ(map.shape.size(), 2U);
    const bool input = method.info.resolution == methods::Resolution::kInput;
    EXPECT_EQ(map.shape[0], input ? 28U : 7U);
    EXPECT_EQ(line.contains("layer"), !input);
    EXPECT_TRUE(std::filesystem::exists(line["png"].get<std::string>()));
    if (line.contains("channels_npy")) {
      EXPECT_THAT(read_npy(line["channels_npy"]).shape, testing::ElementsAre(1, 28, 28));
    }
  }
}

TEST_F(ExplainTest, KeepsTheSignOfALayersMapWhereAsked) {
  const auto lowest = [&](std::vector<std::string> options) {
    options.insert(options.end(), {"--json", "--target", "5"});
    const auto line = nlohmann::json::parse(explain(options).out);
    const auto map = read_npy(line["npy"]).values<float>();
    return *std::min_element(map.begin(), map.end());
  };
  EXPECT_EQ(lowest({}), 0);
  EXPECT_LT(lowest({"--signed"}), 0);
}

TEST_F(ExplainTest, OcclusionKeepsTheMapOfEachSizeOfWhichItIsTheMean) {
  const Ran ran = explain(
      {"--method", "occlusion", "--sizes", "0.15,0.3", "--target", "2", "--json", "--brightness"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto line = nlohmann::json::parse(ran.out);
  const auto values = [&](const nlohmann::json& file) {
    return read_npy(file.get<std::string>()).values<float>();
  };
  ASSERT_EQ(line["parts_npy"].size(), 2U);
  const auto mean = values(line["npy"]), small = values(line["parts_npy"]["4px"]),
             large = values(line["parts_npy"]["8px"]);
  ASSERT_EQ(small.size(), mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i)
    EXPECT_NEAR(mean[i], (small[i] + large[i]) / 2, 1e-5);
  EXPECT_NE(small, large);
  EXPECT_TRUE(std::filesystem::exists(line["brightness_png"].get<std::string>()));
}

TEST_F(ExplainTest, TheMeanOfTheDataSetIsThatOfThePicturesGiven) {
  write("b.bmp", bmp(200));
  const auto map = [&](const char* cover, std::vector<std::string> more) {
    more.insert(more.end(), {"--method", "occlusion", "--sizes", "0.3", "--cover", cover,
                             "--target", "2", "--json"});
    const Ran ran = explain(more);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return read_npy(nlohmann::json::parse(ran.out.substr(0, ran.out.find('\n')))["npy"])
        .values<float>();
  };
  const auto alone = map("data_mean", {}), own = map("mean", {}),
             both = map("data_mean", {path("b.bmp")});
  ASSERT_EQ(alone.size(), own.size());
  float largest = 0;
  for (const float v : own) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(alone[i], own[i], 1e-4f * largest);
  EXPECT_NE(both, alone);
}

TEST_F(ExplainTest, RefusesOptionsOfOtherMethodsAndIllegalValues) {
  const auto refusal = [&](const std::vector<std::string>& options) {
    const Ran ran = explain(options);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(refusal({"--steps", "5"}), HasSubstr("--steps: is no option of hires_cam"));
  EXPECT_THAT(refusal({"--method", "occlusion", "--steps", "5"}), HasSubstr("--window-px"));
  EXPECT_THAT(refusal({"--method", "integrated_gradients", "--steps", "1"}), HasSubstr("--steps"));
  EXPECT_THAT(refusal({"--method", "integrated_gradients", "--baseline", "grey"}),
              HasSubstr("zero"));
  EXPECT_THAT(refusal({"--method", "occlusion", "--window-px", "29"}), HasSubstr("28x28"));
  EXPECT_THAT(refusal({"--method", "occlusion", "--layer", "x"}), HasSubstr("--layer"));
  EXPECT_THAT(refusal({"--method", "hirescan"}), HasSubstr("did you mean hires_cam"));
  EXPECT_THAT(refusal({"--target", "10"}), HasSubstr("0 to 9"));
}

}  // namespace
}  // namespace assay::cli
