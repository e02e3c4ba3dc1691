// How the report shows the tolerance check.
#include <fmt/format.h>

#include <algorithm>

#include "assay/checks/section_text.h"
#include "assay/checks/sensitivity/tolerance.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Extent = Tolerance::Extent;
using Result = Tolerance::Result;
using stats::number_text;

constexpr std::size_t kShownPictures = 6;

std::string unit_of(const Extent& e) { return e.unit.empty() ? "" : " " + e.unit; }

std::string range_text(const std::optional<double>& low, const std::optional<double>& high) {
  if (!low || !high) return "–";
  return number_text(*low, 3) + " to " + number_text(*high, 3);
}

std::string held_thing(const Result& result) {
  return result.params.holds == "accuracy" ? "the right decision" : "the decision";
}

std::string answer(const Result& result) {
  if (result.counted == 0) return "Nothing could be said: no picture could be judged.";
  std::string text;
  for (const Extent& e : result.extents)
    if (e.low && e.high)
      text += fmt::format("{}{} from {}{}", text.empty() ? "" : ", ", e.name,
                          range_text(e.low, e.high), unit_of(e));
  if (text.empty())
    return fmt::format("No tolerance can be claimed of {}: {}.", pictures_text(result.counted),
                       result.counted < result.fewest
                           ? fmt::format("{} are needed", result.fewest)
                           : fmt::format("{} of them fail as they are", result.wrong));
  std::string all = fmt::format(
      "With {} confidence each, {} holds for {} of the pictures with one factor changed: {}.",
      percent(result.params.confidence), held_thing(result), percent(result.params.least), text);
  if (!result.no_box.empty())
    return all + " Of all factors together nothing is claimed: " + result.no_box + ".";
  std::string box;
  for (const Extent& e : result.extents)
    box += fmt::format("{}{} from {}{}", box.empty() ? "" : ", ", e.name,
                       range_text(e.box_low, e.box_high), unit_of(e));
  const Finding& failure = finding_named(result.findings, "box_failure");
  return all + fmt::format(" With all changed at once: {}; of draws from this box {} fail ({}).",
                           box, percent(failure.value), interval_text(failure));
}

Figure curve(const Result& result, const Extent& e) {
  Figure figure;
  figure.id = "holds-" + e.name;
  for (char& c : figure.id)
    if (c == '_') c = '-';
  figure.title = "Up to which " + e.name + " it holds";
  figure.caption = fmt::format(
      "The share of pictures for which {} holds at every value from nominal ({}) to this one, with "
      "95 % intervals, and the share that is asked for.",
      held_thing(result), number_text(e.nominal, 3));
  figure.kind = FigureKind::kLines;
  figure.x_label = e.name + (e.unit.empty() ? "" : " [" + e.unit + "]");
  figure.y_label = "share of pictures";
  figure.series.push_back({"holds", e.x, e.share, e.share_low, e.share_high});
  figure.series.push_back(
      {"asked for", {e.x.front(), e.x.back()}, {result.params.least, result.params.least}, {}, {}});
  return figure;
}

Table table_of(const Result& result) {
  Table table;
  table.title =
      fmt::format("What may be claimed with {} confidence", percent(result.params.confidence));
  table.columns = {"factor", "unit", "nominal", "looked at", "alone", "all together"};
  for (const Extent& e : result.extents)
    table.rows.push_back({e.name, e.unit, number_text(e.nominal, 3),
                          range_text(e.searched_low, e.searched_high), range_text(e.low, e.high),
                          range_text(e.box_low, e.box_high)});
  return table;
}

ExhibitGroup nearest_failures(const Result& result) {
  ExhibitGroup group{"Where it fails nearest to nominal", {}};
  for (std::size_t i = 0; i < std::min(kShownPictures, result.failing.size()); ++i) {
    const Tolerance::Shown& s = result.failing[i];
    std::string text;
    Panel nominal, failing;
    nominal.title = "nominal";
    nominal.shift = s.picture.view(result.params.border, result.params.fill, result.seed);
    failing.title = "margin " + number_text(s.margin, 2);
    failing.shift = nominal.shift;
    for (std::size_t f = 0; f < result.extents.size(); ++f) {
      const Extent& e = result.extents[f];
      failing.shift->factors.emplace_back(e.name, s.theta[f]);
      text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", e.name, number_text(s.theta[f], 3),
                          unit_of(e));
    }
    Exhibit exhibit;
    exhibit.id = fmt::format("fails-{}", i);
    exhibit.row = s.picture.row;
    exhibit.caption = fmt::format("{} ({}): fails at {}", s.picture.id,
                                  class_name(result.labels, s.picture.reference()), text);
    exhibit.panels = {nominal, failing};
    exhibit.sort_keys = {{"distance", s.scale}};
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section Tolerance::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.unlabelled > 0)
    section.notes.push_back(
        fmt::format("{} pictures have no label and are left out.", result.unlabelled));
  if (result.counted == 0) return section;
  section.notes.push_back(fmt::format(
      "{} independent pictures, one of each cluster; {} of them fail as they are. A claim wants {} "
      "at least, and half as many more for all factors together: a third finds the box, the others "
      "say how much of it may be claimed.",
      result.counted, result.wrong, result.fewest));
  for (const Extent& e : result.extents)
    if (!e.x.empty()) section.figures.push_back(curve(result, e));
  section.tables.push_back(table_of(result));
  if (result.no_box.empty())
    section.notes.push_back(fmt::format(
        "The box is {} of the volume that was looked at. Between the values that were asked about "
        "the decision is taken to hold: points, surrogates and gradients found no failure there.",
        percent(result.box_share)));
  if (auto group = nearest_failures(result); !group.exhibits.empty())
    section.exhibits.push_back(std::move(group));
  section.datasheet = result.datasheet;
  if (section.datasheet)
    section.notes.push_back(
        "What is claimed stands in datasheet.json beside this report; `assay within` compares new "
        "pictures with it.");
  return section;
}

}  // namespace assay::checks
