// How the report shows the screening check.
#include <fmt/format.h>

#include <algorithm>

#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/screening.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Entry = Screening::Entry;
using Result = Screening::Result;
using stats::number_text;

constexpr double kNegligible = 0.05;  // of the largest effect; of the variance, for bounds

std::vector<const Entry*> largest_first(const Result& result) {
  std::vector<const Entry*> order;
  for (const Entry& e : result.entries)
    if (e.size.status == FindingStatus::kOk) order.push_back(&e);
  std::stable_sort(order.begin(), order.end(),
                   [](auto* a, auto* b) { return a->size.value > b->size.value; });
  return order;
}

bool by_steps(const Result& result) { return result.params.method == "morris"; }

std::string answer(const Result& result) {
  const auto order = largest_first(result);
  if (order.empty()) return "Nothing could be said: " + result.entries.front().size.note + ".";
  const double limit = by_steps(result) ? kNegligible * order[0]->size.value : kNegligible;
  std::string names;
  std::size_t small = 0;
  for (const Entry* e : order)
    if (const double top = e->size.interval ? e->size.interval->high : e->size.value; top < limit) {
      names += (names.empty() ? "" : ", ") + e->factor;
      ++small;
    }
  std::string text =
      by_steps(result)
          ? fmt::format(
                "Half of its range moves the margin most for {}: by {} logits on average "
                "({}).",
                order[0]->factor, number_text(order[0]->size.value, 2),
                interval_text(order[0]->size))
          : fmt::format("The largest bound of a total index is that of {}: {} ({}).",
                        order[0]->factor, number_text(order[0]->size.value, 2),
                        interval_text(order[0]->size));
  if (small > 0)
    text += fmt::format(" {} of {} may be left out of a closer look, each surely below {}: {}.",
                        small, order.size(),
                        by_steps(result) ? "a twentieth of that" : "a twentieth of the variance",
                        names);
  else
    text += " None is surely negligible.";
  return text;
}

Figure size_bars(const Result& result) {
  Figure figure;
  figure.id = "sizes";
  figure.title = by_steps(result) ? "Mean effect of half of a factor's range"
                                  : "Upper bounds of total indices";
  figure.caption = by_steps(result)
                       ? "Of the margin, whatever its sign, with 95 % intervals."
                       : "From squared derivatives of the margin, with 95 % intervals. A bound "
                         "above 1 says nothing.";
  figure.kind = FigureKind::kBars;
  figure.y_label = by_steps(result) ? "logits" : "share of the variance";
  Series series;
  series.name = by_steps(result) ? "mean effect" : "bound";
  for (const Entry* e : largest_first(result)) {
    figure.labels.push_back(e->factor);
    add_with_interval(series, e->size);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

Table size_table(const Result& result) {
  Table table;
  table.title = "From the largest on";
  table.columns = {"factor", "distribution", by_steps(result) ? "mean effect" : "bound",
                   by_steps(result) ? "with its sign" : "mean derivative"};
  if (by_steps(result)) table.columns.push_back("deviation: bends and company");
  for (const Entry* e : largest_first(result)) {
    table.rows.push_back(
        {e->factor, e->distribution, value_cell(e->size), number_text(e->mean, 2)});
    if (by_steps(result)) table.rows.back().push_back(value_cell(e->bend));
  }
  return table;
}

}  // namespace

Section Screening::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (largest_first(result).empty()) return section;
  section.notes.push_back(fmt::format("{} points a picture, of its own.", result.points));
  section.figures.push_back(size_bars(result));
  section.tables.push_back(size_table(result));
  return section;
}

}  // namespace assay::checks
