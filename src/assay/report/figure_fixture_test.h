// Figures that a careless renderer stumbles over, and an audit that carries them.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "assay/report/outcome_fixture_test.h"

namespace assay::report {

inline constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinite = std::numeric_limits<double>::infinity();

inline Figure figure_of(FigureKind kind, const std::string& title) {
  Figure f;
  f.kind = kind;
  f.id = f.title = title;
  f.caption = "A caption.";
  return f;
}

// A matrix of `k` classes, mostly right, each class sometimes taken for its neighbours.
inline Figure matrix_of(std::size_t k) {
  Figure f = figure_of(FigureKind::kMatrix, "matrix-" + std::to_string(k));
  for (std::size_t i = 0; i < k; ++i) f.labels.push_back("class number " + std::to_string(i));
  f.matrix.assign(k * k, 0);
  for (std::size_t i = 0; i < k; ++i) {
    f.matrix[i * k + i] = 40 + static_cast<double>(i * 7 % 11);
    f.matrix[i * k + (i + 1) % k] += static_cast<double>(i * 5 % 9);
    f.matrix[i * k + (i * i + 3) % k] += static_cast<double>(i % 4);
  }
  return f;
}

// Nothing can be drawn of these.
inline std::vector<Figure> empty_figures() {
  std::vector<Figure> figures;
  for (const FigureKind kind : {FigureKind::kLines, FigureKind::kBars, FigureKind::kMatrix,
                                FigureKind::kMap, FigureKind::kReliability}) {
    figures.push_back(figure_of(kind, "no-series"));
    figures.push_back(figure_of(kind, "empty-series"));
    figures.back().series.resize(2);
    figures.push_back(figure_of(kind, "not-a-number"));
    figures.back().series.push_back(
        {"nothing", {kNotANumber, 1}, {kNotANumber, kInfinite}, {0, 0}, {1, 1}});
  }
  return figures;
}

// Little or odd, but something.
inline std::vector<Figure> odd_figures() {
  std::vector<Figure> figures;

  Figure point = figure_of(FigureKind::kLines, "one-point");
  point.series.push_back({"", {3}, {0.5}, {}, {}});
  figures.push_back(point);

  Figure gap = figure_of(FigureKind::kLines, "gap-and-uneven-lengths");
  gap.series.push_back({"gap", {0, 1, 2, 3, 4}, {1, kNotANumber, 3, 4}, {0, 0, 2}, {2}});
  gap.series.push_back({"constant", {0, 4}, {2, 2}, {}, {}});
  figures.push_back(gap);

  Figure negative = figure_of(FigureKind::kLines, "long-negative");
  negative.series.push_back({"walk", {}, {}, {}, {}});
  for (int i = 0; i < 1000; ++i) {
    negative.series[0].x.push_back(i * 1e-7);
    negative.series[0].y.push_back(-1e6 * std::sin(i / 90.0));
  }
  figures.push_back(negative);

  Figure bars = figure_of(FigureKind::kBars, "bars-with-holes");
  bars.labels = {"first", "second, which has a very long name that no margin can hold", "third"};
  bars.series.push_back({"up", {}, {0.2, kNotANumber, -0.1}, {0.1, 0, -0.2}, {0.3, 0, 0}});
  bars.series.push_back({"short", {}, {0.4}, {}, {}});
  figures.push_back(bars);

  Figure many = figure_of(FigureKind::kBars, "many-bars");
  many.series.resize(1);
  for (int i = 0; i < 120; ++i) {
    many.labels.push_back("class " + std::to_string(i));
    many.series[0].y.push_back(0.5 + 0.5 * std::sin(i));
  }
  figures.push_back(many);

  figures.push_back(matrix_of(1));
  figures.push_back(matrix_of(2));
  figures.push_back(matrix_of(30));
  figures.push_back(matrix_of(31));
  figures.push_back(matrix_of(200));
  Figure torn = matrix_of(3);
  torn.matrix.resize(4);
  torn.matrix[0] = kNotANumber;
  figures.push_back(torn);

  Figure bin = figure_of(FigureKind::kReliability, "one-bin");
  bin.series.push_back({"accuracy", {1}, {1}, {1}, {1}});
  bin.series.push_back({"pictures", {1}, {12}, {}, {}});
  figures.push_back(bin);
  Figure uncounted = figure_of(FigureKind::kReliability, "without-counts");
  uncounted.series.push_back({"accuracy", {0.1, 0.9}, {0.2, kNotANumber}, {}, {}});
  figures.push_back(uncounted);
  return figures;
}

inline Outcome outcome_with(std::vector<Figure> figures) {
  Outcome o;
  o.version = "0.1.0";
  o.model.file = "model.onnx";
  CheckOutcome check;
  check.name = check.check = "figures";
  check.section.figures = std::move(figures);
  o.checks = {check};
  return o;
}

// Every text of an audit replaced by something that would like to be markup, a script or a terminal
// command.
inline const std::string& hostile_text() {
  static const std::string text =
      "</script></style></textarea><script>document.documentElement.dataset.owned=1</script>"
      "<img src=x onerror=document.documentElement.dataset.owned=2>\"' onload='x' & ]]> "
      "<!-- \x1b[31m\x07 \xff\xfe \xed\xa0\x80 \u202Eevil \u2028 javascript:alert(1)";
  return text;
}

inline Outcome hostile_outcome() {
  const std::string& t = hostile_text();
  Outcome o = clothes_outcome();
  o.version = o.plan = t;
  o.model = {t, t, {t, t}, {{t, t}}, t};
  o.data.source = o.data.digest = t;
  o.data.notes = {t};
  for (CheckOutcome& c : o.checks) {
    c.name += t;
    c.check = c.question = c.source = t;
    c.config = {{t, t}};
    for (Finding& f : c.findings) {
      f.unit = f.note = t;
      if (f.interval) f.interval->method = t;
    }
    c.findings.push_back(proportion(t, 1, 2));
    c.findings.push_back(proportion("recall/" + t, 1, 2));
    c.decisions.push_back(decided(t, Comparison::kAtLeast, 0.5, 0.9, Verdict::kFail));
    for (Decision& d : c.decisions) d.reason = d.requirement.where = t;
    c.section.answer = t;
    c.section.warnings = c.section.notes = {t};
    c.section.tables = {{t, {t, t}, {{t, t}}}};
    for (Figure& f : c.section.figures) {
      f.title = f.caption = f.x_label = f.y_label = t;
      for (auto& label : f.labels) label += t;
      for (Series& s : f.series) s.name = t;
    }
    for (ExhibitGroup& g : c.section.exhibits) {
      g.title = t;
      for (Exhibit& e : g.exhibits) e.id = e.caption = t;
    }
    c.page = "# " + t + "\n\n" + t + "\n\n- " + t + "\n\n`" + t + "` **" + t + "** [" + t + "](" +
             t + ") [x](javascript:alert(1)) [y](https://a/\"onclick=x)\n\n|" + t +
             "|b|\n|---|---|\n|" + t + "|c|\n\n```\n" + t + "\n```\n";
  }
  return o;
}

}  // namespace assay::report
