// The report in a real browser: figures become drawings, nothing fails, nothing is injected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "assay/base/file.h"
#include "assay/report/figure_fixture_test.h"
#include "assay/report/html.h"

namespace assay::report {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBrowser = "/usr/bin/chromium";

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kBrowser))
      GTEST_SKIP() << kBrowser << " is missing: the report was NOT tried in a browser";
    folder_ = fs::path(::testing::TempDir()) /
              (std::string("assay-browser-") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    std::error_code ignored;  // the browser may still be writing its profile
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  // The page as it stands after its scripts ran, without the scripts' own text; console messages go
  // to `log_`. `then` is a script of the reader's own hand, run last.
  std::string page_of(const Outcome& outcome, const std::string& then = "") {
    const fs::path report = folder_ / "report.html", log = folder_ / "log.txt";
    std::string html = report_html(outcome, folder_.string());
    if (!then.empty()) html.insert(html.rfind("</body>"), "<script>" + then + "</script>\n");
    write_file(report.string(), html);
    const std::string command =
        std::string("timeout 240 ") + kBrowser +
        " --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking"
        " --disable-component-update --disable-sync --enable-logging=stderr --user-data-dir='" +
        (folder_ / "profile").string() + "' --dump-dom 'file://" + report.string() + "' 2>'" +
        log.string() + "'";
    std::string page;
    FILE* pipe = popen(command.c_str(), "r");
    if (!pipe) return page;
    std::array<char, 65536> buffer;
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
      page.append(buffer.data(), n);
    EXPECT_EQ(pclose(pipe), 0);
    log_ = read_file(log.string());
    return page.substr(0, page.find("<script>"));
  }

  fs::path folder_;
  std::string log_;
};

TEST_F(Browser, DrawsEveryFigureWithoutAnError) {
  Outcome outcome = clothes_outcome();
  outcome.checks.push_back(outcome_with(odd_figures()).checks[0]);
  std::size_t figures = 0;
  for (const auto& check : outcome.checks) figures += check.section.figures.size();
  const std::string page = page_of(outcome);
  EXPECT_EQ(count(page, "<figure class=\"chart"), figures);
  EXPECT_EQ(count(page, "data-drawn=\"svg\""), figures);
  EXPECT_EQ(count(page, "<div class=\"plot\">"), figures);
  EXPECT_EQ(count(page, "Show numbers"), figures);
  EXPECT_THAT(page, Not(HasSubstr("data-error")));
  EXPECT_THAT(page, Not(HasSubstr("NaN")));  // a coordinate that is no number
  EXPECT_THAT(log_, Not(HasSubstr("CONSOLE")));
  // The confusion matrix as cells, the reliability diagram's points outside the band as diamonds.
  EXPECT_THAT(page, HasSubstr("Shirt taken for T-shirt/top: 86"));
  EXPECT_THAT(page, HasSubstr("beyond what chance explains"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\" class=\"number sort\">"));
}

TEST_F(Browser, LeavesTheTableWhereThereIsNothingToDraw) {
  const std::string page = page_of(outcome_with(empty_figures()));
  EXPECT_EQ(count(page, "data-drawn=\"nothing\""), empty_figures().size());
  EXPECT_THAT(page, Not(HasSubstr("data-error")));
  EXPECT_THAT(log_, Not(HasSubstr("CONSOLE")));
}

TEST_F(Browser, SortsAGalleryByTheNumberThatIsClicked) {
  CheckOutcome check;
  check.name = check.check = "x";
  ExhibitGroup group{"Three", {}};
  for (const auto& [id, value] : {std::pair{"one", 1.0}, {"minus", -2.0}, {"three", 3.0}}) {
    Exhibit e{id, 0, id, {}};
    e.sort_keys = {{"effect", value}};
    group.exhibits.push_back(e);
  }
  check.section.exhibits = {group};
  Outcome outcome;
  outcome.checks.push_back(check);
  const std::string click = "document.querySelector('.sorters button').click();";
  const auto order = [&](const std::string& then) {
    const std::string page = page_of(outcome, then);
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const char* id : {"one", "minus", "three"})
      found.emplace_back(page.find("<figcaption>" + std::string(id)), id);
    std::sort(found.begin(), found.end());
    return found[0].second + " " + found[1].second + " " + found[2].second;
  };
  EXPECT_EQ(order(""), "one minus three");
  EXPECT_EQ(order(click), "three one minus");
  EXPECT_EQ(order(click + click), "minus one three");
}

TEST_F(Browser, ObeysNoTextOfTheAudit) {
  const std::string page = page_of(hostile_outcome());
  EXPECT_THAT(page, HasSubstr("data-drawn=\"svg\""));
  EXPECT_THAT(page, Not(HasSubstr("data-owned")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("data-error")));
  EXPECT_THAT(log_, Not(HasSubstr("CONSOLE")));
}

}  // namespace
}  // namespace assay::report
