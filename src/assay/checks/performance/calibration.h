// Do the model's probabilities mean what they say?
//
// Findings: ece, ece_adaptive, mce, classwise_ece; brier with brier_reliability, brier_resolution,
// brier_uncertainty, brier_within_bin_variance and brier_within_bin_covariance, whose signed sum it
// is; nll; overconfidence; ece_null, what a perfectly calibrated model of the same confidences
// would score on as many pictures, and ece_excess above it; temperature_all, fitted on all rows,
// and, by cross-validation, temperature, ece_after_temperature, nll_after_temperature.
// Definitions: stats/calibration.h. Intervals: stats/calibration_evidence.h, stats/bootstrap.h.
// Rows whose logits are not numbers are left out, with a warning. Where a label has probability 0
// the NLL is infinite; nll, temperature and what follows are undefined then: nothing passes.
// Cost: no forwards of its own (the clean pass is read); about a second for 10,000 × 10, a quarter
// of a minute and 100 MB for 50,000 × 1,000.
// Source: guo2017calibration.
#pragma once

#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/base/field.h"
#include "assay/checks/check.h"
#include "assay/stats/calibration.h"
#include "assay/stats/calibration_evidence.h"

namespace assay::checks {

struct Calibration {
  static constexpr CheckInfo kInfo{
      "calibration", "Do the model's probabilities mean what they say?", "guo2017calibration"};

  struct Params {
    int bins = 15;
    int null_draws = 1000;
    int replicates = 1000;
    int folds = 5;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("bins", &Params::bins, Range{2, 1000}, "", "bins of equal width, and of equal mass",
              Stage::kSummarising),
        field("null_draws", &Params::null_draws, Range{200, 100000}, "",
              "label sets drawn from the model's own probabilities", Stage::kSummarising),
        field("replicates", &Params::replicates, Range{200, 100000}, "",
              "bootstrap draws behind the intervals of brier and overconfidence",
              Stage::kSummarising),
        field("folds", &Params::folds, Range{2, 100}, "",
              "folds of the cross-validated temperature", Stage::kSummarising)};
  }

  using Record = CleanRecord;

  // One reliability diagram.
  struct Diagram {
    std::vector<stats::Cell> cells;  // [bins]
    std::vector<stats::Band> bands;  // [bins], 95 %
  };
  struct ClassError {
    int c = 0;
    double error = 0;  // its equal-width ECE against the rest
  };
  struct Result {
    std::vector<std::string> labels;
    std::vector<Finding> findings;
    Diagram before, after;  // after: cross-validated temperature; no cells where there is none
    std::vector<ClassError> classes;  // the largest error first
    std::int64_t rows = 0, unusable = 0;
    std::vector<std::string> notes;
  };

  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  // The same on scores that come from elsewhere, such as recorded probabilities.
  static Result summarise(const stats::Predictions& predictions, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result) { return result.findings; }
  static Section present(const Result& result);
};

}  // namespace assay::checks
