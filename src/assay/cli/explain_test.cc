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
    if (method.info.resolution == methods::Resolution::kTokens) {
      const Ran ran = explain({"--method", name});
      EXPECT_EQ(ran.code, 2);
      EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
      EXPECT_THAT(ran.err, HasSubstr("the network has no attention"));
      continue;
    }
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

TEST_F(ExplainTest, WritesTheMapsOfAllClasses) {
  for (const char* method : {"cam", "hires_cam", "gradient"}) {
    SCOPED_TRACE(method);
    const auto line = nlohmann::json::parse(
        explain({"--json", "--signed", "--method", method, "--target", "all"}).out);
    const NpyArray all = read_npy(line["classes_npy"]);
    const auto maps = all.values<float>();
    ASSERT_EQ(all.shape.size(), 3U);
    EXPECT_EQ(all.shape[0], 10);
    for (const int k : {0, 7}) {
      const auto own = nlohmann::json::parse(
          explain({"--json", "--signed", "--method", method, "--target", std::to_string(k)}).out);
      const auto map = read_npy(own["npy"]).values<float>();
      const float largest = std::abs(*std::max_element(
          map.begin(), map.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
      for (std::size_t i = 0; i < map.size(); ++i)
        ASSERT_NEAR(maps[static_cast<std::size_t>(k) * map.size() + i], map[i], 1e-5 * largest);
    }
  }
}

TEST_F(ExplainTest, WritesTheSmallestRegionsAndTheirAreas) {
  const auto line = nlohmann::json::parse(
      explain({"--json", "--method", "extremal", "--map", "occlusion", "--cover", "black"}).out);
  const auto area = [&](const char* region) {
    const auto mask = read_npy(line["parts_npy"][region]).values<float>();
    EXPECT_EQ(mask.size(), 28U * 28);
    return static_cast<double>(std::count(mask.begin(), mask.end(), 1.0F)) / (28 * 28);
  };
  const auto& figures = line["figures"];
  ASSERT_TRUE(figures["sufficient_area"].is_number());
  EXPECT_DOUBLE_EQ(figures["sufficient_area"], area("sufficient"));
  EXPECT_DOUBLE_EQ(
      figures["necessary_area"].is_null() ? 0 : figures["necessary_area"].get<double>(),
      area("necessary"));
  EXPECT_EQ(read_npy(line["parts_npy"]["ranking"]).shape, read_npy(line["npy"]).shape);
  EXPECT_THAT(explain({"--method", "extremal"}).out, HasSubstr(", sufficient area "));
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
  EXPECT_THAT(refusal({"--method", "legrad", "--layer", "x"}), HasSubstr("--layer"));
  EXPECT_THAT(refusal({"--method", "extremal", "--map", "extremal"}), HasSubstr("hires_cam"));
  EXPECT_THAT(refusal({"--method", "extremal", "--keep", "2"}), HasSubstr("--keep"));
  EXPECT_THAT(refusal({"--method", "hirescan"}), HasSubstr("did you mean hires_cam"));
  EXPECT_THAT(refusal({"--target", "10"}), HasSubstr("0 to 9"));
}

}  // namespace
}  // namespace assay::cli
