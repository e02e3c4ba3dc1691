#include "assay/report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "assay/report/figure_fixture_test.h"
#include "assay/report/outcome_fixture_test.h"

namespace assay::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Why `xml` is not well-formed, or empty. Knows the constructs that a report may use and refuses
// all others.
std::string ill_formed(std::string_view xml) {
  const std::string_view opening = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!xml.starts_with(opening)) return "no declaration";
  xml.remove_prefix(opening.size());
  std::vector<std::string> open;
  std::size_t roots = 0;
  const auto bad_text = [](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '<' || (c < 0x20 && c != '\n' && c != '\t')) return true;
      if (c != '&') continue;
      bool entity = false;
      for (const std::string_view e : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        entity = entity || text.substr(i).starts_with(e);
      if (!entity) return true;
    }
    return false;
  };
  while (!xml.empty()) {
    const auto tag = std::min(xml.find('<'), xml.size());
    if (bad_text(xml.substr(0, tag))) return "bad text: " + std::string(xml.substr(0, tag));
    xml.remove_prefix(tag);
    if (xml.empty()) break;
    const auto end = xml.find('>');
    if (end == xml.npos) return "unclosed tag";
    std::string_view inside = xml.substr(1, end - 1);
    xml.remove_prefix(end + 1);
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1)) return "crossed " + std::string(inside);
      open.pop_back();
      continue;
    }
    const bool alone = inside.ends_with('/');
    if (alone) inside.remove_suffix(1);
    const auto name = std::min(inside.find(' '), inside.size());
    if (open.empty() && ++roots > 1) return "second root";
    if (!alone) open.emplace_back(inside.substr(0, name));
    inside.remove_prefix(name);
    while (!inside.empty()) {
      const auto quote = inside.find("=\"");
      if (!inside.starts_with(' ') || quote == inside.npos)
        return "bad attribute " + std::string(inside);
      const auto close = inside.find('"', quote + 2);
      if (close == inside.npos) return "open attribute";
      if (bad_text(inside.substr(quote + 2, close - quote - 2))) return "bad attribute value";
      inside.remove_prefix(close + 1);
    }
  }
  return open.empty() ? "" : "unclosed " + open.back();
}

TEST(Junit, HasASuiteForEachCheckWithRequirementsAndACaseForEachRequirement) {
  const std::string xml = junit_xml(clothes_outcome());
  EXPECT_EQ(ill_formed(xml), "");
  EXPECT_EQ(count(xml, "<testsuite "), 2U);
  EXPECT_EQ(count(xml, "<testcase "), 5U);
  EXPECT_EQ(count(xml, "<failure "), 1U);
  EXPECT_EQ(count(xml, "<skipped "), 2U);
  EXPECT_THAT(
      xml,
      HasSubstr(
          "<testsuites name=\"assay\" tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"2\">"));
  EXPECT_THAT(
      xml,
      HasSubstr(
          "<testsuite name=\"accuracy\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">"));
  EXPECT_THAT(xml, HasSubstr("classname=\"assay.accuracy\" name=\"recall/Shirt &gt;= 0.85\""));
  EXPECT_THAT(xml, HasSubstr("message=\"even the upper bound 0.7951 is below 0.85\""));
  EXPECT_THAT(xml, HasSubstr("needed to decide: 14,200 (now 10,000)"));
  EXPECT_THAT(xml, Not(HasSubstr("heatmap")));
}

TEST(Junit, IsWellFormedWhateverTheNamesHold) {
  const std::string xml = junit_xml(hostile_outcome());
  EXPECT_EQ(ill_formed(xml), "");
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
}

TEST(Junit, IsEmptyWithoutRequirements) {
  const std::string xml = junit_xml(Outcome{});
  EXPECT_EQ(ill_formed(xml), "");
  EXPECT_EQ(count(xml, "<testsuite "), 0U);
}

TEST(Junit, TellsCasesApartThatDifferInConfidenceAlone) {
  Outcome outcome;
  CheckOutcome check;
  check.name = "accuracy";
  check.decisions = {decided("top1", Comparison::kAtLeast, 0.9, 0.95, Verdict::kPass),
                     decided("top1", Comparison::kAtLeast, 0.9, 0.99, Verdict::kInconclusive)};
  outcome.checks = {check};
  const std::string xml = junit_xml(outcome);
  EXPECT_THAT(xml, HasSubstr("name=\"top1 &gt;= 0.9 at 95\u00A0%\""));
  EXPECT_THAT(xml, HasSubstr("name=\"top1 &gt;= 0.9 at 99\u00A0%\""));
}

TEST(IllFormed, FindsBrokenXml) {
  const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  EXPECT_EQ(ill_formed(head + "<a b=\"c\"><d/></a>\n"), "");
  for (const char* bad :
       {"<a>", "<a></b>", "<a b=c/>", "<a>&x;</a>", "<a>\x01</a>", "<a b=\"<\"/>", "<a/><b/>"})
    EXPECT_NE(ill_formed(head + bad), "") << bad;
}

}  // namespace
}  // namespace assay::report
