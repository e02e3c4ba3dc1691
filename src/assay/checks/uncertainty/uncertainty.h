// How sure is the model, and is it unsure where it is wrong? See uncertainty.md.
//
// Round 1 asks every picture as often as `samples` says (uncertainty_samples.h), until a class's mean probability is known to `error`;
// round 2 asks the pictures of a foreign folder, once each.
// Cost: the samples' forwards a picture at most; dropout runs what lies behind the first active place only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "assay/checks/check.h"
#include "assay/stats/calibration.h"
#include "assay/stats/calibration_evidence.h"
#include "assay/stats/sampled_prediction.h"
#include "assay/stats/selective.h"

namespace assay::checks {

struct Uncertainty {
  static constexpr CheckInfo kInfo{
      "uncertainty", "How sure is the model, and is it unsure where it is wrong?", "gal2016"};
  struct Params {
    std::string samples, dropout_at, models;
    std::string factors =
        "rotation=truncated_normal(0, 5, -15, 15); brightness=truncated_normal(1, 0.15, 0.5, 1.5); "
        "gaussian_blur=uniform(0, 1)";
    double error = 0.01;
    std::string score = "confidence";
    std::string coverages = "0.8, 0.9, 0.95";
    double error_rate = 0.01, miscoverage = 0.1, penalty = 0;
    int free_ranks = 1;
    std::string foreign, layer;
    int shown = 6;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("samples", &Params::samples, Entries{"samples"},
              "where samples come from and how many at most: dropout=50, factors=50; none: the "
              "single pass, or with models the ensemble",
              Stage::kMeasuring),
        field("dropout_at", &Params::dropout_at, Entries{"dropout-at"},
              "places of dropout that the export removed: VALUE=0.2, of whole channels "
              "VALUE=channels(0.2)",
              Stage::kMeasuring),
        field("factors", &Params::factors, Entries{"factor"},
              "what changes in samples of factors, each with its distribution", Stage::kMeasuring),
        field("models", &Params::models, Entries{"model"},
              "files of other models of the same classes and input that are an ensemble with this "
              "one",
              Stage::kMeasuring),
        field(
            "error", &Params::error, Range{0, 1}, "",
            "sampling ends when the standard error of every class's mean probability is no larger",
            Stage::kMeasuring),
        field(
            "score", &Params::score, Choice{"confidence|margin|entropy|information|disagreement"},
            "the uncertainty that is judged: one less the largest probability or the lead, the "
            "entropy of the mean, what the samples disagree about, the share that votes otherwise",
            Stage::kSummarising),
        field("coverages", &Params::coverages, List{},
              "shares of the pictures that must be answered", Stage::kSummarising),
        field("error_rate", &Params::error_rate, Range{0, 1}, "",
              "that answers may have: a threshold to abstain is looked for", Stage::kSummarising),
        field("miscoverage", &Params::miscoverage, Range{0.001, 0.5}, "",
              "share of pictures whose class may be missing from the sets", Stage::kSummarising),
        field("penalty", &Params::penalty, Range{0, 10}, "",
              "of each class beyond free_ranks in a set (RAPS); 0: none (APS)",
              Stage::kSummarising),
        field("free_ranks", &Params::free_ranks, Range{0, 1000000}, "",
              "classes of a set without penalty", Stage::kSummarising),
        field("foreign", &Params::foreign, FilePath{},
              "a folder of pictures that are none of the classes; empty: none", Stage::kMeasuring),
        field("layer", &Params::layer, Choice{},
              "the graph value whose means say how foreign a picture is; empty: the last with "
              "extent",
              Stage::kMeasuring),
        field("shown", &Params::shown, Range{0, 100}, "pictures", "in each gallery of the report",
              Stage::kSummarising)};
  }

  enum class Kind : std::uint8_t { kOwn, kForeign };
  static constexpr int kMostCovaried = 20;  // classes of which covariances are kept
  struct Record {
    std::int64_t row = 0;  // set when read
    Kind kind = Kind::kOwn;
    std::string id, cluster;
    int label = -1;
    bool finite = true;
    std::vector<float> logits;           // of the single pass
    std::vector<float> mean, deviation;  // [K], of the samples
    std::vector<float> covariance;  // [K × K], epistemic; empty: one sample, or too many classes
    double predictive_entropy = 0, expected_entropy = 0, mutual_information = 0;
    double variation_ratio = 0, disagreement = 0, confidence = 0, margin = 0;
    double standard_error = 0;
    int decision = -1, samples = 0;
    std::vector<double> trace;  // the standard error at 8, 16, … samples
    std::vector<float>
        features;  // means of the layer's channels; empty where nothing foreign is asked
    template <class A>
    void archive(A& a) {
      a(kind, id, cluster, label, finite, logits, mean, deviation, covariance, predictive_entropy,
        expected_entropy, mutual_information, variation_ratio, disagreement, confidence, margin,
        standard_error, decision, samples, trace, features);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0, foreign = 0, unconverged = 0;
    std::vector<Finding> findings;
    stats::RiskCoverage curve, best;
    std::vector<stats::Cell> cells;
    std::vector<stats::Band> bands;
    std::vector<double> trace_samples, trace_median, trace_most;
    std::vector<double> covariance;  // [K × K], mean over the pictures
    stats::Directions directions;
    std::vector<double> coverages;
    std::vector<std::string> coverage_names;
    std::vector<std::pair<std::int64_t, double>> set_sizes;  // size and share
    std::vector<std::string> class_findings;                 // ids, by class
    std::vector<std::string> scores;                         // of what is foreign
    struct Shown {
      std::int64_t row = 0;
      std::string id;
      int label = -1, decision = -1;
      double confidence = 0, uncertainty = 0;
    };
    std::vector<Shown> doubtful, sure_and_wrong;
  };

  static std::vector<Unit> units(const Subject& subject, const Params& params,
                                 std::span<const Record> so_far);
  static std::vector<std::string> keep(const Subject& subject, const Params& params);
  static std::vector<Record> measure(const Subject& subject, const Params& params,
                                     std::span<const Unit> units, const Context& context);
  static Cost cost(const Params& params, std::string_view unit);
  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
