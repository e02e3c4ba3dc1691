// How the report shows the accuracy check.
#include <algorithm>
#include <numeric>

#include "assay/checks/performance/accuracy.h"
#include "assay/checks/section_text.h"
#include "assay/stats/number_text.h"
#include "assay/stats/predictions.h"

namespace assay::checks {

namespace {

using stats::at;

using stats::number_text;
using stats::percent_text;

constexpr int kMostClassesInAMatrix = 30;
constexpr int kMostClassesInBars = 60;
constexpr std::size_t kMostRowsInATable = 15;

std::string proven_text(const Finding& f) {
  if (!f.interval) return "";
  return " (" + percent_text(f.interval->low, 3) + " to " + percent_text(f.interval->high, 3) +
         " with 95 % confidence)";
}

std::string answer(const Accuracy::Result& r) {
  const Finding& top1 = r.findings.front();
  if (top1.status != FindingStatus::kOk) return "Nothing can be said: " + top1.note + ".";
  std::string text = percent_text(top1.value) + " of " + pictures_text(r.confusion.rows) +
                     " are given their label" + proven_text(top1) + ".";
  if (!r.wrong.empty())
    text += " The commonest confusion: " + r.labels[at(r.wrong[0].truth)] + " taken for " +
            r.labels[at(r.wrong[0].predicted)] + ", " + pictures_text(r.wrong[0].count) + ".";
  return text;
}

// The classes that the matrix shows: all, or those with the most mistakes, in their own order.
std::vector<int> matrix_classes(const stats::Confusion& m) {
  std::vector<int> classes(at(m.classes));
  std::iota(classes.begin(), classes.end(), 0);
  if (m.classes <= kMostClassesInAMatrix) return classes;
  const auto mistakes = [&](int c) {
    return m.actual[at(c)] + m.predicted[at(c)] - 2 * m.right[at(c)];
  };
  std::stable_sort(classes.begin(), classes.end(),
                   [&](int a, int b) { return mistakes(a) > mistakes(b); });
  classes.resize(kMostClassesInAMatrix);
  std::sort(classes.begin(), classes.end());
  return classes;
}

Figure matrix_figure(const Accuracy::Result& r) {
  Figure f;
  f.id = "confusion";
  f.title = "Who is taken for whom";
  f.kind = FigureKind::kMatrix;
  f.x_label = "given class";
  f.y_label = "labelled class";
  const auto classes = matrix_classes(r.confusion);
  f.caption = "Pictures by label (row) and given class (column); the diagonal is right.";
  if (static_cast<int>(classes.size()) < r.confusion.classes)
    f.caption += " Only the " + std::to_string(classes.size()) + " of " +
                 std::to_string(r.confusion.classes) + " classes with the most mistakes are shown.";
  std::vector<int> place(at(r.confusion.classes), -1);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    place[at(classes[i])] = static_cast<int>(i);
    f.labels.push_back(r.labels[at(classes[i])]);
  }
  f.matrix.resize(classes.size() * classes.size());
  for (const auto& cell : r.confusion.cells) {
    if (cell.predicted == stats::kNoAnswer) continue;
    const int row = place[at(cell.truth)], column = place[at(cell.predicted)];
    if (row >= 0 && column >= 0)
      f.matrix[at(row) * classes.size() + at(column)] = static_cast<double>(cell.count);
  }
  return f;
}

// A class's findings, four of them, behind the overall ones.
const Finding& class_finding(const Accuracy::Result& r, int c, int which) {
  const std::size_t first = r.findings.size() - 4 * r.labels.size();
  return r.findings[first + 4 * at(c) + at(which)];
}
constexpr int kPrecision = 1, kRecall = 2, kF1 = 3;

Figure recall_figure(const Accuracy::Result& r) {
  Figure f;
  f.id = "recall";
  f.title = "Share of each class that is recognised";
  f.caption = "Recall with two-sided 95 % intervals; classes without a picture are left out.";
  f.kind = FigureKind::kBars;
  f.y_label = "recall";
  Series s{"recall", {}, {}, {}, {}};
  for (int c = 0; c < r.confusion.classes; ++c) {
    const Finding& recall = class_finding(r, c, kRecall);
    if (recall.status != FindingStatus::kOk || !recall.interval) continue;
    f.labels.push_back(r.labels[at(c)]);
    s.y.push_back(recall.value);
    s.low.push_back(recall.interval->low);
    s.high.push_back(recall.interval->high);
  }
  f.series.push_back(std::move(s));
  return f;
}

std::string cell_text(const Finding& f) {
  return f.status == FindingStatus::kOk ? number_text(f.value, 3) : "undefined";
}

Table weakest_classes(const Accuracy::Result& r) {
  std::vector<int> classes;
  for (int c = 0; c < r.confusion.classes; ++c)
    if (r.confusion.actual[at(c)] > 0) classes.push_back(c);
  std::stable_sort(classes.begin(), classes.end(), [&](int a, int b) {
    return class_finding(r, a, kF1).value < class_finding(r, b, kF1).value;
  });
  Table t;
  t.title = classes.size() > kMostRowsInATable ? "The classes with the lowest F1"
                                               : "Every class, the lowest F1 first";
  t.columns = {"class", "pictures", "recall", "precision", "F1"};
  for (const int c : classes) {
    if (t.rows.size() == kMostRowsInATable) break;
    t.rows.push_back({r.labels[at(c)], std::to_string(r.confusion.actual[at(c)]),
                      cell_text(class_finding(r, c, kRecall)),
                      cell_text(class_finding(r, c, kPrecision)),
                      cell_text(class_finding(r, c, kF1))});
  }
  return t;
}

Table confusions(const Accuracy::Result& r) {
  Table t;
  t.title = "The commonest confusions";
  t.columns = {"labelled", "given", "pictures", "share of the label"};
  for (const auto& cell : r.wrong) {
    if (t.rows.size() == kMostRowsInATable) break;
    const auto of_class = static_cast<double>(r.confusion.actual[at(cell.truth)]);
    t.rows.push_back({r.labels[at(cell.truth)], r.labels[at(cell.predicted)],
                      std::to_string(cell.count),
                      percent_text(static_cast<double>(cell.count) / of_class, 3)});
  }
  return t;
}

Exhibit exhibit(const Accuracy::Result& r, const Accuracy::Mistake& m, const std::string& id) {
  Exhibit e;
  e.id = id;
  e.row = m.row;
  e.caption = m.id + ": labelled " + r.labels[at(m.truth)] + ", given " +
              r.labels[at(m.predicted)] + " with probability " + number_text(m.probability, 3);
  return e;
}

}  // namespace

Section Accuracy::present(const Result& r) {
  Section s;
  s.answer = answer(r);
  s.notes = r.notes;
  if (r.unusable > 0)
    s.warnings.push_back("The model's output is not a finite number for " +
                         pictures_text(r.unusable) + "; each counts as a wrong answer.");
  const auto given = std::count_if(r.confusion.predicted.begin(), r.confusion.predicted.end(),
                                   [](std::int64_t n) { return n > 0; });
  const auto present = std::count_if(r.confusion.actual.begin(), r.confusion.actual.end(),
                                     [](std::int64_t n) { return n > 0; });
  if (given == 1 && present > 1)
    s.warnings.push_back("Every picture is given the same class: check the input description.");
  if (present > 0 && present < r.confusion.classes)
    s.notes.push_back(std::to_string(r.confusion.classes - present) + " of " +
                      std::to_string(r.confusion.classes) +
                      " classes have no picture: balanced_accuracy is the mean over the others.");
  if (r.confusion.rows == 0) return s;

  s.figures.push_back(matrix_figure(r));
  if (r.confusion.classes <= kMostClassesInBars) s.figures.push_back(recall_figure(r));
  s.tables.push_back(weakest_classes(r));
  if (!r.wrong.empty()) s.tables.push_back(confusions(r));

  ExhibitGroup confident{"The most confident mistakes", {}};
  for (std::size_t i = 0; i < r.confident.size(); ++i)
    confident.exhibits.push_back(exhibit(r, r.confident[i], "confident-" + std::to_string(i + 1)));
  if (!confident.exhibits.empty()) s.exhibits.push_back(std::move(confident));
  for (std::size_t k = 0; k < r.confused.size(); ++k) {
    if (r.confused[k].empty()) continue;
    ExhibitGroup group{r.labels[at(r.confused[k][0].truth)] + " taken for " +
                           r.labels[at(r.confused[k][0].predicted)],
                       {}};
    for (std::size_t i = 0; i < r.confused[k].size(); ++i)
      group.exhibits.push_back(exhibit(
          r, r.confused[k][i], "confused-" + std::to_string(k + 1) + "-" + std::to_string(i + 1)));
    s.exhibits.push_back(std::move(group));
  }
  return s;
}

}  // namespace assay::checks
