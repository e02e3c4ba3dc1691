// The labelled rows of the clean pass, as the performance checks read them.
//
// Left out: pictures that could not be read, rows without a label that the model has. Logits that
// are not numbers (NaN, +infinity, or -infinity for every class) are an answer that cannot be used:
// a check either keeps such rows, as wrong answers, or leaves them out. -infinity for some classes
// is a probability of 0.
// Views only: the records must outlive it. Cost: one pass over the logits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/checks/check.h"
#include "assay/stats/predictions.h"

namespace assay::checks {

enum class Unusable { kKeep, kLeaveOut };

struct LabelledRows {
  stats::Predictions predictions;  // clusters are numbered, or empty where no row names one
  std::vector<const CleanRecord*> records;  // row by row as in predictions
  std::vector<bool> usable;                 // likewise
  std::int64_t unreadable = 0, unlabelled = 0, unusable = 0;

  std::size_t size() const { return records.size(); }
  std::int64_t independent() const;  // clusters, or rows where there are none
  std::vector<std::string> notes()
      const;  // one sentence for every kind of row that was treated specially
};

LabelledRows labelled_rows(std::span<const CleanRecord> records, int classes, Unusable unusable);

}  // namespace assay::checks
