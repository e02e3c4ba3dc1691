// How the report shows the focus check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/finding_ids.h"
#include "assay/checks/focus/focus.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Case = Focus::Case;
using Result = Focus::Result;
using Status = Focus::Status;
using stats::number_text;

std::string answer(const Result& result) {
  const Finding& reliance = finding_named(result.findings, "invalid_reliance");
  if (reliance.status != FindingStatus::kOk)
    return "Whether the decision rests on invalid pixels could not be judged: " + reliance.note +
           ".";
  const Finding& flips = finding_named(result.findings, "invalid_flip_rate");
  const Finding& excess = finding_named(result.findings, "invalid_flip_excess");
  const Finding& p = finding_named(result.findings, "invalid_reliance_p");
  std::string text = fmt::format(
      "Invalid pixels of a picture of another class instead of one of the same class cost {} of "
      "the "
      "median margin ({} with 95 % confidence; p = {}) and turn {} of the decisions over: {} when "
      "those are taken off that pixels of the same class turn too.",
      number_text(reliance.value, 3), interval_text(reliance), number_text(p.value, 2),
      percent(flips.value), percent(excess.value));
  const Finding& least = finding_named(result.findings, "detectable_reliance");
  if (least.status == FindingStatus::kOk)
    text += fmt::format(
        " On these {} a shortcut of {} of the median margin would have been noticed nine times in "
        "ten.",
        result.clustered ? fmt::format("{} clusters", result.independent)
                         : pictures_text(result.independent),
        number_text(least.value, 2));
  return text;
}

Table intervention_table(const Result& result) {
  Table table;
  table.title = "What invalid pixels do, with 95 % intervals";
  table.columns = {"what was done", "figure", "value"};
  const auto row = [&](const char* done, const char* figure, const char* id) {
    table.rows.push_back({done, figure, value_cell(finding_named(result.findings, id))});
  };
  row("replaced: different class less same class", "margin lost, in median margins",
      "invalid_reliance");
  row("", "p, sign-flip permutation", "invalid_reliance_p");
  row("replaced by a different class", "decisions turned over", "invalid_flip_rate");
  row("replaced: different class less same class", "decisions turned over", "invalid_flip_excess");
  row("", result.clustered ? "p, sign-flip permutation by cluster" : "p, McNemar, exact",
      "invalid_flip_p");
  row("only invalid pixels left, the rest in-painted", "accuracy", "invalid_only_accuracy");
  row("", "accuracy less that of the most frequent class", "invalid_only_gain");
  row("invalid pixels in-painted", "accuracy", "inpainted_accuracy");
  row("", "accuracy lost", "inpainted_drop");
  row("planted shortcut", "smallest reliance that is noticed in 90 %", "detectable_reliance");
  return table;
}

Table map_table(const Result& result) {
  Table table;
  table.title = "Where the maps put the evidence, with 95 % intervals";
  table.columns = {"map", "share in invalid pixels", "times the area's share",
                   "p, mask shifted round the picture"};
  for (const auto& [title, suffix] : {std::pair{"HiResCAM", ""},
                                      {"Occlusion", "_occlusion"},
                                      {"HiResCAM of random weights", "_randomised"}}) {
    const std::string s = suffix;
    table.rows.push_back({title, value_cell(finding_named(result.findings, "invalid_share" + s)),
                          value_cell(finding_named(result.findings, "invalid_enrichment" + s)),
                          value_cell(finding_named(result.findings, "invalid_share_p" + s))});
  }
  return table;
}

Figure part_figure(const Result& result) {
  Figure figure;
  figure.id = "reliance";
  figure.title = "Reliance on invalid pixels";
  figure.caption =
      "Mean loss of margin when invalid pixels come from a different class instead of the same "
      "one, "
      "in units of the median margin, with 95 % intervals. 0: what is there does not matter.";
  figure.kind = FigureKind::kBars;
  figure.y_label = "median margins";
  Series bars{"invalid_reliance", {}, {}, {}, {}};
  constexpr std::string_view kId = "invalid_reliance";
  for (const Finding& f : result.findings) {
    const bool part = f.id.starts_with(std::string(kId) + "/");
    if ((f.id != kId && !part) || f.status != FindingStatus::kOk) continue;
    if (figure.labels.size() == 40) break;
    std::string label = part ? f.id.substr(kId.size() + 1) : "all";
    for (std::size_t at; (at = label.find("%2F")) != std::string::npos;) label.replace(at, 3, "/");
    figure.labels.push_back(label);
    bars.y.push_back(f.value);
    bars.low.push_back(f.interval->low);
    bars.high.push_back(f.interval->high);
  }
  figure.series.push_back(std::move(bars));
  return figure;
}

Region region_of(const std::vector<std::uint8_t>& grid, const Focus::Record& r) {
  return {kGrid, kGrid, cells_of(grid), {r.left, r.top, r.right, r.bottom}};
}

Exhibit exhibit_of(const Result& result, const Case& c, std::string id) {
  const Focus::Record& seen = c.seen;
  Exhibit exhibit;
  exhibit.id = std::move(id);
  exhibit.row = seen.row;
  exhibit.caption = fmt::format("{}: {}", seen.id, class_name(result.labels, seen.label));
  if (seen.predicted != seen.label)
    exhibit.caption += ", taken for " + class_name(result.labels, seen.predicted);
  exhibit.panels.push_back({"picture", {}, {}, {}});
  if (!seen.map.empty())
    exhibit.panels.push_back({"HiResCAM",
                              Overlay{seen.map_height,
                                      seen.map_width,
                                      seen.map,
                                      0,
                                      {seen.left, seen.top, seen.right, seen.bottom},
                                      true},
                              {},
                              {}});
  exhibit.panels.push_back({"invalid pixels", {}, region_of(seen.invalid, seen), {}});
  if (seen.cam.known())
    exhibit.sort_keys.emplace_back("share of the map in invalid pixels", seen.cam.share);
  if (!c.judged()) return exhibit;
  const auto replaced = [&](int from, std::int64_t donor, const Focus::Reply& reply) {
    const std::string title = class_name(result.labels, from) + " put in";
    exhibit.panels.push_back({title, {}, {}, Replacement{donor, region_of(c.swap->region, seen)}});
    exhibit.caption += fmt::format("; with {} put in: {}", class_name(result.labels, from),
                                   class_name(result.labels, reply.predicted));
  };
  replaced(seen.label, c.swap->same, c.swap->by_same);
  replaced(c.swap->donor_label, c.swap->different, c.swap->by_different);
  const double reliance = result.scale > 0 ? c.effect / result.scale : 0;
  exhibit.caption += fmt::format("; reliance {}", number_text(reliance, 2));
  exhibit.sort_keys.insert(exhibit.sort_keys.begin(), {"reliance", reliance});
  return exhibit;
}

ExhibitGroup group_of(const Result& result, const std::string& title, const std::string& id,
                      const std::vector<Case>& cases) {
  ExhibitGroup group;
  group.title = title;
  for (const Case& c : cases)
    group.exhibits.push_back(
        exhibit_of(result, c, fmt::format("{}-{}", id, group.exhibits.size() + 1)));
  return group;
}

void add_left_out(const Result& result, Section& section) {
  const auto count = [&](Status status) {
    const auto at = result.left_out.find(status);
    return at == result.left_out.end() ? 0 : at->second;
  };
  const auto note = [&](Status status, const char* why) {
    if (const auto n = count(status); n > 0)
      section.notes.push_back(pictures_text(n) + (n == 1 ? " is" : " are") + " left out: " + why +
                              ".");
  };
  note(Status::kNoMask, "nothing says which pixels are invalid");
  note(Status::kEmpty, "no pixel that the model sees is invalid (an empty region)");
  note(Status::kFull, "every pixel that the model sees is invalid (a full region)");
  note(Status::kNoLabel, "no label");
  if (const auto n = count(Status::kNonFinite); n > 0)
    section.warnings.push_back(pictures_text(n) + (n == 1 ? " is" : " are") +
                               " left out: the model's output is not finite.");
  if (result.nonfinite > 0)
    section.warnings.push_back(
        pictures_text(result.nonfinite) +
        " gave an output that is not finite once invalid pixels were replaced.");
  if (result.judged > 0 && result.judged < result.pictures)
    section.notes.push_back(fmt::format(
        "{} of {} were judged by replacing; the others found no donors with invalid pixels in the "
        "same places.",
        result.judged, pictures_text(result.pictures)));
}

}  // namespace

Section Focus::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  add_left_out(result, section);
  if (result.pictures == 0) return section;
  if (!result.no_map.empty())
    section.notes.push_back("There is no class activation map: " + result.no_map + ".");
  if (result.clustered)
    section.notes.push_back(
        fmt::format("{} in {} clusters: the intervals and tests take the clusters for independent, "
                    "not the pictures.",
                    pictures_text(result.judged), result.independent));
  if (result.power)
    section.notes.push_back(fmt::format(
        "The check's own power: shortcuts that add {} to a logit, planted into these pictures' "
        "effects with their own reliance removed, were noticed in {} of {} fresh simulations; "
        "without a "
        "shortcut the test fired in {}.",
        number_text(*result.strength, 3), percent(*result.power), result.params.simulations,
        percent(*result.false_alarms)));
  if (result.false_alarms && *result.false_alarms > 0.1)
    section.warnings.push_back(
        "The negative control fires too often: without any shortcut the test would have claimed "
        "one in " +
        percent(*result.false_alarms) + " of simulations. Do not trust the p-values.");
  section.notes.push_back(
      "Maps say where evidence lies, not that the decision needs it: the verdict should rest on "
      "invalid_reliance and invalid_flip_excess.");
  section.tables = {intervention_table(result), map_table(result)};
  if (result.judged > 0) section.figures.push_back(part_figure(result));
  if (!result.strongest.empty())
    section.exhibits.push_back(
        group_of(result, "Strongest reliance on invalid pixels", "strongest", result.strongest));
  if (!result.sample.empty())
    section.exhibits.push_back(group_of(result, "Others, drawn by lot", "sample", result.sample));
  return section;
}

}  // namespace assay::checks
