#include "assay/report/finding_html.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "assay/report/number_text.h"
#include "assay/report/verdict_html.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

constexpr std::size_t kUnfoldedRows = 8;

// Findings whose ids share what follows the first '/': rows × measures.
struct Grid {
  std::vector<std::string> measures, rows;
  std::map<std::pair<std::string, std::string>, const Finding*> cells;  // by row and measure
};

std::string row_label(std::string key) {
  for (std::size_t at = key.find("%2F"); at != key.npos; at = key.find("%2F", at + 1))
    key.replace(at, 3, "/");
  return key;
}

// Measures are laid side by side when they speak of the same rows.
std::vector<Grid> grids_of(const std::vector<Finding>& findings) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Finding*>> by_measure;
  for (const Finding& f : findings) {
    const auto slash = f.id.find('/');
    if (slash == f.id.npos) continue;
    auto& group = by_measure[f.id.substr(0, slash)];
    if (group.empty()) order.push_back(f.id.substr(0, slash));
    group.push_back(&f);
  }
  std::vector<Grid> grids;
  std::vector<std::set<std::string>> known;
  for (const std::string& measure : order) {
    const auto key = [&](const Finding* f) { return f->id.substr(measure.size() + 1); };
    const auto& group = by_measure[measure];
    std::size_t home = 0;
    const auto shares = [&](const Finding* f) { return known[home].count(key(f)) > 0; };
    while (home < grids.size() && std::none_of(group.begin(), group.end(), shares)) ++home;
    if (home == grids.size()) {
      grids.emplace_back();
      known.emplace_back();
    }
    Grid& grid = grids[home];
    grid.measures.push_back(measure);
    for (const Finding* f : group) {
      if (known[home].insert(key(f)).second) grid.rows.push_back(key(f));
      grid.cells[{key(f), measure}] = f;
    }
  }
  return grids;
}

Markup value_html(const Finding& f, const std::vector<double>& apart) {
  Markup html;
  if (!is_number(f)) {
    html << "<span class=\"undefined\">";
    if (f.status == FindingStatus::kUndefined)
      html << "undefined";
    else
      html << "not finite";
    return html << "</span>";
  }
  html << number_text(f, apart).value;
  if (!f.unit.empty()) html << "\u202F<span class=\"unit\">" << f.unit << "</span>";
  return html;
}

Markup decisions_on(const CheckOutcome& check, const Finding& f) {
  Markup html;
  for (const Decision& d : check.decisions)
    if (d.requirement.finding == f.id) html << " " << badge_html(verdict_id(d.verdict));
  return html;
}

std::string method_of(const Finding& f) {
  if (!f.interval || !is_number(f)) return {};
  const std::string other_level =
      f.interval->level == 0.95 ? "" : ", " + percent(f.interval->level);
  return f.interval->method + other_level;
}

Markup single_findings(const CheckOutcome& check) {
  std::vector<const Finding*> singles;
  bool intervals = false;  // two columns that only some checks need
  for (const Finding& f : check.findings) {
    if (f.id.find('/') != f.id.npos) continue;
    singles.push_back(&f);
    intervals = intervals || f.interval;
  }
  Markup html;
  if (singles.empty()) return html;
  html
      << "<div class=\"scroll\"><table class=\"findings\"><thead><tr><th scope=\"col\">Finding</th>"
         "<th scope=\"col\" class=\"number\">Value</th>";
  if (intervals) html << "<th scope=\"col\" class=\"number\">95\u00A0% interval</th>";
  html << "<th scope=\"col\" class=\"number\">n</th>";
  if (intervals) html << "<th scope=\"col\">Interval by</th>";
  html << "</tr></thead><tbody>\n";
  for (const Finding* f : singles) {
    const auto apart = bounds_on(check, f->id);
    html << "<tr><th scope=\"row\"><code>" << f->id << "</code>" << decisions_on(check, *f);
    if (!f->note.empty()) html << "<span class=\"note\">" << f->note << "</span>";
    html << "</th><td class=\"number strong\">" << value_html(*f, apart) << "</td>";
    if (intervals) html << "<td class=\"number\">" << interval_html(*f, apart) << "</td>";
    html << "<td class=\"number\">" << grouped(f->n) << "</td>";
    if (intervals) html << "<td class=\"method\">" << method_of(*f) << "</td>";
    html << "</tr>\n";
  }
  return html << "</tbody></table></div>\n";
}

Markup cell_html(const CheckOutcome& check, const Finding& f) {
  const auto apart = bounds_on(check, f.id);
  Markup html;
  html << "<td class=\"number\" data-value=\"";
  if (is_number(f)) html << shortest(f.value);
  html << "\"";
  if (!f.note.empty()) html << " title=\"" << f.note << "\"";
  html << ">" << decisions_on(check, f) << value_html(f, apart) << "<span class=\"note\">";
  const Markup interval = interval_html(f, apart);
  if (!interval.empty()) html << interval << ", ";
  return html << "n\u00A0" << grouped(f.n) << "</span></td>";
}

// How the intervals of a grid were made, and why a cell is undefined, once for the whole table.
Markup grid_notes(const Grid& grid) {
  std::vector<std::string> notes;
  for (const std::string& measure : grid.measures) {
    for (const std::string& row : grid.rows) {
      const auto cell = grid.cells.find({row, measure});
      if (cell == grid.cells.end()) continue;
      const Finding& f = *cell->second;
      std::string note;
      if (!is_number(f) && !f.note.empty())
        note = measure + ", where undefined: " + f.note;
      else if (is_number(f) && f.interval)
        note = measure + ": 95\u00A0% interval by " + f.interval->method;
      if (!note.empty() && std::find(notes.begin(), notes.end(), note) == notes.end() &&
          notes.size() < 12)
        notes.push_back(note);
    }
  }
  Markup html;
  if (notes.empty()) return html;
  html << "<p class=\"note\">";
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (i > 0) html << "; ";
    html << notes[i];
  }
  return html << ".</p>\n";
}

Markup grid_html(const CheckOutcome& check, const Grid& grid) {
  Markup html;
  html << "<details class=\"numbers-by-class print\"";
  if (grid.rows.size() <= kUnfoldedRows) html << " open";
  html << "><summary>";
  for (std::size_t i = 0; i < grid.measures.size(); ++i) {
    if (i > 0) html << ", ";
    html << "<code>" << grid.measures[i] << "</code>";
  }
  html << " \u2013 " << grouped(static_cast<std::int64_t>(grid.rows.size())) << " rows</summary>\n"
       << "<div class=\"scroll\"><table class=\"grid sortable\"><thead><tr><th scope=\"col\"></th>";
  for (const std::string& measure : grid.measures)
    html << "<th scope=\"col\" class=\"number\">" << measure << "</th>";
  html << "</tr></thead><tbody>\n";
  for (const std::string& row : grid.rows) {
    html << "<tr><th scope=\"row\">" << row_label(row) << "</th>";
    for (const std::string& measure : grid.measures) {
      const auto cell = grid.cells.find({row, measure});
      if (cell == grid.cells.end())
        html << "<td data-value=\"\"></td>";
      else
        html << cell_html(check, *cell->second);
    }
    html << "</tr>\n";
  }
  return html << "</tbody></table></div>\n" << grid_notes(grid) << "</details>\n";
}

}  // namespace

Markup interval_html(const Finding& f, const std::vector<double>& apart) {
  Markup html;
  if (!f.interval || !is_number(f)) return html;
  const NumberText text = number_text(f, apart);
  return html << "<span class=\"interval\">" << text.low << "\u2009\u2013\u2009" << text.high
              << "</span>";
}

Markup findings_html(const CheckOutcome& check) {
  Markup html = single_findings(check);
  for (const Grid& grid : grids_of(check.findings)) html << grid_html(check, grid);
  return html;
}

}  // namespace assay::report
