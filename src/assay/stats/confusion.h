// Who was taken for whom, and what follows: recall, precision, F1, balanced accuracy with their
// confidence distributions.
//
//   recall_c = right_c / actual_c      precision_c = right_c / predicted_c
//   f1_c = 2 right_c / (actual_c + predicted_c)      balanced accuracy = mean of recall_c over the
//   classes present
//
// By class: the rows of a class are drawn anew, the class sizes stay (they are the maker's choice
// of test set). A class's recall is Beta(right, wrong), the false alarms from all other rows are
// Beta(false, others - false); one imaginary row makes the classes' misses as bad as the data
// allow: the recalls fall to the shares s_c that minimise their mean subject to sum of -n_c ln s_c
// = E with E exponential, which is Clopper–Pearson for one class and exact for any number of
// classes without an error. See bootstrap.h for the reasons and for clusters. Balanced accuracy
// spreads each class by sqrt((n_c+1)/(n_c-1)), as few rows lose variance, and classes with a single
// row are drawn together.
// When it lies: a class with a handful of rows; more than one dependent row without a cluster.
// Cost: replicates × classes (by class) or × rows (by cluster), about 100 ns each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/bootstrap.h"

namespace assay::stats {

// The predicted class of a row without a usable answer: it counts as wrong and as nobody's false
// alarm.
inline constexpr int kNoAnswer = -1;

struct Confusion {
  struct Cell {
    int truth = 0, predicted = 0;
    std::int64_t count = 0;
  };
  int classes = 0;
  std::vector<Cell> cells;  // the non-empty ones, by truth, then predicted
  std::vector<std::int64_t> right, actual, predicted;  // [classes]
  std::int64_t rows = 0, rows_right = 0;
};

// Truth in [0, classes), predicted likewise or kNoAnswer; one each a row.
Confusion confusion_of(int classes, std::span<const int> truth, std::span<const int> predicted);

// NaN where no class, or not this one, is present.
double balanced_accuracy(const Confusion& confusion);
double f1(const Confusion& confusion, int c);

struct ConfusionReplicates {
  Replicates balanced_accuracy;
  std::vector<Replicates> f1;  // [classes]; no draws where the class is absent
};
ConfusionReplicates bootstrap_by_class(const Confusion& confusion, const Resampling& resampling);
ConfusionReplicates bootstrap_by_cluster(int classes, std::span<const int> truth,
                                         std::span<const int> predicted,
                                         std::span<const std::int64_t> clusters,
                                         const Resampling& resampling);

}  // namespace assay::stats
