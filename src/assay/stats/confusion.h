// Who was taken for whom: recall, precision, F1, balanced accuracy and their confidence
// distributions.
//
//   recall_c = right_c / actual_c        precision_c = right_c / predicted_c
//   f1_c = 2 right_c / (actual_c + predicted_c)
//   balanced accuracy = mean of recall_c over the classes present
//
// By class: the rows of a class are drawn anew, the class sizes stay (they are the maker's choice
// of test set). A class's recall is Beta(right, wrong), the false alarms from all other rows are
// Beta(false, others - false). One imaginary row makes the misses as bad as the data allow: recalls
// are multiplied by the shares s_c that make their mean smallest subject to sum of -n_c ln s_c = E,
// E exponential. That is Clopper–Pearson for one class, and exact for any number of classes without
// an error. Balanced accuracy spreads each class by sqrt((n_c+1)/(n_c-1)), since few rows lose
// variance, and draws the classes with a single row together.
// By cluster: see bootstrap.h.
// When it lies: dependent rows without a cluster.
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
