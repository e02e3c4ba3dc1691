#include "assay/base/field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

struct Sample {
  struct Params {
    int bins = 15;
    double level = 0.5;
    bool fast = false;
    std::string method = "a";
  };
  static constexpr auto fields() {
    return std::tuple{field("bins", &Params::bins, Range{2, 1000}, "", "bins", Stage::kSummarising),
                      field("level", &Params::level, Range{0, 1}, "px", "level", Stage::kMeasuring),
                      field("fast", &Params::fast, "fast", Stage::kMeasuring),
                      field("method", &Params::method, Choice{"hires_cam|grad_cam|a"}, "method",
                            Stage::kMeasuring)};
  }
};

FieldInfo info(const std::string& name) {
  for (const auto& i : field_infos<Sample>())
    if (i.name == name) return i;
  throw BugError(name);
}

std::string refusal(const std::string& name, const std::string& text) {
  try {
    parsed(info(name), text, "here");
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Field, ListsNamesInitialValuesAndStages) {
  const auto all = field_infos<Sample>();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(to_text(all[0].initial), "15");
  EXPECT_EQ(all[0].stage, Stage::kSummarising);
  EXPECT_THAT(all[3].choices, testing::ElementsAre("hires_cam", "grad_cam", "a"));
}

TEST(Field, SetsAndGetsByName) {
  Sample::Params params;
  EXPECT_TRUE(set_field<Sample>(params, "bins", parsed(info("bins"), "7", "")));
  EXPECT_TRUE(set_field<Sample>(params, "level", parsed(info("level"), "1", "")));
  EXPECT_TRUE(set_field<Sample>(params, "fast", parsed(info("fast"), "true", "")));
  EXPECT_FALSE(set_field<Sample>(params, "bin", std::int64_t{7}));
  EXPECT_EQ(params.bins, 7);
  EXPECT_EQ(params.level, 1);
  EXPECT_EQ(to_text(get_field<Sample>(params, "fast")), "true");
}

TEST(Field, RefusesIllegalValuesByNameWithWhatWasWanted) {
  EXPECT_EQ(refusal("bins", "1"), "here: bins: got 1, wanted 2 to 1000");
  EXPECT_EQ(refusal("bins", "1.5"), "here: bins: got \"1.5\", wanted a whole number");
  EXPECT_EQ(refusal("bins", "99999999999999"), "here: bins: got 99999999999999, wanted 2 to 1000");
  EXPECT_EQ(refusal("level", "nan"), "here: level: got nan, wanted 0 to 1 px");
  EXPECT_EQ(refusal("fast", "1"), "here: fast: got \"1\", wanted true or false");
  EXPECT_EQ(refusal("method", "grad-cam"),
            "here: method: got \"grad-cam\", wanted one of hires_cam, grad_cam, a (did you mean "
            "grad_cam?)");
}

TEST(Field, FindsTheNearestNameOnlyWhenItIsNear) {
  EXPECT_EQ(nearest("acuracy", {"calibration", "accuracy"}), "accuracy");
  EXPECT_EQ(nearest("zebra", {"calibration", "accuracy"}), "");
}

}  // namespace
}  // namespace assay
