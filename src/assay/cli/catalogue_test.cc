// What holds for every row of the catalogue, whatever it asks: one suite, so that a new check is
// held to it by being listed.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "assay/audit/audit.h"
#include "assay/base/file.h"
#include "assay/checks/catalogue.h"
#include "assay/cli/program_test.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"
#include "assay/report/results_json.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class CatalogueTest : public ProgramTest, public testing::WithParamInterface<std::string> {
 protected:
  const checks::Entry& entry() const { return checks::entry_named(GetParam(), "test"); }

  bool segments() const { return GetParam() == "segmentation"; }

  // A network of `classes` classes on pictures of 28×28: convolution, ReLU, pooling, linear.
  void write_network(int classes) const {
    network::Graph graph("test");
    graph.add_input("picture", "float32", true, {network::kFree, 1, 28, 28});
    graph.add_constant("w", at::linspace(-1, 1, 4 * 25).mul(29).sin().reshape({4, 1, 5, 5}));
    graph.add_constant("v", at::linspace(-1, 1, 4 * classes).mul(31).cos().reshape({classes, 4}));
    const auto node = [](const char* op) {
      network::Node n;
      n.op = op;
      n.opset = 13;
      return n;
    };
    graph.add_node(node("Conv"), {"picture", "w"}, {"c"});
    graph.add_node(node("Relu"), {"c"}, {"r"});
    if (segments()) {  // of every pixel
      graph.add_constant("k", at::linspace(-1, 1, 4 * classes).cos().reshape({classes, 4, 1, 1}));
      graph.add_node(node("Conv"), {"r", "k"}, {"logits"});
      graph.add_output("logits");
      graph.finish();
      network::write_onnx(graph, path("model.onnx"));
      return;
    }
    graph.add_node(node("GlobalAveragePool"), {"r"}, {"p"});
    graph.add_node(node("Flatten"), {"p"}, {"f"});
    network::Node gemm = node("Gemm");
    gemm.attributes["transB"] = std::int64_t{1};
    graph.add_node(std::move(gemm), {"f", "v"}, {"logits"});
    graph.add_output("logits");
    graph.finish();
    network::write_onnx(graph, path("model.onnx"));
  }

  void write_pictures(int count, int classes) const {
    std::string manifest = segments() ? "path,mask,truth\n" : "path,label,mask\n";
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i) + ".bmp";
      write(name, bmp(i));
      manifest += segments() ? name + ",box:6 6 22 22," + name + "\n"
                             : name + "," + std::to_string(i % classes) + ",box:6 6 22 22\n";
    }
    write("val.csv", manifest);
  }

  // Of checks that search, a short search.
  std::string short_settings() const {
    if (GetParam() == "drift-forensics")
      return "steps: 2, starts: 1, search_images: 3, grid: 1, apart: none, budgets: \"0.05\"";
    if (GetParam() == "robustness")
      return "attacks: fgsm, eps: \"0.02\", images: 6, nearest: fab(steps=3)";
    if (GetParam() == "drift-synthesis") return "corruptions: brightness";
    return "";
  }

  audit::Plan plan() const { return plan(short_settings()); }
  audit::Plan plan(const std::string& settings) const {
    const std::string kind = segments() ? ", output: segmentation" : "",
                      truth = segments() ? ", truth: truth" : "";
    return audit::parse_plan("assay: 1\nmodel: {file: model.onnx, input: {channels: gray}" + kind +
                                 "}\ndata: {manifest: val.csv, seed: 3" + truth + "}\nchecks:\n  " +
                                 GetParam() + ": {" + settings + "}\n",
                             path("audit.yaml"));
  }

  audit::Audited run(const audit::Plan& plan, const std::string& out,
                     audit::MeasureOptions options = {}) const {
    return audit::run(plan, path(out), options);
  }

  const CheckOutcome& own(const Outcome& outcome) const {
    for (const auto& check : outcome.checks)
      if (check.check == GetParam()) return check;
    throw BugError("the check did not run");
  }
};

TEST_P(CatalogueTest, GivesTheSameJsonForTheSameSeedWhateverTheBatchAndThreads) {
  write_network(3);
  write_pictures(21, 3);
  audit::MeasureOptions options;
  options.threads = 1;
  options.batch = 1;
  const std::string once = report::results_json(run(plan(), "one", options).outcome);
  options.threads = 2;
  options.batch = 7;
  EXPECT_EQ(report::results_json(run(plan(), "two", options).outcome), once);
}

TEST_P(CatalogueTest, WritesJsonThatReadsBackAndIsJudgedToTheSame) {
  write_network(3);
  write_pictures(12, 3);
  const std::string text = report::results_json(run(plan(), "out").outcome);
  const auto json = nlohmann::ordered_json::parse(text);
  EXPECT_EQ(nlohmann::ordered_json::parse(json.dump()), json);
  EXPECT_EQ(report::results_json(audit::judge(path("out"), "").outcome), text);
}

TEST_P(CatalogueTest, TakesOneImageAndTwoClasses) {
  write_network(2);
  write_pictures(1, 2);
  const Outcome outcome = run(plan(), "out").outcome;
  const CheckOutcome& check = own(outcome);
  EXPECT_FALSE(check.section.answer.empty());
  ASSERT_FALSE(check.findings.empty());
  for (const Finding& f : check.findings) {
    SCOPED_TRACE(f.id);
    if (f.status == FindingStatus::kUndefined) {
      EXPECT_FALSE(f.note.empty());
      continue;
    }
    EXPECT_TRUE(std::isfinite(f.value));
    if (!f.interval) continue;
    EXPECT_LE(f.interval->low, f.interval->high);
    EXPECT_FALSE(f.interval->method.empty());
  }
}

TEST_P(CatalogueTest, RefusesEveryIllegalValueByName) {
  write_network(2);
  write_pictures(1, 2);
  const auto refused = [&](const std::string& name, const std::string& value) {
    try {
      plan(name + ": " + value);
      ADD_FAILURE() << name << ": " << value << " was taken";
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), HasSubstr(name));
      EXPECT_THAT(e.what(), testing::Not(HasSubstr("\n")));
    }
  };
  refused("no_such_key", "1");
  for (const FieldInfo& field : entry().fields()) {
    SCOPED_TRACE(field.name);
    EXPECT_FALSE(field.help.empty());
    EXPECT_NO_THROW(checked(field, field.initial, "")) << "its own default is illegal";
    refused(field.name, field.list ? "[[1], 2]" : "[1, 2]");
    if (!field.choices.empty()) refused(field.name, "no-such-word");
    if (std::holds_alternative<bool>(field.initial)) refused(field.name, "7");
    const bool whole = std::holds_alternative<std::int64_t>(field.initial);
    if (!whole && !std::holds_alternative<double>(field.initial)) continue;
    refused(field.name, "word");
    refused(field.name, ".nan");
    if (whole) refused(field.name, "1.5");
    const auto text = [&](double v) {
      return whole ? std::to_string(static_cast<std::int64_t>(v)) : std::to_string(v);
    };
    if (std::isfinite(field.range.low)) refused(field.name, text(field.range.low - 1));
    if (std::isfinite(field.range.high)) refused(field.name, text(field.range.high + 1));
  }
}

TEST_P(CatalogueTest, CostsNoMoreThanItDeclares) {
  write_network(2);
  write_pictures(16, 2);  // whole micro-batches: no padding to be counted
  const audit::Audited done = run(plan(), "out");
  std::int64_t declared = done.outcome.clean.forwards;
  for (const auto& check : done.outcome.checks) declared += check.cost.forwards;
  EXPECT_GE(done.run.forwards_run, done.outcome.clean.forwards);
  EXPECT_LE(done.run.forwards_run, declared);
}

TEST_P(CatalogueTest, HasAQuestionAPageAndASourceThatIsListed) {
  EXPECT_TRUE(entry().info.question.ends_with("?"));
  EXPECT_TRUE(std::string(entry().page).starts_with("# "));
  const std::string references = read_file(ASSAY_SOURCE_DIR "/docs/references.bib");
  EXPECT_THAT(references, HasSubstr("{" + std::string(entry().info.source) + ","));
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& entry : checks::catalogue()) all.emplace_back(entry.info.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, CatalogueTest, testing::ValuesIn(names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The other keys that the source cites.
TEST(References, ListEveryKeyThatTheSourceCites) {
  const std::string references = read_file(ASSAY_SOURCE_DIR "/docs/references.bib");
  const std::filesystem::path source = ASSAY_SOURCE_DIR "/src/assay";
  const std::string letters = "abcdefghijklmnopqrstuvwxyz";
  for (const auto& file : std::filesystem::recursive_directory_iterator(source)) {
    const auto kind = file.path().extension();
    if ((kind != ".h" && kind != ".md") || file.path().stem().string().ends_with("_test")) continue;
    const std::string text = read_file(file.path());
    // A key reads like guo2017calibration.
    for (std::size_t at = 0; (at = text.find_first_of("0123456789", at)) != std::string::npos;) {
      const std::size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
      const std::size_t first = text.find_last_not_of(letters, at - 1) + 1;
      const std::size_t last = std::min(text.find_first_not_of(letters, end), text.size());
      const bool year = end - at == 4 && (text[at] == '1' || text[at] == '2');
      if (at > 0 && year && at - first >= 3 && last - end >= 3) {
        const std::string key = text.substr(first, last - first);
        EXPECT_NE(references.find("{" + key + ","), std::string::npos)
            << file.path().filename() << " cites " << key;
      }
      at = end;
    }
  }
}

}  // namespace
}  // namespace assay::cli
