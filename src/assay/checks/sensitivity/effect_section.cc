// How the report shows the effect check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/focus/region_grid.h"
#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/effect.h"
#include "assay/checks/sensitivity/effect_interventions.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Outcome = Effect::Outcome;
using Result = Effect::Result;
using stats::number_text;

// From the largest loss of margin on.
std::vector<const Outcome*> ranked_effects(const Result& result) {
  std::vector<const Outcome*> order;
  for (const Outcome& o : result.outcomes)
    if (o.margin.status == FindingStatus::kOk) order.push_back(&o);
  std::stable_sort(order.begin(), order.end(),
                   [](auto* a, auto* b) { return a->margin.value < b->margin.value; });
  return order;
}

std::string answer(const Result& result) {
  const auto order = ranked_effects(result);
  if (order.empty())
    return "Nothing could be said: " +
           (result.outcomes.empty() ? std::string("no intervention was made")
                                    : result.outcomes.front().margin.note) +
           ".";
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, order.size()); ++i) {
    const Outcome& o = *order[i];
    text += fmt::format("{}{} changes the margin by {} logits ({})", i == 0 ? "" : "; ", o.name,
                        number_text(o.margin.value, 2), interval_text(o.margin));
    if (o.error.status == FindingStatus::kOk)
      text += fmt::format(" and the error rate by {} points ({} to {})",
                          number_text(100 * o.error.value, 2),
                          number_text(100 * (o.error.interval ? o.error.interval->low : 0), 2),
                          number_text(100 * (o.error.interval ? o.error.interval->high : 0), 2));
  }
  const Finding* largest = nullptr;
  std::string whom;
  for (const Outcome* o : order)
    for (const auto& [label, f] : o->contrasts)
      if (f.status == FindingStatus::kOk && f.interval &&
          (f.interval->low > 0 || f.interval->high < 0) &&
          (!largest || std::abs(f.value) > std::abs(largest->value))) {
        largest = &f;
        whom = fmt::format("{} on {}", o->name, label);
      }
  text += ".";
  if (largest)
    text += fmt::format(" The groups differ most in {}: {} logits beyond the others ({}).", whom,
                        number_text(largest->value, 2), interval_text(*largest));
  return text;
}

Figure bars_of(const Result& result, const char* id, const char* title, const char* label,
               Finding Outcome::*finding) {
  Figure figure;
  figure.id = id;
  figure.title = title;
  figure.caption = "Mean over pictures of after less before, with 95 % intervals.";
  figure.kind = FigureKind::kBars;
  figure.y_label = label;
  Series series;
  series.name = label;
  for (const Outcome* o : ranked_effects(result)) {
    const Finding& f = o->*finding;
    if (f.status != FindingStatus::kOk) continue;
    figure.labels.push_back(o->name);
    add_with_interval(series, f);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

Table overview(const Result& result) {
  Table table;
  table.title = "Average effects";
  table.columns = {"intervention", "what is done", "margin [logits]", "error", "other decision"};
  for (const Outcome& o : result.outcomes)
    table.rows.push_back(
        {o.name, o.text, value_cell(o.margin), value_cell(o.error), value_cell(o.flip)});
  return table;
}

using Split = std::vector<std::pair<std::string, Finding>>;

// One row a class or group with some picture, one column an intervention.
Table split_table(const Result& result, std::string title, const char* first,
                  Split Outcome::*split) {
  Table table;
  table.title = std::move(title);
  table.columns = {first};
  for (const Outcome& o : result.outcomes) table.columns.push_back(o.name);
  for (std::size_t k = 0; k < (result.outcomes.front().*split).size(); ++k) {
    std::vector<std::string> row{(result.outcomes.front().*split)[k].first};
    bool any = false;
    for (const Outcome& o : result.outcomes) {
      row.push_back(value_cell((o.*split)[k].second));
      any |= (o.*split)[k].second.status == FindingStatus::kOk;
    }
    if (any) table.rows.push_back(std::move(row));
  }
  return table;
}

Panel changed_panel(const Result& result, const Intervention& what, const Effect::Change& change,
                    std::size_t k) {
  const auto& r = *change.record;
  Panel panel;
  panel.title = "margin " + number_text(static_cast<double>(r.margins[k]), 2);
  if (what.part == Part::kNone) {
    panel.shift = r.view(result.params.border, result.params.fill, result.seed);
    panel.shift->factors = what.factors;
    return panel;
  }
  Region region{kGrid, kGrid, cells_of(r.regions[k]), {r.left, r.top, r.right, r.bottom}};
  if (what.needs_donor())
    panel.replacement = Replacement{r.donor, std::move(region)};
  else
    panel.region = std::move(region);
  return panel;
}

std::vector<ExhibitGroup> strongest(const Result& result) {
  const auto interventions = interventions_of(result.params.interventions);
  std::vector<ExhibitGroup> groups;
  for (std::size_t k = 0; k < result.outcomes.size(); ++k) {
    const Outcome& o = result.outcomes[k];
    ExhibitGroup group{"Whom it costs most: " + o.name, {}};
    for (std::size_t i = 0; i < o.strongest.size(); ++i) {
      const auto& r = *o.strongest[i].record;
      Exhibit exhibit;
      exhibit.id = fmt::format("effect-{}-{}", k, i);
      exhibit.row = r.row;
      exhibit.caption =
          fmt::format("{} ({}): margin {} to {}", r.id, class_name(result.labels, r.reference()),
                      number_text(static_cast<double>(r.nominal), 2),
                      number_text(static_cast<double>(r.margins[k]), 2));
      Panel before;
      before.title = "margin " + number_text(static_cast<double>(r.nominal), 2);
      if (interventions[k].part == Part::kNone)
        before.shift = r.view(result.params.border, result.params.fill, result.seed);
      exhibit.panels = {before, changed_panel(result, interventions[k], o.strongest[i], k)};
      exhibit.sort_keys = {{"change of margin", o.strongest[i].margin}};
      group.exhibits.push_back(std::move(exhibit));
    }
    if (!group.exhibits.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

Section Effect::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(fmt::format(
        "{} pictures have no label: their margin is that of the decision on the unchanged picture, "
        "and they count for no error.",
        result.unlabelled));
  const auto interventions = interventions_of(result.params.interventions);
  if (result.unmasked > 0 && std::any_of(interventions.begin(), interventions.end(),
                                         [](const auto& i) { return i.needs_mask(); }))
    section.notes.push_back(
        fmt::format("{} pictures have no mask: they count for no intervention on what is marked.",
                    result.unmasked));
  if (ranked_effects(result).empty()) return section;
  section.figures.push_back(
      bars_of(result, "margin", "Effect on the margin", "margin [logits]", &Outcome::margin));
  if (Figure errors =
          bars_of(result, "error", "Effect on the error rate", "error", &Outcome::error);
      !errors.labels.empty())
    section.figures.push_back(std::move(errors));
  section.tables.push_back(overview(result));
  section.tables.push_back(
      split_table(result, "Effect on the margin by class", "class", &Outcome::by_class));
  if (!result.outcomes.front().by_group.empty()) {
    section.tables.push_back(
        split_table(result, "Effect on the margin by group", "group", &Outcome::by_group));
    section.tables.push_back(
        split_table(result, "How much more the margin of a group changes than that of all others",
                    "group", &Outcome::contrasts));
  }
  section.exhibits = strongest(result);
  return section;
}

}  // namespace assay::checks
