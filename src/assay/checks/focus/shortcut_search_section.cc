// How the report shows the shortcut search.
#include <fmt/format.h>

#include <algorithm>

#include "assay/checks/focus/shortcut_search.h"
#include "assay/checks/focus/shortcut_search_candidates.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Candidate = ShortcutSearch::Candidate;
using Result = ShortcutSearch::Result;
using stats::number_text;

std::string answer(const Result& result) {
  const auto tested = std::count_if(result.candidates.begin(), result.candidates.end(),
                                    [](const Candidate& c) { return c.tried > 0; });
  if (tested == 0) return "Nothing was searched: " + result.findings.front().note + ".";
  const auto suspects =
      std::count_if(result.candidates.begin(), result.candidates.end(),
                    [&](const Candidate& c) { return c.tried > 0 && c.q <= result.params.rate; });
  if (suspects == 0)
    return fmt::format(
        "None of {} patches that maps of a class have in common speaks for its class in pictures "
        "of "
        "other classes, beyond what patches of those classes do.",
        tested);
  const Candidate& first = result.candidates.front();
  return fmt::format(
      "{} of {} patches that maps of a class have in common {} in pictures of other classes. The "
      "likeliest, for \"{}\", raises its margin by {} median margins and turns {} of the pictures "
      "into it. Whether what lies there may count, only you can say: look at the pictures.",
      suspects, tested, suspects == 1 ? "speaks for its class" : "speak for their class",
      class_name(result.labels, first.label), number_text(first.effect, 2), percent(first.turned));
}

Table table_of(const Result& result) {
  Table table;
  table.title = "Patches, the likeliest first";
  table.columns = {"class",
                   "maps alike",
                   "their evidence in it",
                   "area",
                   "tried in",
                   "effect, median margins",
                   "turned into the class",
                   "p",
                   "q"};
  for (const Candidate& c : result.candidates) {
    const bool tried = c.tried > 0;
    table.rows.push_back({class_name(result.labels, c.label), std::to_string(c.members.size()),
                          percent(c.share), percent(c.area), std::to_string(c.tried),
                          tried ? number_text(c.effect, 3) : "–", tried ? percent(c.turned) : "–",
                          tried ? number_text(c.p, 2) : "–", tried ? number_text(c.q, 2) : "–"});
  }
  return table;
}

Table masks_of(const Result& result) {
  Table table;
  table.title = fmt::format("The patches as masks, for pictures of {} × {} px",
                            result.picture_width, result.picture_height);
  table.columns = {"class", "q", "mask"};
  for (std::size_t i = 0; i < result.candidates.size(); ++i) {
    const Candidate& c = result.candidates[i];
    if (c.tried > 0 && c.q <= result.params.rate)
      table.rows.push_back(
          {class_name(result.labels, c.label), number_text(c.q, 2), result.shapes[i]});
  }
  return table;
}

Exhibit exhibit_of(const ShortcutSearch::Shown& shown, std::size_t number) {
  const Region patch{
      kCells, kCells, shown.cells, {shown.box[0], shown.box[1], shown.box[2], shown.box[3]}};
  const Overlay map{shown.map_height,
                    shown.map_width,
                    shown.map,
                    0,
                    {shown.box[0], shown.box[1], shown.box[2], shown.box[3]},
                    true};
  Exhibit exhibit;
  exhibit.id = fmt::format("patch-{}", number);
  exhibit.row = shown.member;
  exhibit.caption = shown.caption;
  exhibit.panels = {
      {"a member", {}, {}, {}, {}},
      {"its HiResCAM", map, {}, {}, {}},
      {"the patch", {}, patch, {}, {}},
      {"a recipient", {}, {}, {}, shown.recipient},
      {"with it: " + shown.said, {}, {}, Replacement{shown.donor, patch}, shown.recipient}};
  exhibit.sort_keys = {{"effect", shown.effect}};
  return exhibit;
}

}  // namespace

Section ShortcutSearch::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  warn_nonfinite(section, result.nonfinite);
  if (result.without_evidence > 0)
    section.notes.push_back(
        fmt::format("{} pictures have a map without positive evidence and are left out.",
                    result.without_evidence));
  if (result.candidates.empty()) return section;
  section.notes.push_back(fmt::format(
      "{} pictures were mapped; each patch was put into pictures of other classes, and beside it "
      "the same place of another picture of the recipient's own class. q is p after "
      "Benjamini-Hochberg: of the patches with q up to {}, that share is expected to be false.",
      result.mapped, number_text(result.params.rate, 2)));
  section.tables.push_back(table_of(result));
  const bool any =
      std::any_of(result.candidates.begin(), result.candidates.end(),
                  [&](const Candidate& c) { return c.tried > 0 && c.q <= result.params.rate; });
  if (any && result.picture_height > 0)
    section.tables.push_back(masks_of(result));
  else if (any)
    section.notes.push_back(
        "The pictures differ in size, so the patches are not written as masks in pixels.");
  ExhibitGroup group{"Patches and what they do", {}};
  for (std::size_t i = 0; i < result.shown.size(); ++i)
    group.exhibits.push_back(exhibit_of(result.shown[i], i + 1));
  if (!group.exhibits.empty()) section.exhibits.push_back(std::move(group));
  return section;
}

}  // namespace assay::checks
