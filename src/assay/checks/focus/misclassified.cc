#include "assay/checks/focus/misclassified.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/clusters.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/checks/section_text.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = Misclassified::Record;
using Result = Misclassified::Result;
using Status = Misclassified::Status;
using stats::number_text;

// The mean of the studied errors' values, each in [0,1], as a finding; by cluster where there are some.
Finding mean_finding(const std::string& id, const std::vector<const Record*>& records,
                     const std::vector<double>& values, std::uint64_t seed) {
  constexpr int kReplicates = 2000;
  const std::string purpose = "misclassified/" + id;
  const auto clusters = clusters_of(records);
  double sum = 0;
  for (const double v : values) sum += v;
  return stats::bootstrapped(
      id, sum / static_cast<double>(values.size()),
      stats::bounded_mean(values, clusters, {0, 1}, {kReplicates, seed, purpose}),
      static_cast<std::int64_t>(clusters.empty() ? values.size()
                                                 : stats::renumbered(clusters).count));
}

void set_findings(const Facts& facts, Result& result) {
  const auto add = [&](Finding f) { result.findings.push_back(std::move(f)); };
  if (result.labelled == 0)
    add(stats::undefined("errors", "no picture has a label"));
  else
    add(stats::exact("errors", static_cast<double>(result.errors), "", result.labelled));
  const std::string none = result.labelled == 0 ? "no picture has a label"
                           : result.errors == 0 ? "the model makes no error on these pictures"
                                                : "the model's output was not finite";
  std::vector<const Record*> studied, restored;
  std::vector<double> is_restored, areas, second_right;
  for (const Record& r : result.studied) {
    if (r.status != Status::kOk) continue;
    const bool found = !std::isnan(r.restored.area);
    studied.push_back(&r);
    is_restored.push_back(found);
    second_right.push_back(r.second_predicted == r.label);
    if (!found) continue;
    restored.push_back(&r);
    areas.push_back(r.restored.area);
  }
  if (studied.empty()) {
    for (const char* id : {"restored", "restoring_area", "second_right"})
      add(stats::undefined(id, none));
    return;
  }
  add(mean_finding("restored", studied, is_restored, facts.seed));
  if (areas.empty())
    add(stats::undefined("restoring_area", "no label could be restored by covering a region"));
  else
    add(mean_finding("restoring_area", restored, areas, facts.seed));
  if (result.params.second_model.empty())
    add(stats::undefined("second_right", "there is no second model"));
  else
    add(mean_finding("second_right", studied, second_right, facts.seed));
}

Exhibit exhibit_of(const Result& result, const Record& r, std::size_t number) {
  const auto overlay = [&](const Misclassified::Map& map) {
    return Overlay{map.height, map.width, map.values, 0, {r.left, r.top, r.right, r.bottom}, true};
  };
  const auto region = [&](const Misclassified::Found& found) {
    return Region{kGrid, kGrid, cells_of(found.cells), {r.left, r.top, r.right, r.bottom}};
  };
  const std::string label = class_name(result.labels, r.label),
                    wrong = class_name(result.labels, r.predicted);
  Exhibit exhibit;
  exhibit.id = fmt::format("error-{}", number);
  exhibit.row = r.row;
  exhibit.caption = fmt::format("{}: {}, taken for {}", r.id, label, wrong);
  exhibit.panels = {{label, {}, {}, {}, {}},
                    {"for " + wrong, overlay(r.of_predicted), {}, {}, {}},
                    {"for " + label, overlay(r.of_label), {}, {}, {}}};
  if (!r.lost.cells.empty()) {
    exhibit.panels.push_back(
        {"without: " + class_name(result.labels, r.lost.said), {}, region(r.lost), {}, {}});
    exhibit.caption += fmt::format("; without {} of the picture {}", percent(r.lost.area),
                                   class_name(result.labels, r.lost.said));
  }
  if (!r.restored.cells.empty()) {
    exhibit.panels.push_back({"restores " + label, {}, region(r.restored), {}, {}});
    exhibit.caption += fmt::format("; covering {} restores the label", percent(r.restored.area));
  } else {
    exhibit.caption += "; no region restores the label";
  }
  if (r.second_predicted >= 0) {
    exhibit.caption += "; the second model says " + class_name(result.labels, r.second_predicted);
    if (!r.of_second.values.empty())
      exhibit.panels.push_back({"second: " + class_name(result.labels, r.second_predicted),
                                overlay(r.of_second),
                                {},
                                {},
                                {}});
  }
  exhibit.sort_keys = {{"margin", r.margin},
                       {"restoring area", std::isnan(r.restored.area) ? 1 : r.restored.area}};
  return exhibit;
}

std::string answer(const Result& result) {
  if (result.labelled == 0) return "No picture has a label, so none can be called an error.";
  if (result.errors == 0)
    return fmt::format("The model makes no error on {} labelled pictures.", result.labelled);
  std::int64_t restored = 0;
  std::vector<double> areas;
  for (const Record& r : result.studied)
    if (!std::isnan(r.restored.area)) {
      ++restored;
      areas.push_back(r.restored.area);
    }
  std::string text = fmt::format(
      "{} of {} labelled pictures are taken for another class. Of the {} worst, covering a region "
      "restores the label in {}",
      result.errors, result.labelled, result.studied.size(), restored);
  if (!areas.empty()) {
    std::sort(areas.begin(), areas.end());
    text += fmt::format(", the median one {} of the picture", percent(areas[areas.size() / 2]));
  }
  return text + ".";
}

}  // namespace

Result Misclassified::summarise(std::span<const Record> records, const Params& params,
                                const Facts& facts) {
  Result result;
  result.params = params;
  result.labels = facts.labels;
  for (const Record& r : records) {
    if (r.studied) {
      result.studied.push_back(r);
      continue;
    }
    result.unlabelled += r.status == Status::kNoLabel;
    result.nonfinite += r.status == Status::kNonFinite;
    if (r.status != Status::kOk) continue;
    ++result.labelled;
    result.errors += r.predicted != r.label;
  }
  set_findings(facts, result);
  return result;
}

std::vector<Finding> Misclassified::findings(const Result& result) { return result.findings; }

Section Misclassified::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(
        fmt::format("{} pictures have no label and are left out.", result.unlabelled));
  if (result.studied.empty()) return section;
  section.notes.push_back(
      "Regions are the smallest along the ranking by the wrong class's map less the right one's: "
      "another ranking, or another cover, may find smaller ones.");
  for (const Record& r : result.studied)
    if (!r.second_no_map.empty()) {
      section.notes.push_back("The second model has no map: " + r.second_no_map + ".");
      break;
    }
  Table table;
  table.title = "The worst errors";
  table.columns = {"picture",
                   "label",
                   "taken for",
                   "margin",
                   "without what speaks for it",
                   "restoring the label"};
  const bool second = !result.params.second_model.empty();
  if (second) table.columns.push_back("second model");
  ExhibitGroup group{"The worst errors", {}};
  for (const Record& r : result.studied) {
    const auto found = [&](const Misclassified::Found& f, bool says) {
      if (std::isnan(f.area)) return std::string("–");
      return percent(f.area) + (says ? ", then " + class_name(result.labels, f.said) : "");
    };
    table.rows.push_back({r.id, class_name(result.labels, r.label),
                          class_name(result.labels, r.predicted), number_text(r.margin, 3),
                          found(r.lost, true), found(r.restored, false)});
    if (second) table.rows.back().push_back(class_name(result.labels, r.second_predicted));
    group.exhibits.push_back(exhibit_of(result, r, group.exhibits.size() + 1));
  }
  section.tables.push_back(std::move(table));
  section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
