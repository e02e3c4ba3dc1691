// How the report shows the drift-synthesis check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/camera/drift_synthesis.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = DriftSynthesis::Record;
using Result = DriftSynthesis::Result;
using stats::number_text;

std::string answer(const Result& result) {
  const Finding& worst = finding_named(result.findings, "worst_accuracy");
  if (worst.status != FindingStatus::kOk) return "Nothing could be said: " + worst.note + ".";
  const Finding& own = finding_named(result.findings, "accuracy/audited");
  const Finding& change = finding_named(result.findings, "worst_difference");
  const std::string& camera = result.cameras[result.worst_camera];
  return fmt::format(
      "Of {} cameras the worst for the audited model is {}: {} right ({}), {} with the data's own, "
      "a "
      "difference of {}.",
      result.cameras.size(), camera, percent(worst.value), interval_text(worst), percent(own.value),
      value_cell(change));
}

Figure matrix(const Result& result) {
  Figure figure;
  figure.id = "accuracy";
  figure.title = "Accuracy by model and camera";
  figure.caption = "A row a model, a column a camera; the first column is the data's own.";
  figure.kind = FigureKind::kMap;
  figure.x_label = "camera";
  figure.y_label = "model";
  figure.labels.emplace_back("own");
  figure.labels.insert(figure.labels.end(), result.cameras.begin(), result.cameras.end());
  figure.row_labels = result.models;
  for (std::size_t m = 0; m < result.models.size(); ++m)
    for (std::size_t c = 0; c <= result.cameras.size(); ++c) {
      double sum = 0;
      for (const Record& r : result.records)
        sum += static_cast<double>(c == 0 ? r.own[m] : r.score[m * result.cameras.size() + c - 1]);
      figure.matrix.push_back(sum / static_cast<double>(result.records.size()));
    }
  return figure;
}

std::string chain_words(const std::string& chain) {
  std::string text;
  for (std::size_t at = 0; at < chain.size();) {
    const std::size_t bar = std::min(chain.find(" | ", at), chain.size());
    text += (text.empty() ? "" : " → ") + chain.substr(at, bar - at);
    at = bar + 3;
  }
  return text;
}

Table camera_table(const Result& result) {
  Table table;
  table.title = "Cameras, and what they change";
  table.columns = {"camera", "accuracy", "difference to the data's own", "rms", "1 − SSIM",
                   "ΔE₀₀",   "chain"};
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < result.cameras.size(); ++c) order.push_back(c);
  const auto accuracy = [&](std::size_t c) {
    return finding_named(result.findings, result.accuracy_id(0, c)).value;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return accuracy(a) < accuracy(b); });
  for (const std::size_t c : order) {
    const double* d = &result.distances[c * DriftSynthesis::kDistances];
    const auto cell = [](double v) {
      return std::isfinite(v) ? number_text(v, 3) : std::string("–");
    };
    table.rows.push_back({result.cameras[c],
                          value_cell(finding_named(result.findings, result.accuracy_id(0, c))),
                          value_cell(finding_named(result.findings, result.difference_id(0, c))),
                          cell(d[0]), cell(d[1]), cell(d[2]), chain_words(result.chains[c])});
  }
  return table;
}

// Paired differences of the other models.
Table model_table(const Result& result) {
  Table table;
  table.title = "Difference to the data's own camera, by model";
  table.columns = {"camera"};
  for (const std::string& m : result.models) table.columns.push_back(m);
  for (std::size_t c = 0; c < result.cameras.size(); ++c) {
    std::vector<std::string> row{result.cameras[c]};
    for (std::size_t m = 0; m < result.models.size(); ++m)
      row.push_back(value_cell(finding_named(result.findings, result.difference_id(m, c))));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure against_corruptions(const Result& result) {
  Figure figure;
  figure.id = "distance";
  figure.title = "Cameras beside corruptions, by how much they change the picture";
  figure.caption =
      "Accuracy of the audited model over the mean rms difference to the data's own pictures. A "
      "camera below the lines costs more than its change of the picture would suggest.";
  figure.x_label = "rms difference";
  figure.y_label = "accuracy";
  for (std::size_t t = 0; t < result.types.size(); ++t) {
    Series series;
    series.name = result.types[t];
    auto points = result.weather[t];
    std::stable_sort(points.begin(), points.end(),
                     [](const auto& a, const auto& b) { return a.distance < b.distance; });
    for (const auto& p : points) {
      series.x.push_back(p.distance);
      series.y.push_back(p.accuracy);
    }
    figure.series.push_back(std::move(series));
  }
  Series cameras;
  cameras.name = "cameras";
  std::vector<std::pair<double, double>> points;
  for (std::size_t c = 0; c < result.cameras.size(); ++c)
    points.emplace_back(result.distances[c * DriftSynthesis::kDistances],
                        finding_named(result.findings, result.accuracy_id(0, c)).value);
  std::sort(points.begin(), points.end());
  for (const auto& [x, y] : points) {
    cameras.x.push_back(x);
    cameras.y.push_back(y);
  }
  figure.series.push_back(std::move(cameras));
  return figure;
}

// Right by the data's own camera, wrong by the worst; the surest of them first.
ExhibitGroup flipped(const Result& result) {
  constexpr std::size_t kShown = 4;
  constexpr double kGain = 4;
  const std::size_t c = result.worst_camera;
  ExhibitGroup group{"Pictures that the worst camera costs: " + result.cameras[c], {}};
  std::vector<const Record*> lost;
  for (const Record& r : result.records)
    if (r.score[c] < r.own[0]) lost.push_back(&r);
  std::stable_sort(lost.begin(), lost.end(), [&](const Record* a, const Record* b) {
    const float da = a->own[0] - a->score[c], db = b->own[0] - b->score[c];
    return da != db ? da > db : a->margins[c] < b->margins[c];
  });
  lost.resize(std::min(kShown, lost.size()));
  for (std::size_t k = 0; k < lost.size(); ++k) {
    const Record& r = *lost[k];
    Exhibit exhibit;
    exhibit.id = fmt::format("camera-{}", k);
    exhibit.row = r.row;
    exhibit.caption = picture_name(r.id, result.labels, r.label);
    Panel own, other, difference;
    own.title = "the data's own";
    own.shift = r.view("reflect", 0, result.seed);
    other = own;
    other.title =
        fmt::format("by it: margin {}", number_text(static_cast<double>(r.margins[c]), 2));
    other.shift->camera = result.chains[c];
    difference = other;
    difference.title = "difference, 4 times";
    difference.difference = kGain;
    exhibit.panels = {own, other, difference};
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section DriftSynthesis::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(fmt::format(
        "{} pictures have no label that the model knows and are left out.", result.unlabelled));
  if (result.records.empty()) return section;
  section.notes.push_back(
      "The worst camera was chosen on these pictures; its interval is that of one camera by "
      "itself.");
  section.figures.push_back(matrix(result));
  section.tables.push_back(camera_table(result));
  if (result.models.size() > 1) section.tables.push_back(model_table(result));
  section.figures.push_back(against_corruptions(result));
  if (auto group = flipped(result); !group.exhibits.empty())
    section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
