#include "assay/report/figure_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "assay/report/figure_fixture_test.h"

namespace assay::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

std::string html(const Figure& figure) { return figure_html(figure, "f").text(); }

Json island(const Figure& figure) {
  const std::string text = html(figure), start = "<script type=\"application/json\">";
  const auto from = text.find(start) + start.size();
  return Json::parse(text.substr(from, text.find("</script>") - from));
}

std::size_t rows(const std::string& text) {
  std::size_t n = 0;
  for (auto at = text.find("<tr>"); at != text.npos; at = text.find("<tr>", at + 1)) ++n;
  return n - (n > 0 ? 1 : 0);  // without the head
}

TEST(FigureHtml, PutsTheSameNumbersIntoTheTableAndTheData) {
  const Figure figure = accuracy_outcome().section.figures[0];
  const std::string text = html(figure);
  EXPECT_EQ(rows(text), 10U);
  EXPECT_THAT(text, HasSubstr("<th scope=\"row\">Trouser</th><td>1</td><td>986</td>"));
  const Json data = island(figure);
  EXPECT_EQ(data["kind"], "matrix");
  EXPECT_EQ(data["labels"][1], "Trouser");
  double total = 0;
  for (const auto& cell : data["cells"]) total += cell[2].get<double>();
  EXPECT_EQ(total, 10000);
}

TEST(FigureHtml, ShowsErrorBarsAsRanges) {
  const std::string text = html(accuracy_outcome().section.figures[1]);
  EXPECT_EQ(rows(text), 10U);
  EXPECT_THAT(
      text,
      HasSubstr(
          "<th scope=\"row\">Shirt</th><td>0.7740</td><td>0.7471\u2009\u2013\u20090.7988</td>"));
}

TEST(FigureHtml, ShowsReliabilityWithBandsAndCounts) {
  const std::string text = html(calibration_outcome().section.figures[0]);
  EXPECT_EQ(rows(text), 15U);
  EXPECT_THAT(text, HasSubstr("<th scope=\"col\">pictures</th>"));
  EXPECT_THAT(text, HasSubstr("<td>7,386</td>"));
}

TEST(FigureHtml, SaysThatThereIsNothingToDraw) {
  for (const Figure& figure : empty_figures()) {
    const std::string text = html(figure);
    EXPECT_NO_THROW(island(figure)) << figure.title;
    const bool nothing = text.find("There is nothing to draw") != text.npos;
    EXPECT_NE(nothing, rows(text) > 0) << figure.title;
  }
}

TEST(FigureHtml, WritesGapsAsNullAndDashes) {
  const Figure gap = odd_figures()[1];
  const Json data = island(gap);
  EXPECT_TRUE(data["series"][0]["y"][1].is_null());
  EXPECT_THAT(html(gap), HasSubstr("<td>\u2013</td>"));
  EXPECT_THAT(html(gap), Not(HasSubstr("nan")));
}

TEST(FigureHtml, SurvivesEveryOddFigure) {
  for (const Figure& figure : odd_figures()) {
    EXPECT_NO_THROW(island(figure)) << figure.title;
    EXPECT_GT(rows(html(figure)), 0U) << figure.title;
  }
}

TEST(FigureHtml, ThinsTheTableOfALongCurveButNotItsDrawing) {
  const Figure curve = odd_figures()[2];
  const std::string text = html(curve);
  EXPECT_EQ(rows(text), 200U);
  EXPECT_THAT(text, HasSubstr("200 evenly spaced points"));
  EXPECT_EQ(island(curve)["series"][0]["y"].size(), 1000U);
}

TEST(FigureHtml, ListsTheLargestConfusionsOfManyClasses) {
  EXPECT_EQ(rows(html(matrix_of(30))), 30U);
  const std::string text = html(matrix_of(200));
  EXPECT_EQ(rows(text), 300U);
  EXPECT_THAT(text, HasSubstr("The largest cells off the diagonal (300 of "));
  // Largest first: 8 from the neighbour plus 3 where both planted confusions meet, or 8 alone.
  const auto first = text.find("<tbody>");
  EXPECT_THAT(text.substr(first, 200), HasSubstr("<td>8</td>"));
}

TEST(FigureHtml, LaysAMapOutByRowsAndColumns) {
  Figure map;
  map.id = "map";
  map.kind = FigureKind::kMap;
  map.x_label = "brightness";
  map.y_label = "rotation";
  map.labels = {"0.5", "1", "1.5"};
  map.row_labels = {"-20", "20"};
  map.matrix = {1, 2, 3, -4, NAN, 6};
  const std::string text = html(map);
  EXPECT_EQ(rows(text), 2U);
  EXPECT_EQ(island(map)["cells"].size(), 6U);
  EXPECT_EQ(island(map)["rows"][1], "20");
  EXPECT_THAT(text, HasSubstr("<td>-4</td><td>\u2013</td><td>6</td>"));
  map.matrix.pop_back();
  EXPECT_EQ(rows(html(map)), 0U);
}

TEST(FigureHtml, TextsCannotLeaveTheirPlace) {
  for (const CheckOutcome& check : hostile_outcome().checks) {
    for (const Figure& figure : check.section.figures) {
      const std::string text = html(figure);
      EXPECT_THAT(text, Not(HasSubstr("<img")));
      EXPECT_EQ(text.find("</script"), text.rfind("</script"));
      EXPECT_NO_THROW(island(figure));
    }
  }
}

}  // namespace
}  // namespace assay::report
