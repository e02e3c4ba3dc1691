// The contract of `assay run` and `assay judge`, on the program itself.

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "assay/base/seed.h"
#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kThreeChecks = "  accuracy:\n  calibration:\n  heatmap: {exhibits: 1}\n";

class RunTest : public ProgramTest {
 protected:
  Ran run(const std::string& out, std::vector<std::string> more = {},
          std::chrono::milliseconds kill_after = std::chrono::milliseconds(0)) const {
    std::vector<std::string> arguments{"run", path("audit.yaml"), "-o", path(out), "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return assay(arguments, kill_after);
  }
  json results(const std::string& out) const { return json::parse(read(out + "/results.json")); }
  json log(const std::string& out) const { return json::parse(read(out + "/run.json")); }
  // How many records there are, of one kind ("clean", or a check's name) or of all.
  std::int64_t stored(const std::string& out, const std::string& kind = "%") const {
    sqlite3* db = nullptr;
    sqlite3_stmt* count = nullptr;
    std::int64_t n = 0;
    if (sqlite3_open_v2(path(out + "/records.sqlite").c_str(), &db, SQLITE_OPEN_READWRITE,
                        nullptr) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM record WHERE \"check\" LIKE ?1", -1, &count,
                           nullptr) == SQLITE_OK &&
        sqlite3_bind_text(count, 1, kind.c_str(), -1, SQLITE_TRANSIENT) == SQLITE_OK &&
        sqlite3_step(count) == SQLITE_ROW)
      n = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return n;
  }
};

TEST_F(RunTest, GivesTheSameResultsForAnyBatchAndNumberOfThreads) {
  write_idx(45);
  write_plan(kThreeChecks);
  ASSERT_EQ(run("reference", {"--threads", "1"}).err, "");
  const std::string reference = read("reference/results.json");
  ASSERT_FALSE(reference.empty());
  for (const char* threads : {"1", "2"})
    for (const char* batch : {"1", "7", "32"}) {
      const std::string out = std::string("t") + threads + "b" + batch;
      ASSERT_EQ(run(out, {"--threads", threads, "--batch", batch}).code, 0);
      EXPECT_EQ(read(out + "/results.json"), reference) << out;
      EXPECT_EQ(read(out + "/exhibits/heatmap/maps.npy"),
                read("reference/exhibits/heatmap/maps.npy"))
          << out;
    }
}

TEST_F(RunTest, LosesNothingAndRepeatsNothingWhenKilledAtRandomMoments) {
  write_idx(400);
  write_plan(kThreeChecks);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run("undisturbed", {"--batch", "8"}).code, 0);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  const std::string undisturbed = read("undisturbed/results.json");
  const std::int64_t all = stored("undisturbed");
  ASSERT_EQ(all, log("undisturbed")["records_measured"]);

  Stream stream(20, "moments");
  std::int64_t before = 0;
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    if (before == all) {  // finished already: begin anew
      std::filesystem::remove_all(path("killed"));
      before = 0;
    }
    const auto moment = std::chrono::milliseconds(
        1 + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(took.count()))));
    killed += run("killed", {"--batch", "8"}, moment).code == 128 + 9;
    const std::int64_t now = stored("killed");
    EXPECT_GE(now, before) << "a committed record is gone";
    before = now;
  }
  EXPECT_GT(killed, 0);
  ASSERT_EQ(run("killed", {"--batch", "8"}).code, 0);
  EXPECT_EQ(log("killed")["records_measured"], all - before) << "a committed unit ran again";
  EXPECT_EQ(read("killed/results.json"), undisturbed);
}

TEST_F(RunTest, RunsNoModelWhenOnlySummarisingParametersOrRequirementsChange) {
  write_idx(40);
  write_plan(kThreeChecks);
  ASSERT_EQ(run("out").code, 0);
  write_plan(
      "  accuracy: {require: {top1: \"<= 1\"}}\n  calibration: {bins: 7}\n"
      "  heatmap: {exhibits: 2}\n");
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(log("out")["forwards_run"], 0);
  EXPECT_EQ(log("out")["records_measured"], 0);
  EXPECT_EQ(results("out")["verdict"], "pass");

  const Ran judged = assay({"judge", path("out"), "--quiet"});
  EXPECT_EQ(judged.code, 0) << judged.err;
  EXPECT_EQ(results("out")["checks"][1]["config"]["bins"], 7);
}

TEST_F(RunTest, MeasuresOnlyTheCheckWhoseMeasuringParameterChanged) {
  write_idx(40);
  write_plan(kThreeChecks);
  ASSERT_EQ(run("out").code, 0);
  write_plan("  accuracy:\n  calibration:\n  heatmap: {exhibits: 1, method: grad_cam}\n");
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(log("out")["records_measured"], 40);  // the forty maps
  const Ran judged = assay({"judge", path("out"), path("audit.yaml")});
  EXPECT_EQ(judged.code, 0) << judged.err;
}

TEST_F(RunTest, MeasuresAgainWhereAMaskChangedButNotTheCleanPass) {
  std::string manifest = "path,label,mask\n";
  for (int i = 0; i < 16; ++i) {
    const std::string name = "p" + std::to_string(i) + ".bmp";
    write(name, bmp(i));
    manifest +=
        name + "," + std::to_string(i % 2) + "," + (i < 8 ? "box:6 6 22 22" : "m.bmp") + "\n";
  }
  write("val.csv", manifest);
  write("m.bmp", bmp(99));
  write("audit.yaml",
        "assay: 1\nmodel: {file: " + fashion_model() +
            ", input: {channels: gray}}\ndata: {manifest: val.csv}\n"
            "checks:\n  focus: {occlusion_pictures: 0, simulations: 0}\n  accuracy:\n");
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(stored("out", "clean"), 16);
  EXPECT_EQ(stored("out", "focus"), 32);  // each is seen, and each has its pixels replaced
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(log("out")["records_measured"], 0);

  const std::string before = read("out/results.json");
  write("m.bmp", bmp(98));
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(stored("out", "clean"), 16);
  // The eight that have the mask are seen again; replaced again also others, whose donors have it.
  EXPECT_GE(stored("out", "focus"), 32 + 16);
  EXPECT_LT(stored("out", "focus"), 32 + 32);
  EXPECT_NE(read("out/results.json"), before);

  write("m.bmp", bmp(99));
  ASSERT_EQ(run("out").code, 0);
  EXPECT_EQ(log("out")["records_measured"], 0) << "what was measured once is kept";
  EXPECT_EQ(read("out/results.json"), before);
}

TEST_F(RunTest, JudgesToTheSameBytesAsTheRun) {
  write_idx(40);
  write_plan("  accuracy: {require: {top1: \">= 0.05\"}}\n  heatmap: {exhibits: 1}\n");
  run("out");
  const std::string before = read("out/results.json");
  ASSERT_FALSE(before.empty());
  assay({"judge", path("out"), "--quiet"});
  EXPECT_EQ(read("out/results.json"), before);
}

TEST_F(RunTest, TakesTheSeedOfTheCommandLineBeforeThePlans) {
  write_idx(40);
  write_plan(kThreeChecks, "{idx: images-idx3-ubyte, labels: labels-idx1-ubyte, limit: 20}");
  ASSERT_EQ(run("plan").code, 0);
  ASSERT_EQ(run("other", {"--seed", "5"}).code, 0);
  EXPECT_EQ(results("plan")["seed"], 0);
  EXPECT_EQ(results("other")["seed"], 5);
  EXPECT_NE(results("other")["data"]["digest"], results("plan")["data"]["digest"]);
  const std::string before = read("other/results.json");
  ASSERT_EQ(assay({"judge", path("other"), "--quiet"}).err, "");
  EXPECT_EQ(read("other/results.json"), before);
  ASSERT_EQ(assay({"judge", path("other"), path("audit.yaml"), "--seed", "5", "--quiet"}).err, "");
}

TEST_F(RunTest, JudgesWhatASingleCheckMeasured) {
  write_folders(2);
  write("input.yaml", "channels: gray\nmean: 0.2860\nstd: 0.3530\n");
  ASSERT_EQ(assay({"calibration", fashion_model(), path("val"), "--input", path("input.yaml"),
                   "--bins", "7", "-o", path("out"), "--quiet"})
                .err,
            "");
  const std::string before = read("out/results.json");
  EXPECT_THAT(before, HasSubstr("\"bins\": 7"));
  ASSERT_EQ(assay({"judge", path("out"), "--quiet"}).err, "");
  EXPECT_EQ(read("out/results.json"), before);
}

TEST_F(RunTest, PrintsACompletionThatBashTakesAndAManual) {
  const Ran completion = assay({"completion"});
  ASSERT_EQ(completion.code, 0);
  const std::string script =
      write("assay.bash", completion.out +
                              "COMP_WORDS=(assay ru) COMP_CWORD=1; _assay; echo ${COMPREPLY[*]}\n"
                              "COMP_WORDS=(assay run --dry) COMP_CWORD=2; _assay; echo "
                              "${COMPREPLY[*]}\n");
  ASSERT_EQ(std::system(("bash " + script + " > " + path("said")).c_str()), 0);
  EXPECT_EQ(read("said"), "run\n--dry-run\n");
  const Ran manual = assay({"manual"});
  ASSERT_EQ(manual.code, 0);
  EXPECT_THAT(manual.out, HasSubstr(".SS assay calibration"));
  EXPECT_THAT(manual.out, HasSubstr("\\-\\-bins"));
  EXPECT_THAT(manual.out, HasSubstr(".SH EXIT STATUS"));
}

TEST_F(RunTest, JudgingRefusesWhatNeedsTheModel) {
  write_idx(20);
  write_plan(kThreeChecks);
  ASSERT_EQ(run("out").code, 0);
  write_plan("  heatmap: {method: grad_cam}\n");
  const Ran changed = assay({"judge", path("out"), path("audit.yaml")});
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.err, HasSubstr("was not measured with these parameters"));
  write_plan(kThreeChecks, "{idx: images-idx3-ubyte, labels: labels-idx1-ubyte, limit: 10}");
  const Ran other = assay({"judge", path("out"), path("audit.yaml")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("another model, data set or description"));
}

TEST_F(RunTest, SaysTheVerdictByItsExitCode) {
  write_idx(20);
  const auto code = [&](const std::string& require) {
    write_plan("  accuracy: {require: {top1: \"" + require + "\"}}\n");
    return run("out").code;
  };
  EXPECT_EQ(code(">= 0"), 0);
  EXPECT_EQ(code(">= 1.01"), 1);
  write_plan("  accuracy:\n");
  ASSERT_EQ(run("out").code, 0);
  double top1 = 0;
  const json first = results("out");
  for (const auto& f : first["checks"][0]["findings"])
    if (f["id"] == "top1") top1 = f["value"];
  EXPECT_EQ(code(">= " + std::to_string(top1)), 3);
  EXPECT_EQ(results("out")["verdict"], "inconclusive");
  EXPECT_THAT(read("out/junit.xml"), HasSubstr("<skipped"));
}

TEST_F(RunTest, CountsAndNamesPicturesThatCannotBeReadAndGoesOn) {
  write_folders(2);
  write("val/3/broken.bmp", bmp(1).substr(0, 500));
  write("val/4/empty.png", "");
  write_plan(kThreeChecks, "{images: val}");
  const Ran ran = run("out");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string text = read("out/results.json");
  EXPECT_THAT(text, HasSubstr("broken.bmp"));
  const json all = results("out");
  for (const auto& check : all["checks"]) {
    if (check["check"] != "pictures") continue;
    EXPECT_EQ(check["findings"][0]["id"], "unreadable");
    EXPECT_EQ(check["findings"][0]["value"], 2);
  }
  EXPECT_EQ(results("out")["data"]["unreadable"], 2);

  write_plan(kThreeChecks, "{images: val, on_error: stop}");
  const Ran stopped = run("out");
  EXPECT_EQ(stopped.code, 2);
  EXPECT_THAT(stopped.err, testing::AnyOf(HasSubstr("broken.bmp"), HasSubstr("empty.png")));
  EXPECT_EQ(read("out/results.json"), text) << "earlier results were touched";
}

TEST_F(RunTest, EstimatesTheCostWithoutWritingAnything) {
  write_idx(40);
  write_plan(kThreeChecks);
  const Ran ran = assay({"run", path("audit.yaml"), "--dry-run"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("clean pass"));
  EXPECT_THAT(ran.out, HasSubstr("heatmap"));
}

}  // namespace
}  // namespace assay::cli
