// How often is the model right, and whom does it take for whom?
//
// Findings: top1, top5 (from 6 classes on), balanced_accuracy, and for every class top1/CLASS,
// precision/CLASS, recall/CLASS, f1/CLASS. top1/CLASS and recall/CLASS are one quantity under two
// names: the share of the pictures labelled CLASS that are given CLASS.
// The answer is the largest logit, the lowest index on ties; a label is among the five if fewer
// than five classes lie before it in that order. Logits that are not numbers count as a wrong
// answer and as nobody's false alarm.
// Proportions: Clopper–Pearson; balanced accuracy and F1: bootstrap by class (stats/confusion.h).
// Where the data name clusters, everything is bootstrapped by cluster.
// Cost: no forwards of its own (the clean pass is read); replicates × rows.
// Source: clopper1934.
#pragma once

#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/base/field.h"
#include "assay/checks/check.h"
#include "assay/stats/confusion.h"

namespace assay::checks {

struct Accuracy {
  static constexpr CheckInfo kInfo{
      "accuracy", "How often is the model right, and whom does it take for whom?", "clopper1934"};

  struct Params {
    int replicates = 1000;
    int exhibits = 12;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("replicates", &Params::replicates, Range{200, 100000}, "",
              "bootstrap draws behind each interval of balanced_accuracy and f1",
              Stage::kSummarising),
        field("exhibits", &Params::exhibits, Range{0, 200}, "",
              "pictures shown of the most confident errors, and of the commonest confusions",
              Stage::kSummarising)};
  }

  using Record = CleanRecord;

  // A picture that was given the wrong class.
  struct Mistake {
    std::int64_t row = 0;
    std::string id;
    int truth = 0, predicted = 0;
    double probability = 0;  // of the predicted class
  };
  struct Result {
    std::vector<std::string> labels;
    stats::Confusion confusion;
    std::vector<stats::Confusion::Cell> wrong;  // the commonest confusions first
    std::vector<Finding> findings;
    std::vector<Mistake> confident;  // the most confident mistakes, in descending order
    // Of the commonest confusions, the most confident pictures of each.
    std::vector<std::vector<Mistake>> confused;
    std::vector<std::string> notes;
    std::int64_t unusable = 0;
  };

  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result) { return result.findings; }
  static Section present(const Result& result);
};

}  // namespace assay::checks
