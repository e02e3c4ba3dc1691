#include "assay/report/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "assay/report/json_schema_test.h"

namespace assay::report {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::ordered_json;

std::vector<PlanCheck> two_checks() {
  const FieldInfo bins{"bins", std::int64_t{15},   {2, 1000},          {},
                       "",     "equal-width bins", Stage::kSummarising};
  const FieldInfo method{
      "method", std::string("hires_cam"), {}, {"hires_cam", "grad_cam"}, "", "how", {}};
  const FieldInfo blur{"blur_px", 0.5, Range{0}, {}, "px", "strength", {}};
  const FieldInfo raw{"raw", false, {}, {}, "", "keep maps", {}};
  return {{"calibration", "Can probabilities be trusted?", {bins}},
          {"heatmap", "Where does it look?", {method, blur, raw}}};
}

std::vector<std::string> errors(const std::string& plan) {
  return SchemaCheck(Json::parse(plan_schema(two_checks())), Keys::kOpen).errors(Json::parse(plan));
}

std::string with_checks(const std::string& checks) {
  return R"({"assay": 1, "model": {"file": "m.onnx"}, "data": {"images": "val/"}, "checks": )" +
         checks + "}";
}
std::string with_input(const std::string& input) {
  return R"({"model": {"file": "m.onnx", "input": )" + input +
         R"(}, "data": {"images": "val/"}, "checks": {"heatmap": null}})";
}
std::string with_data(const std::string& data) {
  return R"({"model": {"file": "m.onnx"}, "data": )" + data + R"(, "checks": {"heatmap": null}})";
}

TEST(PlanSchema, AcceptsEveryFormThatAPlanMayTake) {
  for (const char* checks :
       {R"({"heatmap": null})", R"({"heatmap": {}})",
        R"({"calibration": {"bins": 20, "require": {"ece": "<= 0.05", "top1": ">=.9e0"}}})",
        R"({"calibration": {"require": {"ece": {"at_most": 0.05, "confidence": 0.9}}}})",
        R"({"heatmap": {"method": "grad_cam", "blur_px": 0.25, "raw": true}})",
        R"({"my.blur-test": {"check": "heatmap", "blur_px": 2}, "heatmap": null})"})
    EXPECT_THAT(errors(with_checks(checks)), IsEmpty()) << checks;
  for (
      const char* input :
      {R"("imagenet")", R"("input.yaml")", R"({})", R"({"resize": 256, "crop": 224})",
       R"({"channels": "bgr", "range": 255, "mean": [1, 2, 3], "std": 58.4, "layout": "nhwc", "upright": true})",
       R"({"preset": "imagenet", "resize": {"rule": "line", "size": [48, 320]}})",
       R"({"resize": "none"})"})
    EXPECT_THAT(errors(with_input(input)), IsEmpty()) << input;
  for (const char* data :
       {R"({"manifest": "val.csv", "limit": 500, "seed": 7, "on_error": "stop"})",
        R"({"manifest": "val.csv", "camera": "standard", "truth": "defect_mask"})",
        R"({"idx": "a.gz", "labels": "b.gz"})"})
    EXPECT_THAT(errors(with_data(data)), IsEmpty()) << data;
}

TEST(PlanSchema, RefusesWhatThePlanRefuses) {
  for (const char* checks :
       {R"({})", R"({"hatmap": null})", R"({"calibration": {"bins": 1}})",
        R"({"calibration": {"bins": "many"}})", R"({"calibration": {"beans": 3}})",
        R"({"heatmap": {"method": "guess"}})", R"({"heatmap": {"blur_px": -1}})",
        R"({"mine": {"check": "nothing"}})", R"({"mine": {"bins": 3}})",
        R"({"mine": {"check": "heatmap", "bins": 3}})",
        R"({"calibration": {"require": {"ece": "about 0.05"}}})",
        R"({"calibration": {"require": {"ece": 0.05}}})",
        R"({"calibration": {"require": {"ece": {"at_most": 1, "at_least": 0}}}})",
        R"({"calibration": {"require": {"ece": {"at_most": 1, "confidence": 0.5}}}})",
        R"({"calibration": {"require": {"ece": {"confidence": 0.9}}}})",
        R"({"a/b": {"check": "heatmap"}})", R"({".hidden": {"check": "heatmap"}})"})
    EXPECT_THAT(errors(with_checks(checks)), Not(IsEmpty())) << checks;
  for (const char* input :
       {R"({"channel": "rgb"})", R"({"channels": "rgba"})", R"({"range": 2})", R"(3)",
        R"({"resize": {"size": 3}})", R"({"resize": 0})", R"({"crop": -1})"})
    EXPECT_THAT(errors(with_input(input)), Not(IsEmpty())) << input;
  for (const char* data :
       {R"({})", R"({"images": "a", "manifest": "b"})", R"({"idx": "a"})",
        R"({"images": "a", "limit": 0})", R"({"images": "a", "on_error": "pray"})"})
    EXPECT_THAT(errors(with_data(data)), Not(IsEmpty())) << data;
}

TEST(PlanSchema, StandsWithoutAnyCheck) {
  EXPECT_NO_THROW(SchemaCheck(Json::parse(plan_schema({})), Keys::kOpen)
                      .errors(Json::parse(with_checks("{}"))));
}

TEST(PlanSchema, SaysDefaultsAndUnits) {
  const Json schema = Json::parse(plan_schema(two_checks()));
  const Json& blur = schema["$defs"]["check-heatmap"]["properties"]["blur_px"];
  EXPECT_EQ(blur["default"], 0.5);
  EXPECT_EQ(blur["minimum"], 0);
  EXPECT_FALSE(blur.contains("maximum"));
  EXPECT_EQ(blur["description"], "strength [px]");
}

}  // namespace
}  // namespace assay::report
