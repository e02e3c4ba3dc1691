// How the report shows the faithfulness check.
#include <fmt/format.h>

#include "assay/checks/focus/faithfulness.h"
#include "assay/checks/section_text.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Result = Faithfulness::Result;
using stats::number_text;

std::string method_title(const Result& result) {
  return std::string(methods::attribution_named(result.params.method, "method").info.title);
}

std::string control_name(Ranker ranker) {
  return "the " + std::string(kRankerTitles[static_cast<std::size_t>(ranker)]);
}

// The controls that the map does not beat by ROAD, as far as these pictures tell.
std::vector<std::string> unbeaten(const Result& result) {
  std::vector<std::string> names;
  for (std::size_t r = 1; r < kRankers; ++r) {
    const Finding& gain = finding_named(result.findings, "road_gain/" + std::string(kRankerIds[r]));
    if (gain.status == FindingStatus::kOk && gain.interval && !(gain.interval->low > 0))
      names.push_back(control_name(static_cast<Ranker>(r)));
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string answer(const Result& result) {
  if (result.judged == 0) return "Nothing can be said: no picture had a map to judge.";
  const Finding& road = finding_named(result.findings, "road");
  const auto of_control = [&](Ranker ranker) {
    return number_text(
        finding_named(result.findings,
                      "road/" + std::string(kRankerIds[static_cast<std::size_t>(ranker)]))
            .value,
        3);
  };
  std::string text = fmt::format(
      "By ROAD over {}, the pixels' order by {} is worth {} of the class's probability ({} with 95 "
      "% "
      "confidence): so much more is left when the lowest ranked go first instead of the highest. A "
      "random order is worth {}, a centre prior {}, an edge detector {}.",
      pictures_text(result.judged), method_title(result), number_text(road.value, 3),
      interval_text(road), of_control(Ranker::kRandom), of_control(Ranker::kCentre),
      of_control(Ranker::kEdges));
  const auto names = unbeaten(result);
  text += names.empty() ? " The map is better than every control."
                        : " It is not shown to be better than " + listed(names) + ".";
  return text;
}

Figure curves(std::string id, std::string title, std::string caption, std::string y_label,
              const std::array<Series, kRankers>& means, double first_share, int steps) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.caption = std::move(caption);
  figure.kind = FigureKind::kLines;
  figure.y_label = std::move(y_label);
  for (std::size_t r = 0; r < kRankers; ++r) {
    Series series = means[r];
    for (std::size_t i = 0; i < series.y.size(); ++i)
      series.x.push_back(first_share + static_cast<double>(i) / steps);
    // One band is enough to read: four lie over each other.
    if (static_cast<Ranker>(r) != Ranker::kMap) {
      series.low.clear();
      series.high.clear();
    }
    figure.series.push_back(std::move(series));
  }
  return figure;
}

std::vector<Figure> figures_of(const Result& result) {
  const int steps = result.params.steps;
  const std::string band = " The band is the 95 % interval of the map's mean over the pictures.";
  std::vector<Figure> figures;
  figures.push_back(curves("deletion", "Deletion: the highest ranked pixels go first",
                           "Mean probability of the explained class. A good ranking falls at once; "
                           "compare with the random one." +
                               band,
                           "probability", result.deletion, 0, steps));
  figures.back().x_label = "share of pixels replaced by the baseline";
  figures.push_back(curves("insertion", "Insertion: the highest ranked pixels come first",
                           "Mean probability of the explained class, the pixels inserted into the "
                           "baseline. A good ranking rises at once." +
                               band,
                           "probability", result.insertion, 0, steps));
  figures.back().x_label = "share of pixels inserted";
  figures.push_back(curves(
      "road", "ROAD: least relevant first less most relevant first",
      "What the order is worth, the removed pixels in-painted from their neighbours, so that "
      "the shape of the hole tells the model little. A random order is worth 0." +
          band,
      "difference of the probabilities", result.gap, 1.0 / steps, steps));
  figures.back().x_label = "share of pixels in-painted";
  return figures;
}

Table figure_table(const Result& result) {
  Table table;
  table.title = "Every figure beside what knows nothing of the model, with 95 % intervals";
  table.columns = {"figure", method_title(result)};
  for (std::size_t r = 1; r < kRankers; ++r) table.columns.emplace_back(kRankerTitles[r]);
  for (const Measure& m : measures()) {
    std::vector<std::string> row{std::string(m.title),
                                 value_cell(finding_named(result.findings, std::string(m.id)))};
    for (std::size_t r = 1; r < kRankers; ++r)
      row.push_back(m.of_controls
                        ? value_cell(finding_named(result.findings, std::string(m.id) + "/" +
                                                                        std::string(kRankerIds[r])))
                        : "");
    table.rows.push_back(std::move(row));
  }
  return table;
}

ExhibitGroup group(const Result& result, const std::string& title, const std::string& id,
                   const std::vector<Faithfulness::Record>& records) {
  ExhibitGroup group{title, {}};
  for (const auto& r : records) {
    Exhibit exhibit;
    exhibit.id = fmt::format("{}-{}", id, group.exhibits.size() + 1);
    exhibit.row = r.row;
    const auto target = static_cast<std::size_t>(r.target);
    const std::string label = target < result.labels.size() ? result.labels[target] : "?";
    const MapFigures& map = r.figures.front();
    double gap = 0;
    for (const Measure& m : measures())
      if (m.id == "road") gap = m.of(map);
    exhibit.caption = fmt::format("{}: {} {:.3f}, ROAD {:.2f}", r.id, label, r.probability, gap);
    exhibit.overlay =
        Overlay{r.height, r.width, r.map, 0, {r.left, r.top, r.right, r.bottom}, true};
    group.exhibits.push_back(std::move(exhibit));
  }
  return group;
}

}  // namespace

Section Faithfulness::present(const Result& result) {
  Section section;
  section.answer = answer(result);
  if (result.nonfinite > 0)
    section.warnings.push_back(
        fmt::format("{} left out: the model's output or the map is not finite.",
                    pictures_text(result.nonfinite) + (result.nonfinite == 1 ? " is" : " are")));
  if (result.no_target > 0)
    section.notes.push_back(
        fmt::format("{} no label and so no class to explain.",
                    pictures_text(result.no_target) + (result.no_target == 1 ? " has" : " have")));
  if (result.judged == 0) return section;
  const auto names = unbeaten(result);
  if (!names.empty() && names.front() == control_name(Ranker::kRandom))
    section.warnings.push_back(
        "By ROAD the maps are not shown to rank pixels better than chance: they are no evidence of "
        "what this model goes by.");
  else if (!names.empty())
    section.warnings.push_back(
        fmt::format("By ROAD the maps are better than chance, but not shown to rank pixels better "
                    "than {}, which {} nothing of the model.",
                    listed(names), names.size() == 1 ? "knows" : "know"));
  if (result.clustered)
    section.notes.push_back(
        fmt::format("{} in {} clusters: the intervals take the clusters for independent, not the "
                    "pictures.",
                    pictures_text(result.judged), result.independent));
  const Finding& rise = finding_named(result.findings, "randomisation_rise");
  if (rise.status != FindingStatus::kOk)
    section.notes.push_back("randomisation_rise is undefined: " + rise.note + ".");
  section.notes.push_back(
      "A control has a value for every figure, however little it means: the centre prior never "
      "changes, the random ranking always does.");
  section.notes.push_back(
      "Overlays: red supports the explained class, blue speaks against it; each is scaled to its "
      "own "
      "largest value.");
  section.figures = figures_of(result);
  section.tables = {figure_table(result)};
  if (!result.worst.empty()) {
    section.exhibits.push_back(
        group(result, "Maps whose ranking did worst (ROAD)", "worst", result.worst));
    section.exhibits.push_back(
        group(result, "Maps whose ranking did best (ROAD)", "best", result.best));
  }
  return section;
}

}  // namespace assay::checks
