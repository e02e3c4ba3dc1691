// The figures of the sensitivity check.
#include "assay/checks/sensitivity/sensitivity_figures.h"
#include "assay/checks/section_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Entry = Sensitivity::Entry;
using Result = Sensitivity::Result;
using stats::number_text;

Figure bars(const Result& result) {
  Figure figure;
  figure.id = "indices";
  figure.title = "What drives the " + result.params.output;
  figure.caption =
      "The share of the variance that a factor makes alone (first order) and with all others "
      "(total). Bars whose "
      "intervals overlap are not ranked.";
  figure.kind = FigureKind::kBars;
  figure.y_label = "share of the variance";
  figure.labels = result.names;
  for (const auto& [title, indices] :
       {std::pair{"first order", &result.first}, std::pair{"total", &result.total}}) {
    Series series;
    series.name = title;
    for (const Entry& i : *indices) {
      add_with_interval(series, i.finding);
    }
    figure.series.push_back(std::move(series));
  }
  return figure;
}

Figure response(const Result& result, std::size_t f) {
  const Sensitivity::Response& r = result.responses[f];
  Figure figure;
  figure.id = fmt::format("response-{}", f);
  for (char& c : figure.id)
    if (c == '_') c = '-';
  figure.title = "Response to " + result.names[f];
  figure.caption =
      "The surrogates' mean over all other factors, with the middle 80 % of pictures as a band, "
      "and the model's own "
      "answers, averaged in ten equally likely ranges.";
  figure.kind = FigureKind::kLines;
  figure.x_label = result.names[f] + (result.units[f].empty() ? "" : " [" + result.units[f] + "]");
  figure.y_label = result.params.output;
  figure.series.push_back({"surrogate", r.x, r.mean, r.low, r.high});
  figure.series.push_back({"model", r.seen_x, r.seen_y, {}, {}});
  return figure;
}

// Correlated factors have one number each.
Figure shapley_bars(const Result& result) {
  Figure figure;
  figure.id = "shapley";
  figure.title = "To which factor the variance of the " + result.params.output + " is owed";
  figure.caption =
      "Shapley effects of factors that change together: at least 0, in sum 1. Bars whose intervals "
      "overlap are not ranked.";
  figure.kind = FigureKind::kBars;
  figure.y_label = "share of the variance";
  figure.labels = result.names;
  Series series;
  series.name = "Shapley effect";
  for (const Entry& e : result.shapley) {
    add_with_interval(series, e.finding);
  }
  figure.series.push_back(std::move(series));
  return figure;
}

// On the diagonal what a factor makes alone, beside it what two make together beyond that.
Figure interaction_matrix(const Result& result) {
  Figure figure;
  figure.id = "interactions";
  figure.title = "Interactions";
  figure.caption =
      "Shares of the variance: on the diagonal what a factor makes alone, elsewhere what two make "
      "together beyond that.";
  figure.kind = FigureKind::kMap;
  figure.labels = figure.row_labels = result.names;
  const std::size_t d = result.names.size();
  figure.matrix.assign(d * d, 0);
  std::size_t pair = 0;
  for (std::size_t a = 0; a < d; ++a) {
    figure.matrix[a * d + a] = result.first[a].finding.value;
    for (std::size_t b = a + 1; b < d; ++b, ++pair)
      figure.matrix[a * d + b] = figure.matrix[b * d + a] = result.pairs[pair].finding.value;
  }
  return figure;
}

std::string axis_of(const Result& result, std::size_t f) {
  return result.names[f] + (result.units[f].empty() ? "" : " [" + result.units[f] + "]");
}

Figure plane(const Result& result, const Sensitivity::Plane& p, std::size_t index) {
  Figure figure;
  figure.id = fmt::format("plane-{}", index);
  figure.title =
      fmt::format("{} over {} and {}", result.params.output, result.names[p.a], result.names[p.b]);
  figure.caption =
      "The surrogates' mean over pictures and over all other factors. A margin below 0 is another "
      "decision.";
  figure.kind = FigureKind::kMap;
  figure.x_label = axis_of(result, p.a);
  figure.y_label = axis_of(result, p.b);
  for (const double v : p.x) figure.labels.push_back(number_text(v, 2));
  // The largest value on top, as on any axis.
  const std::size_t columns = p.x.size();
  for (std::size_t r = p.y.size(); r-- > 0;) {
    figure.row_labels.push_back(number_text(p.y[r], 2));
    figure.matrix.insert(figure.matrix.end(),
                         p.mean.begin() + static_cast<std::ptrdiff_t>(r * columns),
                         p.mean.begin() + static_cast<std::ptrdiff_t>((r + 1) * columns));
  }
  return figure;
}

Figure failure_curve(const Result& result, std::size_t f) {
  const auto& curve = result.failures[f];
  Figure figure;
  figure.id = "failures-" + result.names[f];
  for (char& c : figure.id)
    if (c == '_') c = '-';
  figure.title = "Failures along " + result.names[f];
  figure.caption =
      "The share of pictures that are decided wrongly while the factor lies in one of ten equally "
      "likely ranges and all others change too; on the model, with 95 % intervals.";
  figure.kind = FigureKind::kLines;
  figure.x_label = axis_of(result, f);
  figure.y_label = "probability of failure";
  figure.series.push_back({"model", curve.x, curve.share, curve.low, curve.high});
  return figure;
}

Figure density(const Result& result) {
  Figure figure;
  figure.id = "margin-density";
  figure.title = "The margin under the declared changes";
  figure.caption =
      "Of fresh draws, none of which made the surrogate. Below 0 the decision is another.";
  figure.kind = FigureKind::kLines;
  figure.x_label = "margin [logits]";
  figure.y_label = "share of draws";
  const auto [low, high] = std::minmax_element(result.margins.begin(), result.margins.end());
  constexpr int kBins = 40;
  const double width = std::max(1e-9, (*high - *low) / kBins);
  std::vector<double> x, y(kBins, 0);
  for (int b = 0; b < kBins; ++b) x.push_back(*low + (b + 0.5) * width);
  for (const double m : result.margins)
    y[static_cast<std::size_t>(std::clamp(static_cast<int>((m - *low) / width), 0, kBins - 1))] +=
        1 / static_cast<double>(result.margins.size());
  figure.series.push_back({"share", x, y, {}, {}});
  return figure;
}

}  // namespace

std::vector<Figure> sensitivity_figures(const Result& result) {
  std::vector<Figure> figures;
  if (result.status.empty()) {
    figures.push_back(result.shapley.empty() ? bars(result) : shapley_bars(result));
    if (result.shapley.empty() && result.names.size() > 1)
      figures.push_back(interaction_matrix(result));
    for (std::size_t i = 0; i < result.planes.size(); ++i)
      figures.push_back(plane(result, result.planes[i], i));
    for (std::size_t f = 0; f < result.responses.size(); ++f)
      figures.push_back(response(result, f));
    for (std::size_t f = 0; f < result.failures.size(); ++f)
      figures.push_back(failure_curve(result, f));
  }
  if (!result.margins.empty()) figures.push_back(density(result));
  return figures;
}

}  // namespace assay::checks
