// How the report shows the corruption check.
#include <fmt/format.h>

#include <algorithm>

#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/corruption.h"
#include "assay/checks/sensitivity/named_corruptions.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Result = Corruption::Result;
using stats::number_text;

// Types from the one that costs most.
std::vector<std::size_t> ranked(const Result& result) {
  std::vector<std::size_t> order;
  for (std::size_t t = 0; t < result.types.size(); ++t) order.push_back(t);
  const auto value = [&](std::size_t t) {
    return finding_named(result.findings, "error/" + result.types[t]).value;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value(a) > value(b); });
  return order;
}

std::string answer(const Result& result) {
  const Finding& mean = finding_named(result.findings, "mean_error");
  if (mean.status != FindingStatus::kOk) return "Nothing could be said: " + mean.note + ".";
  const Finding& clean = finding_named(result.findings, "clean_error");
  const std::string& worst = result.types[ranked(result).front()];
  std::string text = fmt::format(
      "Over {} corruptions {} of the decisions are wrong ({}), of the pictures themselves {}. The "
      "worst is {} with {}.",
      result.types.size(), percent(mean.value), interval_text(mean), percent(clean.value), worst,
      percent(finding_named(result.findings, "error/" + worst).value));
  if (const Finding& mce = finding_named(result.findings, "mce"); mce.status == FindingStatus::kOk)
    text += fmt::format(" The mean corruption error is {} of the baseline's.",
                        number_text(mce.value, 3));
  return text;
}

Figure bars(const Result& result) {
  Figure figure;
  figure.id = "errors";
  figure.title = "Error by corruption";
  figure.caption = "Mean over severities, with 95 % intervals.";
  figure.kind = FigureKind::kBars;
  figure.y_label = "error";
  Series series;
  series.name = "error";
  for (const std::size_t t : ranked(result)) {
    const Finding& f = finding_named(result.findings, "error/" + result.types[t]);
    figure.labels.push_back(result.types[t]);
    add_with_interval(series, f);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

Table severity_table(const Result& result) {
  Table table;
  table.title = "Error by corruption and severity";
  table.columns = {"corruption"};
  for (const double s : result.severities) table.columns.push_back(number_text(s, 3));
  table.columns.push_back("mean");
  for (const std::size_t t : ranked(result)) {
    std::vector<std::string> row{result.types[t]};
    for (const double e : result.error[t]) row.push_back(percent(e));
    row.push_back(value_cell(finding_named(result.findings, "error/" + result.types[t])));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A row a group, a column for each of the types that cost most.
Table corruption_groups(const Result& result) {
  constexpr std::size_t kColumns = 6;
  auto order = ranked(result);
  order.resize(std::min(kColumns, order.size()));
  Table table;
  table.title = "Error by group, under the corruptions that cost most";
  table.columns = {"group", "pictures", "mean of all"};
  for (const std::size_t t : order) table.columns.push_back(result.types[t]);
  for (const auto& group : result.groups) {
    if (group.pictures == 0) continue;
    std::vector<std::string> row{group.label, std::to_string(group.pictures),
                                 value_cell(group.mean)};
    for (const std::size_t t : order) row.push_back(percent(group.error[t]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A picture that is right when clean, under the types that cost most, severity by severity.
ExhibitGroup strips(const Result& result) {
  ExhibitGroup group{"A picture under the corruptions that cost most", {}};
  const auto shown = std::find_if(result.records.begin(), result.records.end(),
                                  [](const auto& r) { return !r.clean_error; });
  if (shown == result.records.end()) return group;
  const auto order = ranked(result);
  const std::size_t s = result.severities.size();
  for (std::size_t k = 0; k < std::min<std::size_t>(5, order.size()); ++k) {
    const std::size_t t = order[k];
    Exhibit exhibit;
    exhibit.id = fmt::format("corrupted-{}", k);
    exhibit.row = shown->row;
    exhibit.caption = fmt::format("{}: {} ({})", result.types[t], shown->id,
                                  class_name(result.labels, shown->label));
    for (std::size_t i = 0; i < std::min<std::size_t>(5, s); ++i) {
      Panel panel;
      panel.title = fmt::format("{}: margin {}", number_text(result.severities[i], 3),
                                number_text(static_cast<double>(shown->margins[t * s + i]), 2));
      Shift shift = shown->view("", 0, result.seed);
      shift.corruption = result.types[t];
      shift.severity = result.severities[i];
      shift.draw = static_cast<std::uint64_t>(shown->row);
      panel.shift = shift;
      exhibit.panels.push_back(std::move(panel));
    }
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section Corruption::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(
        fmt::format("{} pictures have no label and are left out.", result.unlabelled));
  if (result.records.empty()) return section;
  if (result.params.baseline == "alexnet" && result.params.baseline_model.empty())
    section.notes.push_back(
        "The baseline's errors are those published of AlexNet on ImageNet at severities 1 to 5: "
        "they mean something for models of ImageNet's classes only.");
  for (const auto* type : corruption_types(result.params.types))
    if (!type->difference.empty())
      section.notes.push_back(fmt::format("{}: {}.", type->name, type->difference));
  section.figures.push_back(bars(result));
  section.tables.push_back(severity_table(result));
  if (!result.groups.empty()) section.tables.push_back(corruption_groups(result));
  if (auto group = strips(result); !group.exhibits.empty())
    section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
