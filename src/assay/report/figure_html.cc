#include "assay/report/figure_html.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "assay/report/json_text.h"
#include "assay/report/number_text.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTablePoints = 200;
constexpr std::size_t kTableClasses = 30;
constexpr std::size_t kTableCells = 300;

// Seven digits are beyond what any screen shows and keep long curves small.
Json drawn_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 7);
  double rounded = 0;
  std::from_chars(buffer, end.ptr, rounded);
  return rounded;
}

Json drawn_numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double v : values) array.push_back(drawn_number(v));
  return array;
}

std::string kind_id(FigureKind kind) {
  switch (kind) {
    case FigureKind::kLines:
      return "lines";
    case FigureKind::kBars:
      return "bars";
    case FigureKind::kMatrix:
      return "matrix";
    case FigureKind::kMap:
      return "map";
    case FigureKind::kReliability:
      break;
  }
  return "reliability";
}

double cell(const Figure& figure, std::size_t row, std::size_t column) {
  const std::size_t at = row * figure.labels.size() + column;
  return at < figure.matrix.size() && std::isfinite(figure.matrix[at]) ? figure.matrix[at] : 0;
}

Json figure_json(const Figure& figure) {
  Json series = Json::array();
  for (const Series& s : figure.series)
    series.push_back({{"name", plain_text(s.name)},
                      {"x", drawn_numbers(s.x)},
                      {"y", drawn_numbers(s.y)},
                      {"low", drawn_numbers(s.low)},
                      {"high", drawn_numbers(s.high)}});
  Json labels = Json::array();
  for (const std::string& label : figure.labels) labels.push_back(one_line(label));
  Json cells = Json::array();
  if (figure.kind == FigureKind::kMatrix)
    for (std::size_t r = 0; r < figure.labels.size(); ++r)
      for (std::size_t c = 0; c < figure.labels.size(); ++c)
        if (cell(figure, r, c) != 0)
          cells.push_back(Json::array({r, c, drawn_number(cell(figure, r, c))}));
  Json rows = Json::array();
  for (const std::string& label : figure.row_labels) rows.push_back(one_line(label));
  if (figure.kind == FigureKind::kMap)
    for (std::size_t i = 0; i < figure.matrix.size(); ++i)
      cells.push_back(drawn_number(figure.matrix[i]));
  return {{"kind", kind_id(figure.kind)},
          {"title", plain_text(figure.title)},
          {"xLabel", plain_text(figure.x_label)},
          {"yLabel", plain_text(figure.y_label)},
          {"labels", labels},
          {"rows", rows},
          {"series", series},
          {"cells", cells}};
}

std::string number_cell(double value) {
  return std::isfinite(value) ? significant(value) : "\u2013";
}

std::string range_cell(const Series& s, std::size_t i) {
  if (i >= s.low.size() || i >= s.high.size()) return "";
  return number_cell(s.low[i]) + "\u2009\u2013\u2009" + number_cell(s.high[i]);
}

std::string or_else(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

// At most kTablePoints of n places, evenly, with the first and the last.
std::vector<std::size_t> shown_places(std::size_t n) {
  std::vector<std::size_t> places;
  const std::size_t shown = std::min(n, kTablePoints);
  for (std::size_t i = 0; i < shown; ++i)
    places.push_back(shown < 2 ? 0 : i * (n - 1) / (shown - 1));
  return places;
}

Table curve_numbers(const Figure& figure) {
  Table table;
  const bool named = figure.series.size() > 1;
  const bool ranges = std::any_of(figure.series.begin(), figure.series.end(),
                                  [](const Series& s) { return !s.low.empty(); });
  if (named) table.columns.push_back("Series");
  table.columns.push_back(or_else(figure.x_label, "x"));
  table.columns.push_back(or_else(figure.y_label, "y"));
  if (ranges) table.columns.push_back("Range");
  for (const Series& s : figure.series) {
    for (const std::size_t i : shown_places(std::min(s.x.size(), s.y.size()))) {
      std::vector<std::string> row;
      if (named) row.push_back(s.name);
      row.push_back(number_cell(s.x[i]));
      row.push_back(number_cell(s.y[i]));
      if (ranges) row.push_back(range_cell(s, i));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table bar_numbers(const Figure& figure) {
  Table table;
  table.columns.push_back(or_else(figure.x_label, "Bar"));
  for (const Series& s : figure.series) {
    table.columns.push_back(or_else(s.name, or_else(figure.y_label, "Value")));
    if (!s.low.empty()) table.columns.push_back("Range");
  }
  for (std::size_t i = 0; i < figure.labels.size(); ++i) {
    std::vector<std::string> row{figure.labels[i]};
    for (const Series& s : figure.series) {
      row.push_back(i < s.y.size() ? number_cell(s.y[i]) : "");
      if (!s.low.empty()) row.push_back(range_cell(s, i));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table reliability_numbers(const Figure& figure) {
  Table table;
  table.columns = {or_else(figure.x_label, "Confidence"), or_else(figure.y_label, "Accuracy"),
                   "If calibrated"};
  if (figure.series.empty()) return table;
  const Series& accuracy = figure.series[0];
  const Series* counts = figure.series.size() > 1 ? &figure.series[1] : nullptr;
  const std::size_t bins = std::min(accuracy.x.size(), accuracy.y.size());
  const bool counted = counts && counts->y.size() == bins;  // one count a bin
  if (counted) table.columns.push_back(or_else(counts->name, "Count"));
  for (std::size_t i = 0; i < bins; ++i) {
    table.rows.push_back(
        {number_cell(accuracy.x[i]), number_cell(accuracy.y[i]), range_cell(accuracy, i)});
    if (counted) table.rows.back().push_back(number_cell(counts->y[i]));
  }
  return table;
}

Table matrix_numbers(const Figure& figure) {
  Table table;
  const std::size_t k = figure.labels.size();
  const std::string rows = or_else(figure.y_label, "True"),
                    columns = or_else(figure.x_label, "Predicted");
  if (k <= kTableClasses) {
    table.columns.push_back(rows + " \u2193  " + columns + " \u2192");
    for (const std::string& label : figure.labels) table.columns.push_back(label);
    for (std::size_t r = 0; r < k; ++r) {
      table.rows.push_back({figure.labels[r]});
      for (std::size_t c = 0; c < k; ++c)
        table.rows.back().push_back(number_cell(cell(figure, r, c)));
    }
    return table;
  }
  std::vector<std::pair<double, std::size_t>> cells;  // value, place
  for (std::size_t r = 0; r < k; ++r)
    for (std::size_t c = 0; c < k; ++c)
      if (r != c && cell(figure, r, c) != 0) cells.emplace_back(-cell(figure, r, c), r * k + c);
  std::sort(cells.begin(), cells.end());  // largest first, then by place
  table.columns = {rows, columns, "Count"};
  for (std::size_t i = 0; i < std::min(cells.size(), kTableCells); ++i)
    table.rows.push_back({figure.labels[cells[i].second / k], figure.labels[cells[i].second % k],
                          number_cell(-cells[i].first)});
  table.title = "The largest cells off the diagonal";
  if (cells.size() > kTableCells)
    table.title += " (" + std::to_string(kTableCells) + " of " +
                   grouped(static_cast<std::int64_t>(cells.size())) + ")";
  return table;
}

// Every row, and as many columns as may be read, evenly.
Table map_numbers(const Figure& figure) {
  constexpr std::size_t kTableColumns = 11;
  Table table;
  const std::size_t columns = figure.labels.size(), shown = std::min(columns, kTableColumns);
  if (figure.matrix.size() != columns * figure.row_labels.size() || columns == 0) return table;
  table.columns.push_back(or_else(figure.y_label, "") + " \u2193  " + or_else(figure.x_label, "") +
                          " \u2192");
  const auto place = [&](std::size_t c) { return shown < 2 ? 0 : c * (columns - 1) / (shown - 1); };
  for (std::size_t c = 0; c < shown; ++c) table.columns.push_back(figure.labels[place(c)]);
  for (std::size_t r = 0; r < figure.row_labels.size(); ++r) {
    table.rows.push_back({figure.row_labels[r]});
    for (std::size_t c = 0; c < shown; ++c)
      table.rows.back().push_back(number_cell(figure.matrix[r * columns + place(c)]));
  }
  return table;
}

Table numbers_of(const Figure& figure) {
  switch (figure.kind) {
    case FigureKind::kLines:
      return curve_numbers(figure);
    case FigureKind::kBars:
      return bar_numbers(figure);
    case FigureKind::kMatrix:
      return matrix_numbers(figure);
    case FigureKind::kMap:
      return map_numbers(figure);
    case FigureKind::kReliability:
      break;
  }
  return reliability_numbers(figure);
}

bool thinned(const Figure& figure) {
  return figure.kind == FigureKind::kLines &&
         std::any_of(figure.series.begin(), figure.series.end(), [](const Series& s) {
           return std::min(s.x.size(), s.y.size()) > kTablePoints;
         });
}

}  // namespace

Markup table_html(const Table& table) {
  Markup html;
  html << "<div class=\"scroll\"><table>";
  if (!table.title.empty()) html << "<caption>" << table.title << "</caption>";
  html << "<thead><tr>";
  for (const std::string& column : table.columns) html << "<th scope=\"col\">" << column << "</th>";
  html << "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html << "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == 0)
        html << "<th scope=\"row\">" << row[i] << "</th>";
      else
        html << "<td>" << row[i] << "</td>";
    }
    html << "</tr>\n";
  }
  return html << "</tbody></table></div>\n";
}

Markup figure_html(const Figure& figure, const std::string& id) {
  Markup html;
  html << "<figure class=\"chart " << kind_id(figure.kind) << "\" id=\"" << id << "\">\n"
       << "<figcaption><strong>" << figure.title << "</strong> <span>" << figure.caption
       << "</span></figcaption>\n<div class=\"numbers\">";
  const Table numbers = numbers_of(figure);
  if (numbers.rows.empty())
    html << "<p class=\"note\">There is nothing to draw: the figure has no numbers.</p>";
  else
    html << table_html(numbers);
  if (thinned(figure))
    html << "<p class=\"note\">The table shows " << std::to_string(kTablePoints)
         << " evenly spaced points of each longer series.</p>";
  return html << "</div>\n<script type=\"application/json\">"
              << Markup::trusted(json_island(figure_json(figure))) << "</script>\n</figure>\n";
}

}  // namespace assay::report
