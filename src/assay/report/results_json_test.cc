#include "assay/report/results_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "assay/report/figure_fixture_test.h"
#include "assay/report/json_schema_test.h"
#include "assay/report/json_text.h"
#include "assay/report/outcome_fixture_test.h"
#include "assay/report/schema.h"

namespace assay::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::ordered_json;

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::vector<std::string> violations(const std::string& results) {
  return SchemaCheck(Json::parse(results_schema()), Keys::kStrict).errors(Json::parse(results));
}

TEST(ResultsJson, KeepsEveryNumberThroughARoundTrip) {
  const Outcome outcome = clothes_outcome();
  const Json json = Json::parse(results_json(outcome));
  ASSERT_EQ(json["checks"].size(), outcome.checks.size());
  for (std::size_t c = 0; c < outcome.checks.size(); ++c) {
    const CheckOutcome& check = outcome.checks[c];
    const Json& written = json["checks"][c];
    EXPECT_EQ(written["name"], check.name);
    EXPECT_EQ(written["check"], check.check);
    ASSERT_EQ(written["findings"].size(), check.findings.size());
    for (std::size_t i = 0; i < check.findings.size(); ++i) {
      const Finding& f = check.findings[i];
      const Json& finding = written["findings"][i];
      EXPECT_EQ(finding["id"], f.id);
      EXPECT_EQ(finding["n"], f.n);
      if (f.status == FindingStatus::kOk) {
        EXPECT_EQ(finding["value"].get<double>(), f.value);
      }
      if (f.interval) {
        EXPECT_EQ(finding["interval"]["low"].get<double>(), f.interval->low);
        EXPECT_EQ(finding["interval"]["high"].get<double>(), f.interval->high);
        EXPECT_EQ(finding["interval"]["method"], f.interval->method);
      } else {
        EXPECT_TRUE(finding["interval"].is_null());
      }
    }
    ASSERT_EQ(written["requirements"].size(), check.decisions.size());
  }
  const Json& needed = json["checks"][0]["requirements"][1];
  EXPECT_EQ(needed["id"], "balanced_accuracy");
  EXPECT_EQ(needed["comparison"], "at_least");
  EXPECT_EQ(needed["verdict"], "inconclusive");
  EXPECT_EQ(needed["needed_n"], 14200);
  EXPECT_EQ(json["verdict"], "fail");
  EXPECT_EQ(json["clean_pass"]["cost"]["forwards"], 10000);
  EXPECT_EQ(json["checks"][2]["exhibits"][0]["file"], "exhibits/heatmap/error-0.png");
}

TEST(ResultsJson, FollowsItsSchemaAndWritesNothingThatTheSchemaDoesNotDescribe) {
  EXPECT_THAT(violations(results_json(clothes_outcome())), IsEmpty());
  EXPECT_THAT(violations(results_json(Outcome{})), IsEmpty());
  EXPECT_THAT(violations(results_json(hostile_outcome())), IsEmpty());
}

TEST(ResultsJson, SchemaRefusesWhatIsMissingOrWrong) {
  Json json = Json::parse(results_json(clothes_outcome()));
  json["checks"][0]["findings"][0].erase("n");
  json["checks"][0]["requirements"][0]["verdict"] = "maybe";
  json.erase("verdict");
  json["extra"] = 1;
  EXPECT_EQ(violations(json.dump()).size(), 4U);
}

TEST(ResultsJson, HasItsKeysInAFixedOrder) {
  const Json json = Json::parse(results_json(clothes_outcome()));
  EXPECT_THAT(keys_of(json), ElementsAre("schema", "tool", "seed", "model", "data", "checks",
                                         "clean_pass", "verdict"));
  EXPECT_THAT(keys_of(json["checks"][1]["findings"][0]),
              ElementsAre("id", "value", "unit", "interval", "n", "status", "note"));
  EXPECT_THAT(keys_of(json["checks"][1]["requirements"][0]),
              ElementsAre("id", "comparison", "bound", "confidence", "verdict", "value", "proven",
                          "needed_n", "reason"));
}

TEST(ResultsJson, IsTheSameBytesForTheSameOutcomeWhateverTheRun) {
  const Outcome outcome = clothes_outcome();
  EXPECT_EQ(results_json(outcome), results_json(clothes_outcome()));
  RunInfo slow, fast;
  slow.seconds = 100;
  slow.threads = 1;
  fast.seconds = 1.5;
  fast.threads = 64;
  EXPECT_NE(run_json(outcome, slow), run_json(outcome, fast));
}

TEST(ResultsJson, WritesNumbersThatAreNotFiniteAsNullWithAStatus) {
  Outcome outcome;
  CheckOutcome check;
  Finding nan, undefined, infinite;
  nan.id = "nan";
  nan.value = kNotANumber;
  undefined.id = "undefined";
  undefined.value = 0.5;
  undefined.status = FindingStatus::kUndefined;
  infinite.id = "half-open";
  infinite.value = 2;
  infinite.interval = Interval{1, kInfinite, 0.95, "t"};
  check.findings = {nan, undefined, infinite};
  check.config = {{"limit", kInfinite}};
  outcome.checks = {check};
  const Json json = Json::parse(results_json(outcome));
  const Json& findings = json["checks"][0]["findings"];
  EXPECT_TRUE(findings[0]["value"].is_null());
  EXPECT_EQ(findings[0]["status"], "nonfinite");
  EXPECT_TRUE(findings[1]["value"].is_null());
  EXPECT_EQ(findings[1]["status"], "undefined");
  EXPECT_EQ(findings[2]["interval"]["low"], 1);
  EXPECT_TRUE(findings[2]["interval"]["high"].is_null());
  EXPECT_EQ(findings[2]["status"], "ok");
  EXPECT_TRUE(json["checks"][0]["config"]["limit"].is_null());
  EXPECT_THAT(violations(json.dump()), IsEmpty());
}

TEST(ResultsJson, ReplacesBrokenUtf8InNames) {
  Outcome outcome;
  outcome.model.labels = {"gr\xfcn", "caf\u00e9"};
  const Json json = Json::parse(results_json(outcome));
  EXPECT_EQ(json["model"]["labels"][0], "gr\uFFFDn");
  EXPECT_EQ(json["model"]["labels"][1], "caf\u00e9");
}

TEST(ResultsJson, KeepsA64BitSeed) {
  Outcome outcome;
  outcome.seed = ~std::uint64_t{0};
  EXPECT_THAT(results_json(outcome), HasSubstr("\"seed\": 18446744073709551615"));
}

TEST(ResultsJson, SaysNoneWhereNothingIsRequired) {
  Outcome outcome;
  outcome.verdict = Verdict::kPass;
  EXPECT_THAT(results_json(outcome), HasSubstr("\"verdict\": \"none\""));
}

TEST(RunJson, HoldsWhatVariesBetweenRuns) {
  RunInfo run;
  run.started = "2030-01-02T03:04:05Z";
  run.seconds = 12.5;
  run.threads = 2;
  run.batch = 32;
  run.forwards_run = 640;
  run.check_seconds = {{"clean pass", 10.25}, {"accuracy", 0.125}};
  const Json json = Json::parse(run_json(clothes_outcome(), run));
  EXPECT_EQ(json["schema"], "assay.run/1");
  EXPECT_EQ(json["started"], run.started);
  EXPECT_EQ(json["seconds"], 12.5);
  EXPECT_EQ(json["forwards_run"], 640);
  EXPECT_EQ(json["check_seconds"]["clean pass"], 10.25);
}

TEST(JsonText, WritesTheFewestDigitsThatReadBackTheSame) {
  EXPECT_EQ(json_text(Json::array({0.1, 1.0, 1e21, 5e-324, -0.25})),
            "[0.1, 1, 1e+21, 5e-324, -0.25]\n");
}

TEST(JsonText, IslandCannotEndItsElement) {
  const std::string island = json_island(Json{{"a", hostile_text()}});
  EXPECT_THAT(island, Not(HasSubstr("<")));
  EXPECT_THAT(island, Not(HasSubstr(">")));
  EXPECT_THAT(island, Not(HasSubstr("&")));
  EXPECT_THAT(island, Not(HasSubstr("\u2028")));
  EXPECT_THAT(Json::parse(island)["a"].get<std::string>(), HasSubstr("</script></style>"));
  EXPECT_THAT(Json::parse(island)["a"].get<std::string>(), HasSubstr("\u2028"));
}

}  // namespace
}  // namespace assay::report
