// How the report shows the segmentation check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/finding_ids.h"
#include "assay/checks/performance/segmentation.h"
#include "assay/checks/section_text.h"
#include "assay/methods/evaluation/truth.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = Segmentation::Record;
using Result = Segmentation::Result;

std::string answer(const Result& result) {
  const Finding& iou = finding_named(result.findings, "mean_iou");
  if (iou.status != FindingStatus::kOk) return "Nothing could be said: " + iou.note + ".";
  return fmt::format(
      "The mean intersection over union is {} ({}); {} of the pixels are right, and the "
      "confidences are off by {}.",
      stats::number_text(iou.value, 3), interval_text(iou),
      percent(finding_named(result.findings, "pixel_accuracy").value),
      value_cell(finding_named(result.findings, "ece")));
}

Table class_table(const Result& result) {
  Table table;
  table.title = "By class";
  table.columns = {"class", "IoU, mean over pictures", "Dice", "IoU over all pixels"};
  const auto iou = class_ids("iou", result.classes), dice = class_ids("dice", result.classes),
             pooled = class_ids("pooled_iou", result.classes);
  for (std::size_t k = 0; k < result.classes.size(); ++k)
    table.rows.push_back({result.classes[k], value_cell(finding_named(result.findings, iou[k])),
                          value_cell(finding_named(result.findings, dice[k])),
                          value_cell(finding_named(result.findings, pooled[k]))});
  return table;
}

Figure diagram(const Result& result) {
  Figure figure;
  figure.id = "reliability";
  figure.title = "Reliability of the pixels' probabilities";
  figure.caption =
      "Share of pixels that are right by the probability of the answer; below, how many pixels.";
  figure.kind = FigureKind::kReliability;
  figure.x_label = "probability";
  figure.y_label = "right";
  Series points, counts;
  points.name = "pixels";
  counts.name = "count";
  for (std::size_t b = 0; b < Segmentation::kBins; ++b) {
    const double middle = (static_cast<double>(b) + 0.5) / Segmentation::kBins;
    counts.x.push_back(middle);
    counts.y.push_back(static_cast<double>(result.pixels[b]));
    if (result.pixels[b] == 0) continue;
    points.x.push_back(result.confidence[b]);
    points.y.push_back(result.accuracy[b]);
  }
  figure.series = {points, counts};
  return figure;
}

ExhibitGroup worst(const Result& result) {
  constexpr std::size_t kShown = 12;
  ExhibitGroup group{"Pictures with the least overlap", {}};
  std::vector<std::pair<double, const Record*>> order;
  for (const Record& r : result.records)
    order.emplace_back(methods::mean_iou({r.truth, r.answer, r.both}), &r);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  order.resize(std::min(kShown, order.size()));
  for (std::size_t k = 0; k < order.size(); ++k) {
    Exhibit exhibit;
    exhibit.id = fmt::format("overlap-{}", k);
    exhibit.row = order[k].second->row;
    exhibit.caption =
        fmt::format("{}: mean IoU {}", order[k].second->id, stats::number_text(order[k].first, 2));
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section Segmentation::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.records.empty()) return section;
  section.tables.push_back(class_table(result));
  section.figures.push_back(diagram(result));
  section.exhibits.push_back(worst(result));
  return section;
}

}  // namespace assay::checks
