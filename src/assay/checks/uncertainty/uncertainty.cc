#include "assay/checks/uncertainty/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/base/number_in.h"
#include "assay/base/seed.h"
#include "assay/checks/clusters.h"
#include "assay/checks/drawn_rows.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/uncertainty/uncertainty_samples.h"
#include "assay/stats/bound.h"
#include "assay/stats/conformal.h"
#include "assay/stats/foreign_distance.h"
#include "assay/stats/median.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = Uncertainty::Record;
using Result = Uncertainty::Result;
using Kind = Uncertainty::Kind;
using stats::number_text;

constexpr const char* kNoLabel = "no labelled picture gave finite outputs";
constexpr int kReplicates = 1000, kBins = 15, kNeighbour = 5, kDirections = 3;
constexpr double kConfidence = 0.95, kAccepted = 0.95;
constexpr double kNormalised = 1e-4;  // log Σ e^z of logits that are log-probabilities

double uncertainty_of(const Record& r, const std::string& score) {
  if (score == "margin") return 1 - r.margin;
  if (score == "entropy") return r.predictive_entropy;
  if (score == "information") return r.mutual_information;
  if (score == "disagreement") return r.disagreement;
  return 1 - r.confidence;
}

double log_sum_exp(const std::vector<float>& logits) {
  double most = -INFINITY, sum = 0;
  for (const float z : logits) most = std::max(most, static_cast<double>(z));
  for (const float z : logits) sum += std::exp(static_cast<double>(z) - most);
  return most + std::log(sum);
}

std::vector<std::pair<std::string, double>> coverages_of(const Uncertainty::Params& params) {
  std::vector<std::pair<std::string, double>> all;
  for (const std::string& text : split_names(params.coverages)) {
    const auto c = number_in(text);
    if (!c || !(*c > 0 && *c <= 1))
      throw InputError("checks.uncertainty.coverages",
                       "got \"" + text + "\", wanted shares above 0 up to 1");
    all.emplace_back(text, *c);
  }
  return all;
}

class UncertaintySummary {
 public:
  UncertaintySummary(std::span<const Record> records, const Uncertainty::Params& params,
                     const Facts& facts)
      : facts_(facts), params_(params), source_(sample_source(params)) {
    result_.params = params;
    result_.labels = facts.labels;
    for (const auto& [name, value] : coverages_of(params)) {
      result_.coverage_names.push_back(name);
      result_.coverages.push_back(value);
    }
    for (const Record& r : records) {
      if (r.kind == Kind::kForeign) {
        ++result_.foreign;
        if (r.finite) foreign_.push_back(&r);
        continue;
      }
      ++result_.pictures;
      result_.nonfinite += !r.finite;
      if (!r.finite) continue;
      own_.push_back(&r);
      result_.unlabelled += r.label < 0;
      if (r.label >= 0) labelled_.push_back(&r);
    }
    own_clusters_ = clusters_of(own_);
    clusters_ = clusters_of(labelled_);
    for (const Record* r : labelled_) {
      doubt_.uncertainty.push_back(uncertainty_of(*r, params.score));
      doubt_.wrong.push_back(r->decision != r->label);
    }
    doubt_.clusters = clusters_;
  }

  Result run() && {
    measures();
    worth();
    sets();
    foreignness();
    describe();
    return std::move(result_);
  }

 private:
  void add(Finding finding) { result_.findings.push_back(std::move(finding)); }
  void undefine(const std::string& id, const std::string& why) { add(stats::undefined(id, why)); }
  stats::Resampling draws(const char* purpose) const { return {kReplicates, facts_.seed, purpose}; }
  template <class Value>
  void mean(const std::string& id, const std::vector<const Record*>& rows,
            const std::vector<std::int64_t>& clusters, const stats::Span& range, Value value,
            const char* unit = "") {
    std::vector<double> values;
    for (const Record* r : rows) values.push_back(value(*r));
    Finding f = mean_finding(id, values, clusters, range, facts_.seed, "uncertainty/" + id);
    f.unit = unit;
    add(std::move(f));
  }

  // What the samples say, over all pictures.
  void measures() {
    const double most = std::log(std::max<double>(2, static_cast<double>(facts_.labels.size())));
    const auto own = [&](const char* id, double high, double Record::*member, const char* unit) {
      mean(
          id, own_, own_clusters_, {0, high},
          [&](const Record& r) { return std::clamp(r.*member, 0.0, high); }, unit);
    };
    own("predictive_entropy", most, &Record::predictive_entropy, "nat");
    own("expected_entropy", most, &Record::expected_entropy, "nat");
    own("mutual_information", most, &Record::mutual_information, "nat");
    own("variation_ratio", 1, &Record::variation_ratio, "");
    double largest = 0;
    for (const Record* r : own_) {
      largest = std::max(largest, r->standard_error);
      result_.unconverged += r->standard_error > params_.error;
    }
    if (source_.kind == SampleSource::Kind::kSingle) {
      result_.unconverged = 0;
      undefine("standard_error", "a single pass has no sampling error");
    } else if (own_.empty()) {
      undefine("standard_error", "no picture gave finite outputs");
    } else {
      add(stats::exact("standard_error", largest, "", static_cast<std::int64_t>(own_.size())));
      result_.findings.back().note = "the largest of any picture's class";
    }
  }

  // Whether the doubtful ones are the wrong ones.
  void worth() {
    std::vector<std::string> ids{"accuracy", "ece",         "overconfidence",
                                 "aurc",     "excess_aurc", "error_auroc"};
    for (const std::string& c : result_.coverage_names) ids.push_back("selective_accuracy/" + c);
    ids.insert(ids.end(), {"abstain_threshold", "abstain_coverage"});
    if (labelled_.empty()) {
      for (const std::string& id : ids) undefine(id, kNoLabel);
      return;
    }
    const auto n = static_cast<std::int64_t>(labelled_.size());
    const auto right = [](const Record& r) { return r.decision == r.label ? 1.0 : 0.0; };
    mean("accuracy", labelled_, clusters_, {0, 1}, right);
    calibration();
    mean("overconfidence", labelled_, clusters_, {-1, 1},
         [&](const Record& r) { return r.confidence - right(r); });
    const auto m = stats::selective_measures(doubt_);
    add(stats::bootstrapped("aurc", m.aurc,
                            stats::aurc_replicates(doubt_, draws("uncertainty/aurc")), n));
    add(stats::bootstrapped("excess_aurc", m.excess_aurc,
                            stats::excess_aurc_replicates(doubt_, draws("uncertainty/excess aurc")),
                            n));
    if (m.auroc)
      add(stats::bootstrapped("error_auroc", *m.auroc,
                              stats::auroc_replicates(doubt_, draws("uncertainty/auroc")), n));
    else
      undefine("error_auroc", doubt_.wrong[0] ? "every answer is wrong" : "no answer is wrong");
    for (std::size_t i = 0; i < result_.coverages.size(); ++i) {
      std::vector<const Record*> answered;
      for (const std::size_t k : stats::answered_at(doubt_, result_.coverages[i]))
        answered.push_back(labelled_[k]);
      mean("selective_accuracy/" + result_.coverage_names[i], answered, clusters_of(answered),
           {0, 1}, right);
    }
    abstain();
    result_.curve = stats::risk_coverage(doubt_);
    // The best order: all right rows, then one wrong one after the other.
    stats::Doubt best = doubt_;
    double last = 0;
    for (std::size_t i = 0; i < best.wrong.size(); ++i)
      best.uncertainty[i] = best.wrong[i] ? ++last : 0;
    result_.best = stats::risk_coverage(best);
  }

  void calibration() {
    stats::TopLabel top;
    for (const Record* r : labelled_) {
      top.confidence.push_back(std::clamp(r->confidence, 0.0, 1.0));
      top.hit.push_back(r->decision == r->label);
    }
    const auto bin = stats::equal_width_bins(top.confidence, kBins);
    result_.cells = stats::cells_of(top, bin, kBins);
    const auto null = stats::resample_hits(top, bin, bin, kBins, draws("uncertainty/null"));
    result_.bands = stats::consistency_bands(result_.cells, null.width, 0.95);
    add(stats::bootstrapped(
        "ece", stats::expected_error(result_.cells),
        stats::expected_error_replicates(result_.cells, null.width,
                                         stats::dependence_of(top, bin, kBins, clusters_),
                                         draws("uncertainty/ece")),
        static_cast<std::int64_t>(labelled_.size())));
  }

  void abstain() {
    const auto found = stats::abstain_threshold(doubt_, params_.error_rate, kConfidence);
    if (!found) {
      const std::string why = "no threshold is known to keep errors below " +
                              number_text(params_.error_rate, 3) + " with 95 % confidence";
      undefine("abstain_threshold", why);
      undefine("abstain_coverage", why);
      return;
    }
    add(stats::exact("abstain_threshold", found->threshold, "", found->answered));
    std::string& note = result_.findings.back().note;
    note = "answers at or below it err in at most " + number_text(params_.error_rate, 3) +
           " of cases, with 95 % confidence";
    if (!clusters_.empty())
      note += "; pictures are taken for independent, clusters are not told apart";
    add(stats::proportion("abstain_coverage", found->answered,
                          static_cast<std::int64_t>(labelled_.size())));
  }

  // Half of the labelled rows, or of their clusters, by lot: what the sets and the distances are fitted on.
  std::vector<bool> fitted_half() const {
    std::vector<std::int64_t> group = clusters_;
    if (group.empty())
      for (std::size_t i = 0; i < labelled_.size(); ++i)
        group.push_back(static_cast<std::int64_t>(i));
    const std::int64_t groups =
        group.empty() ? 0 : *std::max_element(group.begin(), group.end()) + 1;
    std::vector<bool> chosen(static_cast<std::size_t>(groups), false);
    for (const std::int64_t g :
         drawn_rows(static_cast<std::size_t>(groups), static_cast<std::size_t>(groups / 2),
                    facts_.seed, "uncertainty/halves"))
      chosen[static_cast<std::size_t>(g)] = true;
    std::vector<bool> fitted;
    for (const std::int64_t g : group) fitted.push_back(chosen[static_cast<std::size_t>(g)]);
    return fitted;
  }

  void sets() {
    result_.class_findings = class_ids("conformal_coverage", facts_.labels);
    const auto fitted = fitted_half();
    const stats::ConformalRule rule{params_.penalty, params_.free_ranks};
    const auto scores = [&](const Record& r) {
      Stream stream(facts_.seed, "uncertainty/conformal", static_cast<std::uint64_t>(r.row));
      return stats::conformal_scores({std::vector<double>(r.mean.begin(), r.mean.end())},
                                     stream.uniform(), rule);
    };
    std::vector<double> known;
    std::vector<const Record*> judged;
    for (std::size_t i = 0; i < labelled_.size(); ++i) {
      if (fitted[i])
        known.push_back(scores(*labelled_[i])[static_cast<std::size_t>(labelled_[i]->label)]);
      else
        judged.push_back(labelled_[i]);
    }
    const double threshold = stats::conformal_threshold(known, params_.miscoverage);
    if (judged.empty() || !std::isfinite(threshold)) {
      const std::string why =
          "too few labelled pictures to fit sets of so much coverage on half of them";
      undefine("conformal_coverage", why);
      undefine("conformal_size", why);
      for (const std::string& id : result_.class_findings) undefine(id, why);
      return;
    }
    std::map<const Record*, std::pair<double, double>> of;  // covered, size
    std::map<std::int64_t, double> sizes;
    for (const Record* r : judged) {
      const auto set = stats::conformal_set(scores(*r), threshold);
      of[r] = {std::find(set.begin(), set.end(), r->label) != set.end() ? 1 : 0,
               static_cast<double>(set.size())};
      sizes[static_cast<std::int64_t>(set.size())] += 1.0 / static_cast<double>(judged.size());
    }
    result_.set_sizes.assign(sizes.begin(), sizes.end());
    const auto covered = [&](const Record& r) { return of.at(&r).first; };
    mean("conformal_coverage", judged, clusters_of(judged), {0, 1}, covered);
    mean("conformal_size", judged, clusters_of(judged),
         {0, static_cast<double>(facts_.labels.size())},
         [&](const Record& r) { return of.at(&r).second; });
    for (std::size_t c = 0; c < result_.class_findings.size(); ++c) {
      std::vector<const Record*> members;
      for (const Record* r : judged)
        if (r->label == static_cast<int>(c)) members.push_back(r);
      mean(result_.class_findings[c], members, clusters_of(members), {0, 1}, covered);
    }
  }

  // Scores by which what is foreign could be told, the larger the more so.
  void foreignness() {
    if (params_.foreign.empty()) return;
    result_.scores = {"confidence", "entropy", "energy", "mahalanobis", "nearest"};
    score("confidence", own_, [](const Record& r) { return 1 - r.confidence; });
    score("entropy", own_, [](const Record& r) { return r.predictive_entropy; });
    const bool logits = std::any_of(own_.begin(), own_.end(), [](const Record* r) {
      return std::abs(log_sum_exp(r->logits)) > kNormalised;
    });
    if (logits)
      score("energy", own_, [](const Record& r) { return -log_sum_exp(r.logits); });
    else
      undefine_score("energy",
                     "the model gives probabilities: the size of its logits is not known");
    // Fitted on half of the labelled pictures, judged on the others.
    const auto fitted = fitted_half();
    std::vector<std::vector<float>> features;
    std::vector<int> labels;
    std::vector<const Record*> judged;
    for (std::size_t i = 0; i < labelled_.size(); ++i) {
      if (!fitted[i]) {
        judged.push_back(labelled_[i]);
        continue;
      }
      features.push_back(labelled_[i]->features);
      labels.push_back(labelled_[i]->label);
    }
    if (features.size() < 2 || features[0].empty()) {
      for (const char* name : {"mahalanobis", "nearest"})
        undefine_score(name, "too few labelled pictures to say what is known");
      return;
    }
    const stats::KnownFeatures known(features, labels);
    score("mahalanobis", judged, [&](const Record& r) { return known.mahalanobis(r.features); });
    score("nearest", judged,
          [&](const Record& r) { return known.nearest(r.features, kNeighbour); });
  }
  void undefine_score(const std::string& name, const std::string& why) {
    undefine("ood_auroc/" + name, why);
    undefine("ood_fpr95/" + name, why);
  }
  template <class Value>
  void score(const std::string& name, const std::vector<const Record*>& own, Value value) {
    if (own.empty() || foreign_.empty()) {
      undefine_score(name, own.empty() ? "no picture of the data can be judged"
                                       : "no foreign picture gave finite outputs");
      return;
    }
    // "Wrong" are the foreign ones: the same question of another label.
    stats::Doubt doubt;
    std::vector<double> sorted;
    for (const Record* r : own) {
      doubt.uncertainty.push_back(value(*r));
      doubt.wrong.push_back(0);
      sorted.push_back(doubt.uncertainty.back());
    }
    std::int64_t accepted = 0;
    std::sort(sorted.begin(), sorted.end());
    const double limit = sorted[static_cast<std::size_t>(
        std::ceil(kAccepted * static_cast<double>(sorted.size())) - 1)];
    for (const Record* r : foreign_) {
      doubt.uncertainty.push_back(value(*r));
      doubt.wrong.push_back(1);
      accepted += doubt.uncertainty.back() <= limit;
    }
    const std::string auroc = "ood_auroc/" + name;
    add(stats::bootstrapped(auroc, *stats::selective_measures(doubt).auroc,
                            stats::auroc_replicates(doubt, {kReplicates, facts_.seed, auroc}),
                            static_cast<std::int64_t>(doubt.wrong.size())));
    add(stats::proportion("ood_fpr95/" + name, accepted,
                          static_cast<std::int64_t>(foreign_.size())));
    result_.findings.back().note = "the threshold that accepts 95 % of the data is taken as it is";
  }

  // For the figures.
  void describe() {
    std::size_t looks = 0;
    for (const Record* r : own_) looks = std::max(looks, r->trace.size());
    for (std::size_t l = 0; l < looks; ++l) {
      std::vector<double> errors;
      // One that has ended stays where it ended.
      for (const Record* r : own_)
        if (!r->trace.empty()) errors.push_back(r->trace[std::min(l, r->trace.size() - 1)]);
      result_.trace_samples.push_back(std::ldexp(8.0, static_cast<int>(l)));
      result_.trace_median.push_back(stats::median(errors));
      result_.trace_most.push_back(*std::max_element(errors.begin(), errors.end()));
    }
    const std::size_t k = facts_.labels.size();
    std::int64_t covaried = 0;
    stats::ClassCovariance mean;
    mean.epistemic.assign(k * k, 0);
    for (const Record* r : own_) {
      if (r->covariance.size() != k * k) continue;
      ++covaried;
      for (std::size_t i = 0; i < k * k; ++i)
        mean.epistemic[i] += static_cast<double>(r->covariance[i]);
    }
    if (covaried > 0) {
      for (double& c : mean.epistemic) c /= static_cast<double>(covaried);
      result_.directions = stats::leading_directions(mean, static_cast<int>(k), kDirections);
      result_.covariance = std::move(mean.epistemic);
    }
    gallery();
  }

  void gallery() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < labelled_.size(); ++i) order.push_back(i);
    const auto by = [&](bool doubtful) {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return doubtful ? doubt_.uncertainty[a] > doubt_.uncertainty[b]
                        : doubt_.uncertainty[a] < doubt_.uncertainty[b];
      });
      std::vector<Result::Shown> shown;
      for (const std::size_t i : order) {
        if (static_cast<int>(shown.size()) >= params_.shown) break;
        if (!doubtful && !doubt_.wrong[i]) continue;
        const Record& r = *labelled_[i];
        shown.push_back({r.row, r.id, r.label, r.decision, r.confidence, doubt_.uncertainty[i]});
      }
      return shown;
    };
    result_.doubtful = by(true);
    result_.sure_and_wrong = by(false);
  }

  const Facts& facts_;
  const Uncertainty::Params& params_;
  SampleSource source_;
  Result result_;
  std::vector<const Record*> own_, labelled_, foreign_;
  std::vector<std::int64_t> own_clusters_, clusters_;
  stats::Doubt doubt_;
};

}  // namespace

Result Uncertainty::summarise(std::span<const Record> records, const Params& params,
                              const Facts& facts) {
  return UncertaintySummary(records, params, facts).run();
}

std::vector<Finding> Uncertainty::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
