// How the report shows the sensitivity check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/sensitivity_figures.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Entry = Sensitivity::Entry;
using Result = Sensitivity::Result;
using stats::number_text;

constexpr std::size_t kStrips = 4;  // pictures that are shown under every factor

std::string name_of(const Entry& index) { return index.id.substr(index.id.find('/') + 1); }

// From the largest on; a factor is "ahead" where its interval lies above the next one's.
std::vector<const Entry*> ranked(const std::vector<Entry>& indices) {
  std::vector<const Entry*> order;
  for (const Entry& i : indices)
    if (i.finding.status == FindingStatus::kOk) order.push_back(&i);
  std::stable_sort(order.begin(), order.end(),
                   [](auto* a, auto* b) { return a->finding.value > b->finding.value; });
  return order;
}

std::string answer(const Result& result) {
  const Finding& flips = finding_named(result.findings, "flip_probability");
  if (flips.status != FindingStatus::kOk)
    return "Nothing could be said of the factors: " + flips.note + ".";
  const Finding& failures = finding_named(result.findings, "failure_probability");
  std::string text;
  if (failures.status == FindingStatus::kOk)
    text = fmt::format("Under the declared changes {} of the decisions are wrong ({}); ",
                       percent(failures.value), interval_text(failures));
  text += fmt::format("{}{} differ from the decision on the unchanged picture ({}). ",
                      text.empty() ? "Under the declared changes " : "", percent(flips.value),
                      interval_text(flips));
  if (const Finding& rare = finding_named(result.findings, "rare_failure_probability");
      rare.status == FindingStatus::kOk)
    text += fmt::format("Of these pictures, {} fail by importance sampling ({}). ",
                        percent(rare.value), interval_text(rare));
  const auto order = ranked(result.shapley.empty() ? result.total : result.shapley);
  if (order.empty()) return text + "No index could be given: " + result.status + ".";
  text += fmt::format("Of the variance of the {}, {} {} {} ({})", result.params.output,
                      name_of(*order[0]),
                      result.shapley.empty() ? "takes part in" : "is owed (Shapley effect)",
                      percent(order[0]->finding.value), interval_text(order[0]->finding));
  if (order.size() > 1) {
    const bool ahead = order[0]->finding.interval && order[1]->finding.interval &&
                       order[0]->finding.interval->low > order[1]->finding.interval->high;
    text += fmt::format(
        ", {} in {}; {}", name_of(*order[1]), percent(order[1]->finding.value),
        ahead ? "the first is the more important" : "which of the two matters more is not settled");
  }
  text += result.by_pick_freeze
              ? std::string(". The indices are pick-freeze estimates on the model itself.")
              : fmt::format(
                    ". The surrogate explains {} of the variance on points that it had not seen.",
                    percent(std::max(0.0, result.q2)));
  return text;
}

Table logit_table(const Result& result) {
  Table table;
  table.title = "Total effects on each class's logit";
  table.columns = {"logit of"};
  table.columns.insert(table.columns.end(), result.names.begin(), result.names.end());
  for (std::size_t k = 0; k < result.logit_total.size(); ++k) {
    std::vector<std::string> row{class_name(result.labels, static_cast<int>(k))};
    for (const double v : result.logit_total[k])
      row.push_back(std::isnan(v) ? "–" : number_text(v, 2));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table shapley_table(const Result& result) {
  Table table;
  table.title = "Shapley effects, with 95 % intervals";
  table.columns = {"factor", "distribution", "share of the variance"};
  const EntryList entries = entries_of(result.params.factors, "");
  for (std::size_t f = 0; f < result.shapley.size(); ++f)
    table.rows.push_back(
        {result.names[f], entries[f].second, value_cell(result.shapley[f].finding)});
  return table;
}

Table index_table(const Result& result) {
  Table table;
  table.title = "Sobol' indices, with 95 % intervals";
  table.columns = {"factor", "distribution", "first order", "total", "total by pick-freeze"};
  const EntryList entries = entries_of(result.params.factors, "");
  for (std::size_t f = 0; f < result.names.size(); ++f) {
    const Entry& total = result.total[f];
    table.rows.push_back({result.names[f], entries[f].second, value_cell(result.first[f].finding),
                          value_cell(total.finding),
                          std::isnan(total.of_frozen)
                              ? "–"
                              : fmt::format("{} ± {}", number_text(total.of_frozen, 2),
                                            number_text(2 * total.frozen_error, 2))});
  }
  return table;
}

Table pair_table(const Result& result) {
  Table table;
  table.title = "Interactions of two factors: their share beyond what each makes alone";
  table.columns = {"factors", "share"};
  for (const Entry* i : ranked(result.pairs))
    table.rows.push_back({name_of(*i), value_cell(i->finding)});
  return table;
}

Table class_table(const Result& result) {
  Table table;
  table.title = "Total effects by class";
  table.columns = {"class"};
  table.columns.insert(table.columns.end(), result.names.begin(), result.names.end());
  for (std::size_t k = 0; k < result.classes.size(); ++k) {
    std::vector<std::string> row{class_name(result.labels, result.classes[k])};
    for (const double v : result.class_total[k])
      row.push_back(std::isnan(v) ? "–" : number_text(v, 2));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table group_table(const Result& result) {
  Table table;
  table.title = "Pictures that are sensitive alike";
  table.columns = {"group", "pictures", "another decision"};
  for (const std::string& n : result.names) table.columns.push_back("total: " + n);
  const int groups =
      result.group.empty() ? 0 : *std::max_element(result.group.begin(), result.group.end()) + 1;
  for (int g = 0; g < groups; ++g) {
    std::vector<double> sum(result.names.size(), 0);
    double count = 0, failure = 0;
    for (std::size_t i = 0; i < result.group.size(); ++i) {
      if (result.group[i] != g) continue;
      count += 1;
      failure += result.per_picture[i].failure;
      for (std::size_t f = 0; f < sum.size(); ++f) sum[f] += result.per_picture[i].total[f];
    }
    std::vector<std::string> row{std::to_string(g + 1), number_text(count),
                                 percent(failure / count)};
    for (const double v : sum) row.push_back(number_text(v / count, 2));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Panel shifted(const Sensitivity::PerPicture& p, std::string title,
              std::vector<std::pair<std::string, double>> factors) {
  Panel panel;
  panel.title = std::move(title);
  panel.shift = p.view;
  panel.shift->factors = std::move(factors);
  return panel;
}

// Pictures along each factor, and at the θ at which the model was worst.
std::vector<ExhibitGroup> strips(const Result& result) {
  std::vector<const Sensitivity::PerPicture*> order;
  for (const auto& p : result.per_picture) order.push_back(&p);
  std::stable_sort(order.begin(), order.end(),
                   [](auto* a, auto* b) { return a->worst_margin < b->worst_margin; });
  ExhibitGroup worst{"The worst case of each picture", {}},
      along{"Along each factor, the others nominal", {}};
  for (std::size_t i = 0; i < std::min(order.size(), 2 * kStrips); ++i) {
    const auto& p = *order[i];
    std::vector<std::pair<std::string, double>> theta;
    std::string text;
    for (std::size_t f = 0; f < result.names.size(); ++f) {
      theta.emplace_back(result.names[f], result.design[p.worst][f]);
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", result.names[f],
                          number_text(theta.back().second, 3));
    }
    Exhibit exhibit;
    exhibit.id = fmt::format("worst-{}", i);
    exhibit.row = p.row;
    exhibit.caption =
        fmt::format("{} ({}): margin {} at {}", p.id, class_name(result.labels, p.reference),
                    number_text(p.worst_margin, 3), text);
    exhibit.panels = {shifted(p, "nominal", {}), shifted(p, "worst", theta)};
    exhibit.sort_keys = {{"margin", p.worst_margin}};
    worst.exhibits.push_back(std::move(exhibit));
  }
  if (!order.empty())
    for (std::size_t f = 0; f < result.names.size(); ++f) {
      const auto& p = *order[0];
      const auto& r = result.responses[f];
      Exhibit exhibit;
      exhibit.id = fmt::format("along-{}", f);
      exhibit.row = p.row;
      exhibit.caption = result.names[f] + ", from its least to its largest likely value";
      for (int k = 0; k < 5; ++k) {
        const double v = r.x[static_cast<std::size_t>(k) * (r.x.size() - 1) / 4];
        exhibit.panels.push_back(
            shifted(p, number_text(v, 3) + (result.units[f].empty() ? "" : " " + result.units[f]),
                    {{result.names[f], v}}));
      }
      along.exhibits.push_back(std::move(exhibit));
    }
  return {along, worst};
}

}  // namespace

Section Sensitivity::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.disagree)
    section.warnings.push_back(
        "Surrogate and pick-freeze disagree by more than their errors: a feature of the model is "
        "missed. Give the check "
        "more calls_per_image.");
  if (result.unlabelled > 0)
    section.notes.push_back(fmt::format(
        "{} pictures have no label: their margin is that of the decision on the unchanged picture.",
        result.unlabelled));
  if (result.per_picture.empty()) return section;
  section.notes.push_back(fmt::format(
      "{} design points a picture, the same for all; {} fresh draws for the rates; {} "
      "pictures were asked again by pick-freeze, on the model itself; of {} the places where "
      "surrogates expect failures.",
      result.points, result.fresh, result.frozen, result.rare));
  if (!result.params.correlations.empty())
    section.notes.push_back(
        "The factors are correlated (" + result.params.correlations +
        "): Sobol' indices would count shared variance twice or never, so Shapley effects stand in "
        "their place, of the surrogates; pick-freeze on the model does not apply. Curves are over "
        "the other factors' own distributions.");
  section.figures = sensitivity_figures(result);
  section.tables.push_back(result.shapley.empty() ? index_table(result) : shapley_table(result));
  if (!result.logit_total.empty()) section.tables.push_back(logit_table(result));
  if (!result.pairs.empty() && result.status.empty()) section.tables.push_back(pair_table(result));
  if (result.classes.size() > 1) section.tables.push_back(class_table(result));
  section.tables.push_back(group_table(result));
  section.exhibits = strips(result);
  // [pictures][factors][3]: the total index with its interval.
  Array totals{"totals",
               {static_cast<std::int64_t>(result.per_picture.size()),
                static_cast<std::int64_t>(result.names.size()), 3},
               {}};
  for (const auto& p : result.per_picture)
    for (std::size_t f = 0; f < result.names.size(); ++f) {
      const bool known = p.total_low.size() == result.names.size();
      totals.values.push_back(static_cast<float>(p.total[f]));
      totals.values.push_back(known ? static_cast<float>(p.total_low[f]) : NAN);
      totals.values.push_back(known ? static_cast<float>(p.total_high[f]) : NAN);
    }
  section.arrays.push_back(std::move(totals));
  section.notes.push_back(
      "Each picture's own total indices with their intervals are kept as totals.npy, "
      "[pictures][factors][3].");
  return section;
}

}  // namespace assay::checks
