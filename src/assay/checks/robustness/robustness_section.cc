// How the report shows the robustness check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/robustness/robustness.h"
#include "assay/checks/robustness/robustness_attacks.h"
#include "assay/checks/section_text.h"
#include "assay/stats/median.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Result = Robustness::Result;
using stats::number_text;

const Finding& of_all(const Result& result, std::size_t size) {
  return finding_named(result.findings, "robust_accuracy/all/" + result.sizes[size]);
}

std::string size_text(const std::string& name) {
  std::string text = name;
  std::replace(text.begin(), text.end(), '-', '/');
  return text;
}

std::string answer(const Result& result) {
  const Finding& clean = finding_named(result.findings, "clean_accuracy");
  if (clean.status != FindingStatus::kOk) return "Nothing could be said: " + clean.note + ".";
  const std::size_t last = result.sizes.size() - 1;
  std::string text = fmt::format(
      "Of {} pictures {} are right as they are. With a change of at most {} ({}) {} stay right",
      result.pictures - result.nonfinite, percent(clean.value), size_text(result.sizes[last]),
      result.params.norm, percent(of_all(result, last).value));
  if (const std::string interval = interval_text(of_all(result, last)); !interval.empty())
    text += " (" + interval + ")";
  if (last > 0)
    text +=
        fmt::format(", with {} {}", size_text(result.sizes[0]), percent(of_all(result, 0).value));
  return text + ".";
}

bool is_drawn(const Assault& assault) { return assault.role != Assault::Role::kSaturated; }

Figure curves(const Result& result) {
  Figure figure;
  figure.id = "robust-accuracy";
  figure.title = "Accuracy under attack, by the size of the change";
  figure.caption =
      "What stays right of all pictures asked, those that are wrong to begin with among the wrong. "
      "\"all\": what "
      "withstands every attack. The noise is the control: random points of the same size.";
  figure.x_label = "size of the change (" + result.params.norm + ")";
  figure.y_label = "robust accuracy";
  const auto assaults = assaults_of(result.params);
  const double clean = finding_named(result.findings, "clean_accuracy").value;
  for (std::size_t a = 0; a <= assaults.size(); ++a) {
    const bool all = a == assaults.size();
    if (!all && (!is_drawn(assaults[a]) || assaults[a].role == Assault::Role::kScores)) continue;
    Series series;
    series.name = all ? "all" : assaults[a].name;
    series.x.push_back(0);
    series.y.push_back(clean);
    for (std::size_t s = 0; s < result.eps.size(); ++s) {
      series.x.push_back(result.eps[s]);
      series.y.push_back(result.robust[a][s]);
    }
    figure.series.push_back(std::move(series));
  }
  return figure;
}

Table attack_table(const Result& result) {
  Table table;
  table.title = "Accuracy under attack";
  table.columns = {"attack"};
  for (const std::string& size : result.sizes) table.columns.push_back(size_text(size));
  table.columns.emplace_back("points asked until a picture fell (median)");
  const auto assaults = assaults_of(result.params);
  for (std::size_t a = 0; a <= assaults.size(); ++a) {
    const bool all = a == assaults.size();
    if (!all && !is_drawn(assaults[a])) continue;
    const std::string name = all ? "all" : assaults[a].name;
    std::vector<std::string> row{name};
    for (std::size_t s = 0; s < result.sizes.size(); ++s)
      row.push_back(all || runs_at(assaults[a], s, result.sizes.size())
                        ? value_cell(finding_named(
                              result.findings, "robust_accuracy/" + name + "/" + result.sizes[s]))
                        : "–");
    row.push_back(all || result.evaluations[a].empty()
                      ? "–"
                      : number_text(stats::median(result.evaluations[a]), 4));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table certified_table(const Result& result) {
  Table table;
  table.title = "Certified by noise of deviation " + number_text(result.params.smoothing, 3);
  table.columns = {"radius (l2)", "pictures that no change of this size can make wrong"};
  for (const double r : result.radii)
    table.rows.push_back(
        {number_text(r, 4),
         value_cell(finding_named(result.findings, "certified_accuracy/" + number_text(r, 6)))});
  return table;
}

// What withstands all of them, class by class or group by group.
template <class Rows, class Name, class Curve>
Table part_table(const Result& result, const std::string& title, const std::string& first,
                 const Rows& rows, Name name, Curve curve) {
  Table table;
  table.title = title;
  table.columns = {first};
  for (const std::string& size : result.sizes) table.columns.push_back(size_text(size));
  for (const auto& r : rows) {
    if (curve(r).empty()) continue;
    std::vector<std::string> row{name(r)};
    for (const double v : curve(r)) row.push_back(percent(v));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure distances(const Result& result) {
  Figure figure;
  figure.id = "nearest";
  figure.title = "The smallest change that was found, picture by picture";
  figure.caption =
      "The share of pictures that a change of this size is known to cost; those that are wrong to "
      "begin with need "
      "none.";
  figure.x_label = "smallest change (" + result.params.norm + ")";
  figure.y_label = "share of pictures";
  Series series;
  series.name = "fallen";
  const auto n = static_cast<double>(result.nearest.size());
  for (std::size_t i = 0; i < result.nearest.size(); ++i) {
    if (!std::isfinite(result.nearest[i])) break;
    series.x.push_back(result.nearest[i]);
    series.y.push_back(static_cast<double>(i + 1) / n);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

ExhibitGroup pictures(const Result& result) {
  ExhibitGroup group{"Pictures that fell, at the smallest size at which one did", {}};
  for (std::size_t k = 0; k < result.shown.size(); ++k) {
    const auto& s = result.shown[k];
    float most = 0;
    for (std::size_t i = 0; i < s.before.size(); ++i)
      most = std::max(most, std::abs(s.after[i] - s.before[i]));
    const double gain = most > 0 ? std::max(1.0, std::floor(0.5 / static_cast<double>(most))) : 1;
    Exhibit exhibit;
    exhibit.id = fmt::format("attacked-{}", k);
    exhibit.row = s.row;
    exhibit.caption = fmt::format(
        "{}: {} is taken for {}, {} {}", s.id, class_name(result.labels, s.label),
        class_name(result.labels, s.decision), result.params.norm, number_text(s.eps, 3));
    const auto panel = [&](const std::string& title, const std::vector<float>& values) {
      Panel p;
      p.title = title;
      p.drawing = Drawing{s.channels, s.height, s.width, values};
      return p;
    };
    exhibit.panels = {panel(class_name(result.labels, s.label), s.before),
                      panel(class_name(result.labels, s.decision), s.after),
                      panel(fmt::format("difference x {}", number_text(gain, 3)), s.after)};
    exhibit.panels.back().difference = gain;
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section Robustness::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (!result.reasons.empty()) {
    std::string text = "The gradients may hide more than they show (masking): ";
    for (std::size_t k = 0; k < result.reasons.size(); ++k)
      text += (k > 0 ? "; " : "") + result.reasons[k];
    section.warnings.push_back(text +
                               ". What withstands the attacks may only be out of their sight.");
  }
  if (result.straight_through)
    section.notes.emplace_back(
        "The model rounds inside (quantised weights or values). Attacks follow the gradient of "
        "rounding taken for the "
        "identity; what they find is tried on the model as it is.");
  if (finding_named(result.findings, "clean_accuracy").status != FindingStatus::kOk) return section;
  section.notes.push_back(
      fmt::format("{} of the pictures are wrong to begin with: they are counted as not robust and "
                  "are not attacked.",
                  result.wrong));
  section.notes.emplace_back(
      "Sizes are of pixels from 0 to 1 before normalisation, of the picture as the model is shown "
      "it; no pixel leaves that "
      "range.");
  section.figures.push_back(curves(result));
  section.tables.push_back(attack_table(result));
  if (!result.nearest.empty()) section.figures.push_back(distances(result));
  if (!result.radii.empty()) {
    section.tables.push_back(certified_table(result));
    section.notes.push_back(fmt::format(
        "What is certified is the majority of answers under noise, each picture at 99.9 %, from {} "
        "draws: a model that is run so. The model as it is answers without noise.",
        result.params.smoothing_samples));
  }
  if (result.classes.size() > 1)
    section.tables.push_back(part_table(
        result, "What withstands all, by class", "class", result.classes,
        [](const auto& c) { return c.first; }, [](const auto& c) { return c.second; }));
  if (!result.groups.empty())
    section.tables.push_back(part_table(
        result, "What withstands all, by group", "group", result.groups,
        [](const auto& g) { return g.label + " (" + pictures_text(g.pictures) + ")"; },
        [](const auto& g) { return g.robust; }));
  if (auto group = pictures(result); !group.exhibits.empty())
    section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
