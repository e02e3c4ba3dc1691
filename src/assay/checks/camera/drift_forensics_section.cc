// How the report shows the drift-forensics check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/camera/drift_forensics.h"
#include "assay/checks/camera/drift_forensics_runs.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = DriftForensics::Record;
using Result = DriftForensics::Result;
using stats::number_text;

// The search over everything at the largest budget.
const Result::Found* largest(const Result& result) {
  const Result::Found* found = nullptr;
  for (const auto& f : result.found)
    if (f.name == "all") found = &f;
  return found;
}

std::string budget_text(const Result& result) {
  return number_text(forensics_budgets(result.params).back(), 4);
}

std::string answer(const Result& result) {
  const Finding& at = finding_named(result.findings, "accuracy_at_budget/" + budget_text(result));
  if (at.status != FindingStatus::kOk) return "Nothing could be said: " + at.note + ".";
  std::string text = fmt::format(
      "Within the specification, and changing the pictures by at most {} ({}), the camera can "
      "bring the accuracy from {} to {} ({}).",
      budget_text(result), result.params.distance,
      percent(finding_named(result.findings, "accuracy").value), percent(at.value),
      interval_text(at));
  const Finding* worst = nullptr;
  for (const Finding& f : result.findings)
    if (f.id.starts_with("worst_drop/") && f.status == FindingStatus::kOk &&
        (!worst || f.value > worst->value))
      worst = &f;
  if (worst)
    text += fmt::format(" Alone, {} costs most: {}.",
                        worst->id.substr(std::string("worst_drop/").size()), value_cell(*worst));
  return text;
}

Figure by_budget(const Result& result) {
  Figure figure;
  figure.id = "budget";
  figure.title =
      "Accuracy that a drift of the camera leaves, by how much it may change the pictures";
  figure.caption =
      "On pictures that the search did not see, with 95 % intervals. Random: the best of as many "
      "model calls at places drawn at random.";
  figure.x_label = "budget (" + result.params.distance + ")";
  figure.y_label = "accuracy";
  for (const char* kind : {"", "random_"}) {
    Series series;
    series.name = *kind ? "random" : "searched";
    const Finding& own = finding_named(result.findings, "accuracy");
    const auto add = [&](double x, const Finding& f) {
      series.x.push_back(x);
      add_with_interval(series, f);
    };
    add(0, own);
    for (const double b : forensics_budgets(result.params))
      add(b, finding_named(result.findings,
                           std::string(kind) + "accuracy_at_budget/" + number_text(b, 4)));
    figure.series.push_back(std::move(series));
  }
  return figure;
}

Figure by_part(const Result& result) {
  Figure figure;
  figure.id = "parts";
  figure.title = "What a part of the camera can cost alone";
  figure.caption =
      "Drop of accuracy at the largest budget, on pictures that the search did not see.";
  figure.kind = FigureKind::kBars;
  figure.y_label = "drop";
  std::vector<const Finding*> order;
  for (const Finding& f : result.findings)
    if (f.id.starts_with("worst_drop/")) order.push_back(&f);
  std::stable_sort(order.begin(), order.end(),
                   [](const Finding* a, const Finding* b) { return a->value > b->value; });
  Series series;
  series.name = "drop";
  for (const Finding* f : order) {
    figure.labels.push_back(f->id.substr(std::string("worst_drop/").size()));
    add_with_interval(series, *f);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

Figure tolerance_bars(const Result& result) {
  Figure figure;
  figure.id = "tolerances";
  figure.title = "Tolerance of each parameter alone, as a share of its specification";
  figure.caption = fmt::format(
      "1: the whole way from nominal to the end of the specification costs less than {} of the "
      "accuracy, with 95 % confidence.",
      number_text(result.params.allowed_drop, 3));
  figure.kind = FigureKind::kBars;
  figure.y_label = "share of the way";
  Series series;
  series.name = "tolerated";
  for (std::size_t f = 0; f < result.factors.size(); ++f)
    for (std::size_t side = 0; side < 2; ++side) {
      const double way = (side == 0 ? result.low : result.high)[f] - result.nominal[f];
      if (way == 0) continue;
      figure.labels.push_back(result.factors[f] + (side == 0 ? " ↓" : " ↑"));
      series.y.push_back((result.tolerated[2 * f + side] - result.nominal[f]) / way);
    }
  figure.series.push_back(std::move(series));
  return figure;
}

Table parameter_table(const Result& result) {
  const Result::Found* worst = largest(result);
  Table table;
  table.title = "Parameters: specification, tolerance, and the costliest camera within the budget";
  table.columns = {"parameter", "unit", "nominal", "specified", "tolerated", "costliest camera"};
  for (std::size_t f = 0; f < result.factors.size(); ++f)
    table.rows.push_back({result.factors[f], result.units[f].empty() ? "–" : result.units[f],
                          number_text(result.nominal[f], 4),
                          number_text(result.low[f], 4) + " to " + number_text(result.high[f], 4),
                          number_text(result.tolerated[2 * f], 4) + " to " +
                              number_text(result.tolerated[2 * f + 1], 4),
                          worst ? number_text(worst->search.theta[f], 4) : "–"});
  return table;
}

Shift drifted_view(const Result& result, const Record& r, const double* theta) {
  Shift shift = r.view("reflect", 0, result.seed);
  for (std::size_t f = 0; f < result.factors.size(); ++f)
    if (theta[f] != result.nominal[f]) shift.factors.emplace_back(result.factors[f], theta[f]);
  return shift;
}

// A picture that was lost on the way to the costliest camera.
ExhibitGroup strips(const Result& result) {
  constexpr std::size_t kShown = 4, kViews = 4;
  constexpr double kGain = 4;
  ExhibitGroup group{"On the way to the costliest camera", {}};
  const Result::Found* worst = largest(result);
  if (!worst) return group;
  const auto run = static_cast<std::size_t>(worst->search.run);
  const std::size_t factors = result.factors.size();
  std::vector<const Record*> lost;
  for (const Record& r : result.verified)
    if (r.score[run + 1] < r.score[0]) lost.push_back(&r);
  std::stable_sort(lost.begin(), lost.end(), [&](const Record* a, const Record* b) {
    const float da = a->score[0] - a->score[run + 1], db = b->score[0] - b->score[run + 1];
    return da != db ? da > db : a->margins[run + 1] < b->margins[run + 1];
  });
  lost.resize(std::min(kShown, lost.size()));
  for (std::size_t k = 0; k < lost.size(); ++k) {
    const Record& r = *lost[k];
    Exhibit exhibit;
    exhibit.id = fmt::format("forced-{}", k);
    exhibit.row = r.row;
    exhibit.caption = picture_name(r.id, result.labels, r.label);
    std::vector<double> theta(factors);
    for (std::size_t v = 0; v <= kViews; ++v) {
      const double share = static_cast<double>(v) / kViews;
      for (std::size_t f = 0; f < factors; ++f)
        theta[f] = result.nominal[f] + share * (worst->search.theta[f] - result.nominal[f]);
      Panel panel;
      panel.title =
          v == 0
              ? fmt::format("nominal: margin {}", number_text(static_cast<double>(r.margins[0]), 2))
          : v == kViews ? fmt::format("found: margin {}",
                                      number_text(static_cast<double>(r.margins[run + 1]), 2))
                        : fmt::format("{:.0f}% of the way", 100 * share);
      panel.shift = drifted_view(result, r, theta.data());
      exhibit.panels.push_back(std::move(panel));
    }
    Panel difference = exhibit.panels.back();
    difference.title = "difference, 4 times";
    difference.difference = kGain;
    exhibit.panels.push_back(std::move(difference));
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section DriftForensics::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(fmt::format(
        "{} pictures have no label that the model knows and are left out.", result.unlabelled));
  if (result.found.empty() || result.verified.empty()) return section;
  section.notes.push_back(fmt::format("The search saw {}; drops are those of {} others.",
                                      pictures_text(result.searched), result.verified.size()));
  section.figures.push_back(by_budget(result));
  if (result.params.apart != "none") section.figures.push_back(by_part(result));
  section.tables.push_back(parameter_table(result));
  if (result.params.grid > 0) section.figures.push_back(tolerance_bars(result));
  if (auto group = strips(result); !group.exhibits.empty())
    section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
