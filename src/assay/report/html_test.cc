#include "assay/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "assay/report/exhibit_html.h"
#include "assay/report/figure_fixture_test.h"

namespace assay::report {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// The smallest picture that is one: signature, header, one grey pixel.
const std::string kPng(
    "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\0\0\0\0:~\x9BU\0\0\0\nIDATx\x9C"
    "c`\0\0\0\2\0\1H\xAF\xA4q\0\0\0\0IEND\xAE"
    "B`\x82",
    67);

class ReportHtml : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              (std::string("assay-html-") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& bytes) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  std::string html(const Outcome& outcome) { return report_html(outcome, folder_.string()); }

  fs::path folder_;
};

std::size_t place(const std::string& text, const std::string& part) {
  const auto at = text.find(part);
  EXPECT_NE(at, text.npos) << part;
  return at;
}

TEST_F(ReportHtml, TellsTheStoryInOrder) {
  const std::string page = html(clothes_outcome());
  const std::size_t places[] = {
      place(page, "<h1>fashion.onnx</h1>"),        place(page, "<section id=\"verdict\""),
      place(page, "<section id=\"requirements\""), place(page, "<section id=\"warnings\""),
      place(page, "id=\"check-accuracy\""),        place(page, "id=\"check-calibration\""),
      place(page, "<section id=\"repeat\"")};
  EXPECT_TRUE(std::is_sorted(std::begin(places), std::end(places)));
  // In a check: question, answer, numbers, figures, pictures, page.
  const std::string check = page.substr(place(page, "id=\"check-accuracy\""));
  const std::size_t parts[] = {
      place(check, "class=\"question\""),      place(check, "class=\"answer\""),
      place(check, "class=\"findings\""),      place(check, "<figure class=\"chart"),
      place(check, "<figure class=\"picture"), place(check, "How this is measured")};
  EXPECT_TRUE(std::is_sorted(std::begin(parts), std::end(parts)));
}

TEST_F(ReportHtml, ShowsWhatBlocksTheReleaseFirst) {
  const std::string page = html(clothes_outcome());
  const std::string table = page.substr(place(page, "<table class=\"requirements\">"));
  EXPECT_LT(place(table, "<tr class=\"fail\">"), place(table, "<tr class=\"inconclusive\">"));
  EXPECT_LT(place(table, "<tr class=\"inconclusive\">"), place(table, "<tr class=\"pass\">"));
  EXPECT_THAT(table, HasSubstr("Needed to decide: <b>14,200 (now 10,000)</b>"));
  EXPECT_THAT(table, HasSubstr("0.747\u2009\u2013\u20090.799"));
}

TEST_F(ReportHtml, LoadsNothingFromAnywhere) {
  put("exhibits/accuracy/confusion-0.png", kPng);
  const std::string page = html(clothes_outcome());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(count(page, "<link "), 1U);  // the empty icon
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
  EXPECT_THAT(page, Not(HasSubstr("<iframe")));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));
  const std::string body = page.substr(0, place(page, "<script>"));  // before the scripts' own text
  EXPECT_EQ(count(body, " src="), count(body, " src=\"data:image/png;base64,"));
  for (const char* attribute :
       {" srcset=", " data=", " action=", " poster=", " ping=", " background="})
    EXPECT_THAT(body, Not(HasSubstr(attribute)));
}

TEST_F(ReportHtml, CarriesPicturesAndSaysWhichAreMissing) {
  put("exhibits/accuracy/confusion-0.png", kPng);
  put("exhibits/accuracy/confusion-1.png", "not a picture");
  put("exhibits/accuracy/confusion-2.png", kPng.substr(0, 20));
  const std::string page = html(clothes_outcome());
  EXPECT_EQ(count(page, "src=\"data:image/png;base64," + base64(kPng) + "\""), 1U);
  EXPECT_THAT(
      page,
      HasSubstr(
          "alt=\"Worst confusions, picture 100: Shirt taken for T-shirt/top, probability 0.98\" "
          "width=\"1\" height=\"1\""));
  EXPECT_EQ(count(page, "picture not available"), 6 + 16 - 1U);
}

TEST_F(ReportHtml, PicturesCannotComeFromOutsideTheFolder) {
  put("secret.png", kPng);
  put("exhibits/x/y.png", kPng);
  Outcome outcome;
  for (const char* name : {"..", "../x", "x/../..", "", "."}) {
    CheckOutcome check;
    check.name = name;
    check.section.exhibits = {
        {"g", {{"secret", 0, "c", {}}, {"../secret", 0, "c", {}}, {"../../secret", 0, "c", {}}}}};
    outcome.checks.push_back(check);
  }
  EXPECT_THAT(html(outcome), Not(HasSubstr("<img")));
}

TEST_F(ReportHtml, NoTextBecomesMarkup) {
  const std::string page = html(hostile_outcome());
  const std::string plain = html(clothes_outcome());
  EXPECT_EQ(count(page, "<script"), count(plain, "<script"));
  EXPECT_EQ(count(page, "</script"), count(plain, "</script"));
  EXPECT_EQ(count(page, "</style"), count(plain, "</style"));
  EXPECT_EQ(count(page, "<!--"), count(plain, "<!--"));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<textarea")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"javascript")));
  EXPECT_EQ(page.find('\x1b'), page.npos);
  EXPECT_EQ(page.find('\xff'), page.npos);
}

TEST_F(ReportHtml, IsTheSameBytesForTheSameOutcome) {
  EXPECT_EQ(html(clothes_outcome()), html(clothes_outcome()));
}

TEST_F(ReportHtml, SaysWhatEachFindingIsEvidenceForAndWhatNothingIs) {
  Outcome outcome;
  CheckOutcome check;
  check.name = check.check = "focus";
  check.evidence_for = {kRobustness, kControl};
  for (const char* id : {"share", "rate/cat", "rate/dog", "rate/camera=left"}) {
    Finding f;
    f.id = id;
    check.findings.push_back(f);
  }
  outcome.checks.push_back(check);
  const std::string text = html(outcome);
  const std::string part = text.substr(place(text, "What this is evidence for</h2>"));
  const auto cell = [&](const std::string& heading) {
    const std::string from = part.substr(part.find(heading));
    return from.substr(0, from.find("</tr>"));
  };
  EXPECT_THAT(cell("technical robustness and safety"), HasSubstr("share, rate (3)"));
  EXPECT_THAT(cell("diversity, non-discrimination and fairness"), HasSubstr("focus</a>: rate</p>"));
  EXPECT_THAT(cell("societal and environmental well-being"), HasSubstr("none"));
  EXPECT_THAT(cell("accountability"), HasSubstr("the record of this audit"));
  EXPECT_THAT(cell("3. monitoring"), HasSubstr("share, rate (3)"));
  EXPECT_THAT(cell("8. EU declaration of conformity"), HasSubstr("none"));
  EXPECT_THAT(part, Not(HasSubstr("compliant")));
}

TEST_F(ReportHtml, GalleriesThatCanBeSortedSayByWhat) {
  CheckOutcome check;
  check.name = check.check = "x";
  Exhibit a{"a", 1, "one", {}}, b{"b", 2, "two", {}};
  a.panels = b.panels = {{"picture", {}, {}, {}}};
  a.sort_keys = {{"reliance", 0.5}, {"share \"of\" it", -2}};
  b.sort_keys = {{"reliance", 1.5}, {"share \"of\" it", 3}};
  check.section.exhibits = {{"Both", {a, b}}, {"One", {a}}};
  Outcome outcome;
  outcome.checks.push_back(check);
  const std::string text = html(outcome);
  EXPECT_EQ(count(text, "data-keys=\"reliance|share &quot;of&quot; it\""), 1u);
  EXPECT_THAT(text, HasSubstr("class=\"picture panels\" data-values=\"0.5 -2\""));
  EXPECT_THAT(text, HasSubstr("data-values=\"1.5 3\""));
}

TEST_F(ReportHtml, FoldsLongTablesOfClassesIntoOne) {
  const std::string page = html(clothes_outcome());
  EXPECT_THAT(page,
              HasSubstr("<summary><code>recall</code>, <code>precision</code>, <code>f1</code>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">T-shirt/top</th>"));  // not %2F
  EXPECT_THAT(page, HasSubstr("<details class=\"numbers-by-class print\"><summary><code>recall"));
  EXPECT_THAT(page,
              HasSubstr("<details class=\"numbers-by-class print\" open><summary><code>accuracy"));
}

TEST_F(ReportHtml, HoldsWhatIsNeededToRepeatTheAudit) {
  const Outcome outcome = clothes_outcome();
  const std::string page = html(outcome),
                    repeat = page.substr(place(page, "<section id=\"repeat\""));
  for (const std::string& part :
       {outcome.model.sha256, outcome.data.digest, outcome.model.numerics})
    EXPECT_THAT(repeat, HasSubstr(part));
  EXPECT_THAT(repeat, HasSubstr("balanced_accuracy: &quot;&gt;= 0.925&quot;"));
  EXPECT_THAT(repeat, HasSubstr("<code>bins: 15</code>"));
  EXPECT_THAT(repeat, HasSubstr("<th scope=\"row\">total</th><td class=\"number\">36,024</td>"));
}

TEST_F(ReportHtml, StandsWithoutRequirementsAndWithoutAnything) {
  const std::string page = html(Outcome{});
  EXPECT_THAT(page, HasSubstr("No verdict"));
  EXPECT_THAT(page, Not(HasSubstr("<section id=\"requirements\"")));
  EXPECT_THAT(page, Not(HasSubstr("<section id=\"warnings\"")));
}

TEST_F(ReportHtml, EveryLinkInsideThePageHasItsTarget) {
  for (const Outcome& outcome : {clothes_outcome(), hostile_outcome(), Outcome{}}) {
    const std::string page = html(outcome);
    const std::string start = "href=\"#";
    for (auto at = page.find(start); at != page.npos; at = page.find(start, at + 1)) {
      const auto target = at + start.size();
      const std::string id = page.substr(target, page.find('"', target) - target);
      EXPECT_EQ(count(page, "id=\"" + id + "\""), 1U) << id;
    }
  }
}

TEST(Base64, AgreesWithTheStandard) {
  // RFC 4648, section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace assay::report
