#include "assay/checks/performance/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "assay/checks/performance/labelled_rows.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/number_text.h"
#include "assay/stats/temperature.h"

namespace assay::checks {

namespace {

constexpr const char* kNoRows = "no labelled picture gave usable logits";
constexpr const char* kMeasured[] = {"ece",
                                     "ece_adaptive",
                                     "mce",
                                     "classwise_ece",
                                     "brier",
                                     "brier_reliability",
                                     "brier_resolution",
                                     "brier_uncertainty",
                                     "brier_within_bin_variance",
                                     "brier_within_bin_covariance",
                                     "nll",
                                     "overconfidence",
                                     "ece_null",
                                     "ece_excess",
                                     "temperature_all",
                                     "temperature",
                                     "ece_after_temperature",
                                     "nll_after_temperature"};

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The findings, each added where its numbers are at hand; all share rows, draws and dependence.
class Summary {
 public:
  Summary(const stats::Predictions& predictions, const Calibration::Params& params,
          const Facts& facts)
      : predictions_(predictions),
        params_(params),
        seed_(facts.seed),
        m_(stats::measure_calibration(predictions, params.bins)),
        dependence_(stats::dependence_of(m_.top, m_.width_bin, params.bins, predictions.clusters)) {
    result_.labels = facts.labels;
    result_.rows = static_cast<std::int64_t>(predictions.size());
    units_ = static_cast<std::int64_t>(dependence_.units);
  }

  Calibration::Result run() && {
    binned();
    losses();
    temperature();
    class_errors();
    return std::move(result_);
  }

 private:
  stats::Resampling draws(int count, const char* purpose) const { return {count, seed_, purpose}; }
  void add(Finding finding) { result_.findings.push_back(std::move(finding)); }
  void add_mean(const char* id, std::span<const double> values, const char* unit = "") {
    add(stats::mean(id, stats::mean_error(values, predictions_.clusters), unit, units_));
  }
  Finding binned_error(const char* id, std::span<const stats::Cell> cells,
                       const stats::NullHits& null) const {
    return stats::bootstrapped(
        id, stats::expected_error(cells),
        stats::expected_error_replicates(cells, null, dependence_, draws(null.draws, id)), units_);
  }
  void undefine(std::initializer_list<const char*> ids, const std::string& why) {
    for (const char* id : ids) add(stats::undefined(id, why));
  }

  void binned() {
    const auto null = stats::resample_hits(m_.top, m_.width_bin, m_.mass_bin, params_.bins,
                                           draws(params_.null_draws, "calibration/null"));
    label_null_ = stats::resample_labels(predictions_, params_.bins,
                                         draws(params_.null_draws, "calibration/null labels"));
    result_.before = {m_.width, stats::consistency_bands(m_.width, null.width, 0.95)};
    add(binned_error("ece", m_.width, null.width));
    add(binned_error("ece_adaptive", m_.mass, null.mass));
    Finding mce = stats::bootstrapped(
        "mce", m_.mce, stats::maximum_error_replicates(m_.width, dependence_), units_);
    mce.note = "the largest gap of a bin, however few its pictures";
    add(std::move(mce));
    add(binned_error("classwise_ece", m_.classwise, label_null_));

    const auto errors = stats::null_errors(m_.width, null.width);
    null_finding_ = stats::mean("ece_null", stats::mean_error(errors), "", units_);
    null_finding_.note = "the error is that of drawing the labels";
    excess_finding_ =
        stats::mean("ece_excess", stats::excess_error(m_.width, errors, dependence_), "", units_);
    excess_finding_.note = "the interval is for its expectation on as many pictures";
  }

  void losses() {
    const auto& clusters = predictions_.clusters;
    add(stats::bootstrapped("brier", m_.brier_mean,
                            stats::bounded_mean(m_.brier, clusters, {0, 2},
                                                draws(params_.replicates, "calibration/brier")),
                            units_));
    const auto influence = stats::brier_influence(predictions_, m_);
    add(stats::bootstrapped(
        "brier_reliability", m_.parts.reliability,
        stats::reliability_replicates(
            m_, label_null_, stats::mean_error(influence.reliability, clusters), dependence_),
        units_));
    add(resolution(influence));
    add(stats::exact("brier_uncertainty", m_.parts.uncertainty, "", result_.rows));
    result_.findings.back().note = "a property of these labels: no sampling error is claimed";
    add_mean("brier_within_bin_variance", influence.within_bin_variance);
    add_mean("brier_within_bin_covariance", influence.within_bin_covariance);

    if (std::isfinite(m_.nll_mean))
      add_mean("nll", m_.nll, "nat");
    else
      add(stats::undefined("nll", infinite_loss()));

    std::vector<double> excess;
    for (std::size_t i = 0; i < m_.size(); ++i)
      excess.push_back(m_.top.confidence[i] - (m_.top.hit[i] ? 1 : 0));
    add(stats::bootstrapped(
        "overconfidence", m_.overconfidence,
        stats::bounded_mean(excess, clusters, {-1, 1},
                            draws(params_.replicates, "calibration/overconfidence")),
        units_));
    add(std::move(null_finding_));
    add(std::move(excess_finding_));
  }

  // Its value is the plain part of the sum; what chance adds to it is taken out of the evidence.
  Finding resolution(const stats::BrierInfluence& influence) const {
    MeanError error = stats::mean_error(influence.resolution, predictions_.clusters);
    error.mean -= influence.resolution_bias;
    Finding f = stats::mean("brier_resolution", error, "", units_);
    f.value = m_.parts.resolution;
    f.note = "the interval leaves out what chance adds to the value";
    return f;
  }

  std::string infinite_loss() const {
    double sum = 0, finite = 0;
    for (const double loss : m_.nll) {
      if (!std::isfinite(loss)) continue;
      sum += loss;
      finite += 1;
    }
    const auto infinite = static_cast<std::int64_t>(static_cast<double>(m_.size()) - finite);
    return "the mean is infinite: " + std::to_string(infinite) +
           (infinite == 1 ? " picture has" : " pictures have") + " a label of probability 0" +
           (finite > 0 ? " (" + stats::number_text(sum / finite) + " nat over the others)" : "");
  }

  void temperature() {
    const auto fit = stats::fit_temperature(predictions_);
    if (!fit.ok()) {
      undefine({"temperature_all", "temperature", "ece_after_temperature", "nll_after_temperature"},
               fit.problem);
      return;
    }
    MeanError error{fit.temperature, fit.standard_error, fit.degrees_of_freedom};
    add(stats::mean("temperature_all", error, "", units_));
    const auto folds = stats::cross_validate(predictions_, fit, {params_.folds, seed_});
    if (!folds.ok()) {
      undefine({"temperature", "ece_after_temperature", "nll_after_temperature"}, folds.problem);
      return;
    }
    error.mean = mean_of(folds.temperature);
    add(stats::mean("temperature", error, "", units_));
    result_.findings.back().note = "the mean of the folds' fits";

    const int bins = params_.bins;
    const auto bin = stats::equal_width_bins(folds.top.confidence, bins);
    const auto cells = stats::cells_of(folds.top, bin, bins);
    const auto null = stats::resample_hits(folds.top, bin, bin, bins,
                                           draws(params_.null_draws, "calibration/null after"));
    result_.after = {cells, stats::consistency_bands(cells, null.width, 0.95)};
    add(binned_error("ece_after_temperature", cells, null.width));
    add_mean("nll_after_temperature", folds.nll, "nat");
  }

  void class_errors() {
    const auto bins = static_cast<std::size_t>(params_.bins);
    for (int c = 0; c < m_.classes; ++c)
      result_.classes.push_back(
          {c, stats::expected_error(
                  std::span(m_.classwise).subspan(static_cast<std::size_t>(c) * bins, bins))});
    std::stable_sort(result_.classes.begin(), result_.classes.end(),
                     [](const auto& a, const auto& b) { return a.error > b.error; });
  }

  const stats::Predictions& predictions_;
  const Calibration::Params& params_;
  std::uint64_t seed_;
  stats::CalibrationMeasures m_;
  stats::Dependence dependence_;
  std::int64_t units_ = 0;
  stats::NullHits label_null_;
  Finding null_finding_, excess_finding_;
  Calibration::Result result_;
};

}  // namespace

Calibration::Result Calibration::summarise(const stats::Predictions& predictions,
                                           const Params& params, const Facts& facts) {
  if (predictions.size() > 0) return Summary(predictions, params, facts).run();
  Result nothing;
  nothing.labels = facts.labels;
  for (const char* id : kMeasured) nothing.findings.push_back(stats::undefined(id, kNoRows));
  return nothing;
}

Calibration::Result Calibration::summarise(std::span<const Record> records, const Params& params,
                                           const Facts& facts) {
  const LabelledRows rows =
      labelled_rows(records, static_cast<int>(facts.labels.size()), Unusable::kLeaveOut);
  Result result = summarise(rows.predictions, params, facts);
  result.notes = rows.notes();
  result.unusable = rows.unusable;
  return result;
}

}  // namespace assay::checks
