#include "assay/checks/performance/accuracy.h"

#include <algorithm>
#include <utility>

#include "assay/checks/finding_ids.h"
#include "assay/checks/performance/labelled_rows.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/predictions.h"

namespace assay::checks {

namespace {

using stats::at;

constexpr int kFewestClassesForTop5 = 6;
constexpr std::size_t kConfusedPairs = 4;
constexpr const char* kNoRows = "no labelled picture could be read";

// How many classes lie before `label`: larger logits, and equal ones of a lower index.
int rank_of(std::span<const float> logits, int label) {
  const float own = logits[at(label)];
  int before = 0;
  for (int c = 0; c < static_cast<int>(logits.size()); ++c)
    before += logits[at(c)] > own || (logits[at(c)] == own && c < label);
  return before;
}

struct Answers {
  std::vector<int> truth, predicted;
  std::vector<bool> in_five;
};

Answers answers_of(const LabelledRows& rows) {
  Answers a;
  a.truth = rows.predictions.labels;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& logits = rows.predictions.rows[i];
    a.predicted.push_back(rows.usable[i] ? stats::top_class(logits) : stats::kNoAnswer);
    a.in_five.push_back(rows.usable[i] && rank_of(logits, a.truth[i]) < 5);
  }
  return a;
}

// Shares of hits with their evidence: Clopper–Pearson, or by cluster where there are clusters.
class Shares {
 public:
  Shares(std::span<const std::int64_t> clusters, const stats::Resampling& resampling)
      : clusters_(clusters), resampling_(resampling) {}

  // Of the given rows, those with hit(row). `nothing` says why there are no rows.
  template <class Hit>
  Finding operator()(const std::string& id, const std::vector<std::size_t>& rows, const Hit& hit,
                     const std::string& nothing) const {
    if (rows.empty()) return stats::undefined(id, nothing);
    std::vector<double> hits;
    std::int64_t successes = 0;
    for (const std::size_t row : rows) {
      const bool good = hit(row);
      successes += good;
      hits.push_back(good ? 1 : 0);
    }
    const auto trials = static_cast<std::int64_t>(rows.size());
    if (clusters_.empty()) return stats::proportion(id, successes, trials);

    std::vector<std::int64_t> clusters;
    for (const std::size_t row : rows) clusters.push_back(clusters_[row]);
    stats::Resampling resampling = resampling_;
    resampling.purpose = id;
    return stats::bootstrapped(id, static_cast<double>(successes) / static_cast<double>(trials),
                               stats::bounded_mean(hits, clusters, {0, 1}, resampling),
                               static_cast<std::int64_t>(stats::renumbered(clusters).count));
  }

 private:
  std::span<const std::int64_t> clusters_;
  stats::Resampling resampling_;
};

std::vector<Finding> findings_of(const LabelledRows& rows, const Answers& answers,
                                 const stats::Confusion& confusion,
                                 const std::vector<std::string>& labels,
                                 const stats::Resampling& resampling) {
  const auto& clusters = rows.predictions.clusters;
  const int classes = confusion.classes;
  std::vector<std::size_t> all(rows.size());
  std::vector<std::vector<std::size_t>> labelled(at(classes)), given(at(classes));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all[i] = i;
    labelled[at(answers.truth[i])].push_back(i);
    if (answers.predicted[i] != stats::kNoAnswer) given[at(answers.predicted[i])].push_back(i);
  }
  const auto right = [&](std::size_t i) { return answers.truth[i] == answers.predicted[i]; };
  const Shares share(clusters, resampling);
  const auto draws = clusters.empty()
                         ? stats::bootstrap_by_class(confusion, resampling)
                         : stats::bootstrap_by_cluster(classes, answers.truth, answers.predicted,
                                                       clusters, resampling);

  std::vector<Finding> findings{share("top1", all, right, kNoRows)};
  if (classes >= kFewestClassesForTop5)
    findings.push_back(share(
        "top5", all, [&](std::size_t i) { return bool(answers.in_five[i]); }, kNoRows));
  findings.push_back(
      all.empty() ? stats::undefined("balanced_accuracy", kNoRows)
                  : stats::bootstrapped("balanced_accuracy", stats::balanced_accuracy(confusion),
                                        draws.balanced_accuracy, rows.independent()));
  const auto top1 = class_ids("top1", labels), precision = class_ids("precision", labels),
             recall = class_ids("recall", labels), f1 = class_ids("f1", labels);
  for (int c = 0; c < classes; ++c) {
    const std::string absent = "no labelled picture of this class";
    Finding own = share(top1[at(c)], labelled[at(c)], right, absent);
    findings.push_back(own);
    findings.push_back(
        share(precision[at(c)], given[at(c)], right, "no picture was given this class"));
    own.id = recall[at(c)];  // the same quantity
    findings.push_back(std::move(own));
    findings.push_back(labelled[at(c)].empty()
                           ? stats::undefined(f1[at(c)], absent)
                           : stats::bootstrapped(f1[at(c)], stats::f1(confusion, c),
                                                 draws.f1[at(c)], rows.independent()));
  }
  return findings;
}

// All mistakes, the most confident first; equal ones in the order of the rows.
std::vector<Accuracy::Mistake> mistakes_of(const LabelledRows& rows, const Answers& answers) {
  std::vector<Accuracy::Mistake> mistakes;
  stats::Softmax softmax(rows.predictions);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const int truth = answers.truth[i], predicted = answers.predicted[i];
    if (predicted == truth || predicted == stats::kNoAnswer) continue;
    mistakes.push_back(
        {rows.records[i]->row, rows.records[i]->id, truth, predicted, softmax(i)[at(predicted)]});
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return mistakes;
}

// The commonest confusions first, equal ones in the order of the classes.
std::vector<stats::Confusion::Cell> confusions_of(const stats::Confusion& confusion) {
  std::vector<stats::Confusion::Cell> wrong;
  for (const auto& cell : confusion.cells)
    if (cell.predicted != cell.truth && cell.predicted != stats::kNoAnswer) wrong.push_back(cell);
  std::stable_sort(wrong.begin(), wrong.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return wrong;
}

}  // namespace

Accuracy::Result Accuracy::summarise(std::span<const Record> records, const Params& params,
                                     const Facts& facts) {
  const int classes = static_cast<int>(facts.labels.size());
  const LabelledRows rows = labelled_rows(records, classes, Unusable::kKeep);
  const Answers answers = answers_of(rows);
  Result result;
  result.labels = facts.labels;
  result.confusion = stats::confusion_of(classes, answers.truth, answers.predicted);
  result.findings = findings_of(rows, answers, result.confusion, facts.labels,
                                {params.replicates, facts.seed, "accuracy"});
  result.notes = rows.notes();
  result.unusable = rows.unusable;

  const auto mistakes = mistakes_of(rows, answers);
  const auto shown = static_cast<std::size_t>(params.exhibits);
  result.confident.assign(mistakes.begin(), mistakes.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   shown, mistakes.size())));
  result.wrong = confusions_of(result.confusion);
  const std::size_t pairs = std::min({kConfusedPairs, result.wrong.size(), shown});
  for (std::size_t k = 0; k < pairs; ++k) {
    std::vector<Mistake> pair;
    for (const auto& m : mistakes)
      if (m.truth == result.wrong[k].truth && m.predicted == result.wrong[k].predicted &&
          pair.size() < (shown + k) / pairs)
        pair.push_back(m);
    result.confused.push_back(std::move(pair));
  }
  return result;
}

}  // namespace assay::checks
