#include "assay/audit/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "assay/audit/description.h"
#include "assay/audit/plan_text.h"
#include "assay/base/file.h"

namespace assay::audit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGood = R"(assay: 1
model: {file: m.onnx, labels: [cat, dog], input: imagenet, output: probabilities}
data: {images: val, limit: 500, seed: 7}
checks:
  accuracy: {require: {top1: ">= 0.90", recall/cat: {at_least: 0.8, confidence: 0.9}}}
  calibration: {bins: 10}
  colours: {check: heatmap, method: grad_cam}
  pictures:
)";

std::string refusal(const std::string& text) {
  try {
    parse_plan(text, "dir/audit.yaml");
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

// The good plan with one part replaced.
std::string with(const std::string& old_part, const std::string& new_part) {
  std::string text = kGood;
  const auto at = text.find(old_part);
  if (at == std::string::npos) throw BugError("no \"" + old_part + "\" in the sample");
  return refusal(text.replace(at, old_part.size(), new_part));
}

TEST(Plan, ReadsModelDataChecksAndRequirements) {
  const Plan plan = parse_plan(kGood, "dir/audit.yaml");
  EXPECT_EQ(plan.model, "dir/m.onnx");
  EXPECT_EQ(plan.data.images, "dir/val");
  EXPECT_EQ(plan.data.limit, 500);
  EXPECT_EQ(plan.seed, 7u);
  EXPECT_EQ(plan.input.resize, ResizeRule::kShorter);
  EXPECT_EQ(plan.output.kind, OutputKind::kProbabilities);
  ASSERT_GE(plan.checks.size(), 4u);
  EXPECT_EQ(plan.checks[0].requirements.size(), 2u);
  EXPECT_EQ(plan.checks[0].requirements[1].confidence, 0.9);
  EXPECT_EQ(plan.checks[0].requirements[1].where, "dir/audit.yaml:5");
  EXPECT_EQ(plan.checks[2].name, "colours");
  EXPECT_EQ(plan.checks[2].entry->info.name, "heatmap");
}

std::string with_factors(const std::string& check) {
  std::string text = kGood;
  return text + "  sensitivity: " + check + "\n";
}

TEST(Plan, ReadsMappingsBudgetsAndMeasuredDistributions) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("assay_plan_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  write_file((folder / "lamp.csv").string(), "day,kelvin\n1,5000\n2,5200\n3,5000\n4,\n");
  const Plan plan = parse_plan(with_factors("{factors: {rotation: \"uniform(-20, 20)\", "
                                            "temperature: \"empirical(lamp.csv, kelvin)\"}, "
                                            "budget: {calls_per_image: 500}}"),
                               (folder / "audit.yaml").string());
  std::filesystem::remove_all(folder);
  const auto& settings = plan.checks[4].settings;
  ASSERT_EQ(settings.size(), 2u);
  EXPECT_EQ(to_text(settings[0].second),
            "rotation=uniform(-20, 20); temperature=discrete(5000: 2, 5200)");
  EXPECT_EQ(settings[1].first, "calls_per_image");
  EXPECT_EQ(to_text(settings[1].second), "500");
  // The plan's text says the same.
  const Plan again = parse_plan(plan_text(plan), "audit.yaml");
  EXPECT_EQ(to_text(again.checks[4].settings[0].second), to_text(settings[0].second));
}

TEST(Plan, ShowsTheQuotedFormWhereYamlEndedATextAtItsComma) {
  EXPECT_THAT(
      refusal(with_factors("{factors: {rotation: uniform(-20, 20)}}")),
      HasSubstr("ends at its first comma; write it in quotes: rotation: \"uniform(-20, …)\""));
  EXPECT_THAT(refusal(with_factors("{budget: {calls_per_imge: 500}}")), HasSubstr("did you mean"));
  EXPECT_THAT(refusal(with_factors("{factors: {rotation: \"empirical(nowhere.csv, x)\"}}")),
              HasSubstr("nowhere.csv"));
}

TEST(Plan, AddsTheChecksThatAlwaysRunOnceEach) {
  const Plan plan = parse_plan(kGood, "audit.yaml");
  int pictures = 0, input = 0;
  for (const auto& check : plan.checks) {
    pictures += check.entry->info.name == "pictures";
    input += check.entry->info.name == "input";
  }
  EXPECT_EQ(pictures, 1);
  EXPECT_EQ(input, 1);
}

TEST(Plan, NamesFileLineAndNearestKeyOfAMistake) {
  EXPECT_EQ(with("limit: 500", "limt: 500"),
            "dir/audit.yaml:3: data: unknown key \"limt\"; did you mean \"limit\"?");
  EXPECT_THAT(with("accuracy:", "acuracy:"),
              HasSubstr("audit.yaml:5: there is no check \"acuracy\", did you mean \"accuracy\"?"));
  EXPECT_THAT(with("bins: 10", "bin: 10"),
              HasSubstr("audit.yaml:6: checks.calibration: unknown key \"bin\"; did you mean "
                        "\"bins\"?"));
  EXPECT_THAT(with("bins: 10", "bins: 1"),
              HasSubstr("audit.yaml:6: checks.calibration: bins: got 1, wanted 2 to"));
  EXPECT_THAT(with("bins: 10", "bins: many"), HasSubstr("got \"many\", wanted a whole number"));
  EXPECT_THAT(with("method: grad_cam", "method: grad"), HasSubstr("audit.yaml:7"));
  EXPECT_THAT(with("input: imagenet", "input: imagnet"),
              testing::AllOf(StartsWith("dir/audit.yaml:2"), HasSubstr("imagenet")));
  EXPECT_THAT(with("output: probabilities", "output: probs"), StartsWith("dir/audit.yaml:2"));
  EXPECT_THAT(with(">= 0.90", "=> 0.90"), StartsWith("dir/audit.yaml:5"));
  EXPECT_THAT(with("confidence: 0.9", "confidence: 0.4"), StartsWith("dir/audit.yaml:5"));
  EXPECT_THAT(with("at_least: 0.8", "at_most: 0.8, at_least: 0.7"), HasSubstr("either"));
  EXPECT_THAT(with("pictures:", "accuracy:"),
              HasSubstr("audit.yaml:8: checks.accuracy is given twice"));
  EXPECT_THAT(with("limit: 500", "limit: -1"), HasSubstr("data.limit"));
  EXPECT_THAT(with("images: val", "images: val, manifest: v.csv"), HasSubstr("exactly one"));
  EXPECT_THAT(with("images: val, ", ""), HasSubstr("exactly one"));
  EXPECT_THAT(with("file: m.onnx, ", ""), HasSubstr("the key \"file\" is missing"));
  EXPECT_THAT(with("assay: 1", "assay: 2"), HasSubstr("reads version 1"));
  EXPECT_THAT(with("pictures:", "../x: {check: pictures}"), HasSubstr("letters, digits"));
  EXPECT_THAT(with("pictures:", "input: {check: heatmap}"), HasSubstr("always runs"));
}

TEST(Plan, RefusesWhatIsNoPlanInOneLine) {
  EXPECT_THAT(refusal(""), HasSubstr("wanted a mapping"));
  EXPECT_THAT(refusal("- 1\n- 2\n"), HasSubstr("wanted a mapping"));
  EXPECT_THAT(refusal("a: [1, 2\nb: }"), HasSubstr("not valid YAML"));
  EXPECT_THAT(refusal("assay: 1\nmodel: {file: m}\ndata: {images: v}\nchecks: {}\n"),
              HasSubstr("none is listed"));
  EXPECT_THAT(refusal(std::string(5000, '[')), HasSubstr("dir/audit.yaml"));
}

TEST(Plan, ReadsEveryKeyOfAnInputDescription) {
  const Plan plan = parse_plan(R"(assay: 1
model:
  file: m.onnx
  input: {channels: bgr, range: 255, mean: [1, 2, 3], std: 4, resize: {rule: squash, size: [96, 80]}, layout: nhwc, upright: true}
  output: {value: y, kind: sigmoid}
data: {idx: a.gz, labels: b.gz}
checks: {accuracy: }
)",
                               "a.yaml");
  EXPECT_EQ(plan.input.channels, Channels::kBgr);
  EXPECT_EQ(plan.input.range, 255);
  EXPECT_EQ(plan.input.mean, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(plan.input.resize_height, 96);
  EXPECT_EQ(plan.input.resize_width, 80);
  EXPECT_EQ(plan.input.layout, Layout::kNhwc);
  EXPECT_TRUE(plan.input.upright);
  EXPECT_EQ(plan.output.value, "y");
  EXPECT_EQ(plan.output.kind, OutputKind::kSigmoid);
}

TEST(PlanText, ReadsBackAsTheSamePlan) {
  const Plan before = parse_plan(kGood, "audit.yaml");
  const Plan after = parse_plan(plan_text(before), "audit.yaml");
  EXPECT_EQ(after.model, before.model);
  EXPECT_EQ(after.labels, before.labels);
  EXPECT_EQ(describe(after.input), describe(before.input));
  EXPECT_EQ(describe(after.output), describe(before.output));
  EXPECT_EQ(after.data.limit, before.data.limit);
  EXPECT_EQ(after.seed, before.seed);
  ASSERT_EQ(after.checks.size(), before.checks.size());
  for (std::size_t i = 0; i < after.checks.size(); ++i) {
    EXPECT_EQ(after.checks[i].name, before.checks[i].name);
    EXPECT_EQ(after.checks[i].settings, before.checks[i].settings);
    ASSERT_EQ(after.checks[i].requirements.size(), before.checks[i].requirements.size());
    for (std::size_t k = 0; k < after.checks[i].requirements.size(); ++k)
      EXPECT_EQ(after.checks[i].requirements[k].bound, before.checks[i].requirements[k].bound);
  }
}

TEST(PlanText, QuotesWhatYamlWouldMisread) {
  EXPECT_EQ(yaml_scalar("cat"), "cat");
  for (const char* text : {"", "true", "1e3", "a: b", "- x", "it\"s", "ends ", "#no"})
    EXPECT_EQ(yaml_scalar(text).front(), '"') << text;
}

}  // namespace
}  // namespace assay::audit
