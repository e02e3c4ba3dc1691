// How the report shows the calibration check.
#include <algorithm>
#include <cmath>

#include "assay/checks/performance/calibration.h"
#include "assay/checks/reliability_figure.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using stats::number_text;

constexpr std::size_t kMostRowsInATable = 15;

std::string value_text(const Finding& f) {
  return f.status == FindingStatus::kOk ? number_text(f.value, 3) : "undefined";
}

std::string answer(const Calibration::Result& r) {
  const Finding& ece = finding_named(r.findings, "ece");
  if (ece.status != FindingStatus::kOk) return "Nothing can be said: " + ece.note + ".";
  std::string text =
      "Confidences miss the hit rate by " + number_text(ece.value, 3) + " on average";
  if (ece.interval) text += " (" + interval_text(ece) + " with 95 % confidence, bias-corrected)";
  text += "; noise alone would show " + value_text(finding_named(r.findings, "ece_null")) + ".";
  const Finding& over = finding_named(r.findings, "overconfidence");
  if (over.interval && over.interval->low > 0)
    text += " The model is overconfident.";
  else if (over.interval && over.interval->high < 0)
    text += " The model is underconfident.";
  const Finding& after = finding_named(r.findings, "ece_after_temperature");
  if (after.status == FindingStatus::kOk)
    text += " A temperature of " + value_text(finding_named(r.findings, "temperature")) +
            " makes it " + value_text(after) + " on held-out pictures.";
  return text;
}

Figure diagram(const Calibration::Diagram& d, const std::string& id, const std::string& title) {
  Figure f = reliability_figure(d.cells, d.bands);
  f.id = id;
  f.title = title;
  f.caption =
      "Hit rate over confidence, one point a bin. The band is where 95 % of calibrated models with "
      "these confidences would lie; a point outside it is more than noise. Below: pictures a bin.";
  return f;
}

Table bin_table(const Calibration::Diagram& d) {
  Table t;
  t.title = "The bins";
  t.columns = {"confidence", "pictures", "mean confidence", "hit rate", "calibrated models"};
  const auto bins = static_cast<double>(d.cells.size());
  for (std::size_t b = 0; b < d.cells.size(); ++b) {
    const stats::Cell& cell = d.cells[b];
    if (cell.count == 0) continue;
    t.rows.push_back({number_text(static_cast<double>(b) / bins, 3) + " to " +
                          number_text(static_cast<double>(b + 1) / bins, 3),
                      number_text(cell.count, 9), number_text(cell.forecast / cell.count, 3),
                      number_text(cell.hits / cell.count, 3),
                      number_text(d.bands[b].low, 3) + " to " + number_text(d.bands[b].high, 3)});
  }
  return t;
}

Table temperature_table(const Calibration::Result& r) {
  Table t;
  t.title = "Temperature scaling, on held-out pictures";
  t.columns = {"", "as it is",
               "after temperature " + value_text(finding_named(r.findings, "temperature"))};
  t.rows = {{"expected calibration error", value_text(finding_named(r.findings, "ece")),
             value_text(finding_named(r.findings, "ece_after_temperature"))},
            {"negative log-likelihood", value_text(finding_named(r.findings, "nll")),
             value_text(finding_named(r.findings, "nll_after_temperature"))}};
  return t;
}

Table class_table(const Calibration::Result& r) {
  Table t;
  t.title = r.classes.size() > kMostRowsInATable
                ? "The classes with the largest calibration error"
                : "Every class, the largest calibration error first";
  t.columns = {"class", "calibration error against the rest"};
  for (const auto& c : r.classes) {
    if (t.rows.size() == kMostRowsInATable) break;
    t.rows.push_back({r.labels[static_cast<std::size_t>(c.c)], number_text(c.error, 3)});
  }
  return t;
}

}  // namespace

Section Calibration::present(const Result& r) {
  Section s;
  s.answer = answer(r);
  s.notes = r.notes;
  if (r.unusable > 0)
    s.warnings.push_back("The model's output is not a finite number for " +
                         std::to_string(r.unusable) +
                         (r.unusable == 1 ? " picture, which has" : " pictures, which have") +
                         " no confidence and " + (r.unusable == 1 ? "is" : "are") + " left out.");
  if (r.rows == 0) return s;
  const Finding& null = finding_named(r.findings, "ece_null");
  if (null.value > 0.02)
    s.warnings.push_back("With " + std::to_string(r.rows) +
                         (r.rows == 1 ? " picture" : " pictures") +
                         " a perfectly calibrated model would score an ECE of " + value_text(null) +
                         ": read ece_excess and the intervals, not the raw number.");
  if (finding_named(r.findings, "nll").status != FindingStatus::kOk)
    s.warnings.push_back("nll is undefined: " + finding_named(r.findings, "nll").note + ".");

  s.figures.push_back(diagram(r.before, "reliability", "Does a confidence of 80 % mean 80 %?"));
  if (!r.after.cells.empty())
    s.figures.push_back(diagram(r.after, "reliability-after", "After temperature scaling"));
  s.tables.push_back(bin_table(r.before));
  if (!r.after.cells.empty()) s.tables.push_back(temperature_table(r));
  s.tables.push_back(class_table(r));
  return s;
}

}  // namespace assay::checks
