#include "assay/checks/sensitivity/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include "assay/checks/clusters.h"
#include "assay/checks/sensitivity/sensitivity_rounds.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/calibration.h"
#include "assay/stats/calibration_evidence.h"
#include "assay/stats/sensitivity/pick_freeze.h"
#include "assay/stats/special.h"
#include "assay/stats/spectral.h"

namespace assay::checks {

namespace {

using Record = Sensitivity::Record;
using Result = Sensitivity::Result;
using Round = Sensitivity::Round;
using Eigen::Index;
using Eigen::VectorXd;

constexpr int kReplicates = 1000;
constexpr const char *kCorrected = "surrogate corrected for its error, Student's t",
                     *kFrozen = "pick-freeze on the model, Student's t";

// Student's t as a confidence distribution, cut to the quantity's range.
Replicates student(const stats::SobolIndex& index, const char* method) {
  Replicates r{{}, 0, 1, method};
  for (int k = 0; k < kReplicates; ++k)
    r.values.push_back(index.value + index.standard_error *
                                         stats::quantile(stats::StudentT{index.degrees_of_freedom},
                                                         (k + 0.5) / kReplicates));
  return r;
}

// One picture: what it said at the design, its surrogate and the partial variances.
struct Fitted {
  const Record* record = nullptr;
  VectorXd y;
  stats::Surrogate surrogate;
  stats::PartialVariances parts;
  double noise = 0;
};

class SensitivitySummary {
 public:
  SensitivitySummary(std::span<const Record> records, const Sensitivity::Params& params,
                     const Facts& facts)
      : params_(params),
        facts_(facts),
        space_(space_of(params, facts.seed)),
        shares_(shares_of(params, space_.size(), space_.is_random())) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.names = space_.names();
    result_.nominal = space_.nominal();
    result_.random = space_.is_random();
    for (std::size_t f = 0; f < space_.size(); ++f)
      result_.units.emplace_back(space_.factor(f).unit);
    for (const Record& r : records) {
      if (r.round == Round::kFirst) {
        ++result_.pictures;
        result_.nonfinite += r.status != Sensitivity::Status::kOk;
        result_.unlabelled += r.label < 0;
        if (r.status == Sensitivity::Status::kOk) first_.push_back(&r);
      } else if (r.status == Sensitivity::Status::kOk) {
        (r.round == Round::kSecond ? second_ : frozen_)[r.row] = &r;
      }
    }
  }

  Result run() && {
    rates();
    fit();
    indices();
    describe();
    return std::move(result_);
  }

 private:
  void add(Finding finding) { result_.findings.push_back(std::move(finding)); }
  std::vector<std::int64_t> clusters() const { return clusters_of(first_); }
  std::int64_t independent() const {
    const auto numbers = clusters();
    return static_cast<std::int64_t>(numbers.empty() ? first_.size()
                                                     : stats::renumbered(numbers).count);
  }

  // A mean over pictures of values in a range, or of any.
  Finding mean_of(const std::string& id, const std::vector<double>& values,
                  const std::vector<const Record*>& of, double low, double high) const {
    const auto numbers = clusters_of(of);
    const stats::Resampling draws{2000, facts_.seed, id};
    const double value =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    return stats::bootstrapped(
        id, value,
        std::isfinite(low) ? stats::bounded_mean(values, numbers, {low, high}, draws)
                           : stats::unbounded_mean(values, numbers, draws),
        static_cast<std::int64_t>(numbers.empty() ? values.size()
                                                  : stats::renumbered(numbers).count));
  }

  // The share of fresh draws with another decision than `reference`: Clopper–Pearson where each picture gave one.
  template <typename Reference>
  Finding rate(const std::string& id, const std::vector<const Record*>& of,
               Reference reference) const {
    std::vector<double> shares;
    std::int64_t hits = 0;
    bool clustered = false;
    for (const Record* r : of) {
      std::int64_t other = 0;
      for (const std::int32_t decision : r->fresh.decision) other += decision != reference(*r);
      hits += other;
      shares.push_back(static_cast<double>(other) / static_cast<double>(r->fresh.decision.size()));
      clustered |= !r->cluster.empty();
    }
    if (shares_.fresh == 1 && !clustered)
      return stats::proportion(id, hits, static_cast<std::int64_t>(of.size()));
    return mean_of(id, shares, of, 0, 1);
  }

  void rates() {
    const std::string none =
        first_.empty() ? "no picture gave finite outputs" : "no picture has a label";
    std::vector<const Record*> labelled;
    for (const Record* r : first_)
      if (r->label >= 0) labelled.push_back(r);
    result_.fresh = static_cast<std::int64_t>(first_.size()) * shares_.fresh;
    if (labelled.empty()) {
      for (const char* id : {"failure_probability", "accuracy_under_shift", "ece_under_shift",
                             "overconfidence_under_shift"})
        add(stats::undefined(id, none));
    } else {
      const auto label = [](const Record& r) { return r.label; };
      add(rate("failure_probability", labelled, label));
      std::vector<double> right, over;
      for (const Record* r : labelled) {
        double hits = 0, confidence = 0;
        for (std::size_t i = 0; i < r->fresh.decision.size(); ++i) {
          hits += r->fresh.decision[i] == r->label;
          confidence += static_cast<double>(r->fresh.confidence[i]);
        }
        const auto n = static_cast<double>(r->fresh.decision.size());
        right.push_back(hits / n);
        over.push_back((confidence - hits) / n);
      }
      add(mean_of("accuracy_under_shift", right, labelled, 0, 1));
      add(calibration(labelled));
      add(mean_of("overconfidence_under_shift", over, labelled, -1, 1));
    }
    if (first_.empty()) {
      add(stats::undefined("flip_probability", none));
      add(stats::undefined("mean_margin", none));
      return;
    }
    add(rate("flip_probability", first_, [](const Record& r) { return r.clean; }));
    std::vector<double> margins;
    for (const Record* r : first_) {
      double sum = 0;
      for (const float m : r->fresh.margin) {
        sum += static_cast<double>(m);
        result_.margins.push_back(static_cast<double>(m));
      }
      margins.push_back(sum / static_cast<double>(r->fresh.margin.size()));
    }
    add(mean_of("mean_margin", margins, first_, -INFINITY, INFINITY));
  }

  // On one fresh draw a picture, so that rows are as independent as pictures are.
  Finding calibration(const std::vector<const Record*>& labelled) const {
    constexpr int kBins = 15;
    stats::TopLabel top;
    for (const Record* r : labelled) {
      top.confidence.push_back(static_cast<double>(r->fresh.confidence.front()));
      top.hit.push_back(r->fresh.decision.front() == r->label);
    }
    std::vector<stats::Cell> cells(kBins);
    std::vector<int> bins;
    for (std::size_t i = 0; i < top.confidence.size(); ++i) {
      bins.push_back(stats::equal_width_bin(top.confidence[i], kBins));
      stats::Cell& cell = cells[static_cast<std::size_t>(bins.back())];
      cell.count += 1;
      cell.hits += top.hit[i];
      cell.forecast += top.confidence[i];
      cell.squares += top.confidence[i] * top.confidence[i];
      cell.hit_forecast += top.hit[i] * top.confidence[i];
    }
    const auto null =
        stats::resample_hits(top, bins, bins, kBins, {1000, facts_.seed, "sensitivity/ece"});
    const auto dependence = stats::dependence_of(top, bins, kBins, clusters_of(labelled));
    return stats::bootstrapped(
        "ece_under_shift", stats::expected_error(cells),
        stats::expected_error_replicates(cells, null.width, dependence,
                                         {1000, facts_.seed, "sensitivity/ece"}),
        static_cast<std::int64_t>(dependence.units));
  }

  std::vector<stats::TermSet> sets() const {
    std::vector<stats::TermSet> all;
    for (std::size_t f = 0; f < space_.size(); ++f) all.push_back(stats::first_order(f));
    for (std::size_t f = 0; f < space_.size(); ++f) all.push_back(stats::total(f));
    for (std::size_t a = 0; a < space_.size(); ++a)
      for (std::size_t b = a + 1; b < space_.size(); ++b) all.push_back(stats::interaction(a, b));
    return all;
  }
  std::vector<std::string> set_ids() const {
    std::vector<std::string> ids;
    const auto& n = space_.names();
    for (const std::string& name : n) ids.push_back("first_order/" + name);
    for (const std::string& name : n) ids.push_back("total/" + name);
    for (std::size_t a = 0; a < n.size(); ++a)
      for (std::size_t b = a + 1; b < n.size(); ++b)
        ids.push_back("interaction/" + n[a] + "*" + n[b]);
    return ids;
  }

  void fit() {
    if (first_.empty()) return;
    Eigen::MatrixXd x = design_of(params_, space_, facts_.seed);
    const bool second = !second_.empty();
    if (!second) x = x.topRows(shares_.first).eval();
    result_.points = x.rows();
    fitter_ = std::make_unique<stats::SurrogateFitter>(space_.distributions(), x,
                                                       surrogate_options(params_),
                                                       stats::Draws{facts_.seed, "sensitivity"});
    const stats::PartialVarianceEstimator estimator(*fitter_, sets());
    double residual = 0, variance = 0;
    for (const Record* r : first_) {
      Fitted f;
      f.record = r;
      const VectorXd y = explained(r->design, params_.output);
      f.y = y.head(shares_.first);
      if (second) {
        const auto more = second_.find(r->row);
        if (more == second_.end()) continue;
        VectorXd both(x.rows());
        both << f.y, explained(more->second->design, params_.output);
        f.y = both;
      }
      for (Index i = 0; i < shares_.repeats; ++i) {
        const double gap = y(i) - y(shares_.first + i);
        f.noise += gap * gap / (2 * static_cast<double>(shares_.repeats));
      }
      f.surrogate = fitter_->fit(f.y);
      f.parts = estimator.estimate(f.surrogate, f.noise);
      residual += f.surrogate.residuals.squaredNorm() / static_cast<double>(f.y.size());
      variance += f.surrogate.variance;
      noise_ += f.noise;
      fitted_.push_back(std::move(f));
    }
    variance_ = variance;
    result_.q2 = variance > 0 ? 1 - residual / variance : 1;
    if (!(variance > 0))
      result_.status = "the output is the same under every change: there is no variance to share";
    std::size_t whole = 0;
    for (const Fitted& f : fitted_) whole += frozen_.contains(f.record->row);
    result_.by_pick_freeze = result_.q2 < params_.least_q2 && whole == fitted_.size() && whole > 1;
    result_.frozen = static_cast<std::int64_t>(frozen_.size());
  }

  // The pictures' shares of sums, by cluster.
  stats::SobolIndex over_pictures(const std::vector<double>& above,
                                  const std::vector<double>& below,
                                  const std::vector<const Record*>& of) const {
    const auto numbers = clusters_of(of);
    if (numbers.empty()) return stats::ratio_of_sums(above, below);
    const auto groups = stats::renumbered(numbers);
    std::vector<double> a(groups.count, 0), b(groups.count, 0);
    for (std::size_t i = 0; i < above.size(); ++i) {
      a[groups.of_row[i]] += above[i];
      b[groups.of_row[i]] += below[i];
    }
    return stats::ratio_of_sums(a, b);
  }

  // Of some of the pictures: the design's error and the pictures' together.
  std::optional<stats::SobolIndex> corrected(const std::vector<const Fitted*>& of,
                                             std::size_t set) const {
    stats::PartialVariances sum;
    std::vector<double> above, below;
    std::vector<const Record*> records;
    for (const Fitted* f : of) {
      sum += f->parts;
      above.push_back(f->parts.values(static_cast<Index>(set)));
      below.push_back(f->parts.variance);
      records.push_back(f->record);
    }
    if (of.empty()) return std::nullopt;
    auto index = stats::sobol_index(sum, set);
    if (index && of.size() > 1) {
      const auto between = over_pictures(above, below, records);
      index->standard_error = std::hypot(index->standard_error, between.standard_error);
      index->degrees_of_freedom = std::min(index->degrees_of_freedom, between.degrees_of_freedom);
    }
    return index;
  }

  std::optional<stats::SobolIndex> frozen(std::size_t set) const {
    const std::size_t d = space_.size();
    if (set >= 2 * d) return std::nullopt;
    std::vector<double> above, below;
    std::vector<const Record*> records;
    for (const Fitted& f : fitted_) {
      const auto at = frozen_.find(f.record->row);
      if (at == frozen_.end()) continue;
      const VectorXd y = explained(at->second->design, params_.output);
      const std::vector<double> values(y.data(), y.data() + y.size());
      const stats::PickFreeze p = stats::pick_freeze(values, d);
      above.push_back(set < d ? p.first[set] : p.total[set - d]);
      below.push_back(p.variance);
      records.push_back(f.record);
    }
    if (above.size() < 2 || !(std::accumulate(below.begin(), below.end(), 0.0) > 0))
      return std::nullopt;
    return over_pictures(above, below, records);
  }

  void indices() {
    const auto ids = set_ids();
    const std::size_t d = space_.size();
    std::vector<const Fitted*> all;
    for (const Fitted& f : fitted_) all.push_back(&f);
    const std::string why =
        !result_.status.empty() ? result_.status : "no picture gave finite outputs";
    for (std::size_t s = 0; s < ids.size(); ++s) {
      Sensitivity::Entry index;
      index.id = ids[s];
      const auto found = result_.status.empty() ? corrected(all, s) : std::nullopt;
      const auto by_model = found ? frozen(s) : std::nullopt;
      index.of_frozen = by_model ? by_model->value : NAN;
      index.frozen_error = by_model ? by_model->standard_error : NAN;
      const bool replaced = result_.by_pick_freeze && by_model.has_value();
      if (!found) {
        index.finding = stats::undefined(ids[s], why);
      } else {
        const stats::SobolIndex& used = replaced ? *by_model : *found;
        index.finding =
            stats::bootstrapped(ids[s], std::clamp(used.value, 0.0, 1.0),
                                student(used, replaced ? kFrozen : kCorrected), independent());
        // Six comparisons or more: three standard errors.
        if (by_model && !replaced)
          result_.disagree |= std::abs(by_model->value - found->value) >
                              3.5 * std::hypot(by_model->standard_error, found->standard_error);
      }
      add(index.finding);
      (s < d       ? result_.first
       : s < 2 * d ? result_.total
                   : result_.pairs)
          .push_back(std::move(index));
    }
    if (all.empty()) {
      add(stats::undefined("q2", why));
      add(stats::undefined("between_images", why));
      if (result_.random) add(stats::undefined("noise", why));
      return;
    }
    add(stats::exact("q2", result_.q2, "", static_cast<std::int64_t>(all.size())));
    between();
    if (result_.random) {
      result_.noise = variance_ > 0 ? noise_ / variance_ : 0;
      add(result_.status.empty()
              ? stats::exact("noise", result_.noise, "", static_cast<std::int64_t>(all.size()))
              : stats::undefined("noise", why));
    }
    by_class();
  }

  // The share of all variance, over pictures and θ, that lies between pictures' means.
  void between() {
    const auto share = [&](std::size_t without) {
      double sum = 0, squares = 0, within = 0, n = 0;
      for (std::size_t i = 0; i < fitted_.size(); ++i) {
        if (i == without) continue;
        const double m = fitted_[i].surrogate.mean;
        sum += m;
        squares += m * m;
        within += fitted_[i].surrogate.variance;
        n += 1;
      }
      const double of_means = (squares - sum * sum / n) / (n - 1);
      return of_means / (of_means + within / n);
    };
    if (fitted_.size() < 3) {
      add(stats::undefined("between_images", "fewer than three pictures"));
      return;
    }
    const auto n = static_cast<double>(fitted_.size());
    const double value = share(fitted_.size());
    if (!std::isfinite(value)) {
      add(stats::undefined("between_images", "neither pictures nor changes make any difference"));
      return;
    }
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < fitted_.size(); ++i) {
      const double v = share(i);
      sum += v;
      squares += v * v;
    }
    const double error = std::sqrt(std::max(0.0, (n - 1) / n * (squares - sum * sum / n)));
    add(stats::bootstrapped("between_images", value,
                            student({value, error, n - 1}, "jackknife over pictures"),
                            static_cast<std::int64_t>(fitted_.size())));
  }

  void by_class() {
    std::map<int, std::vector<const Fitted*>> of_class;
    for (const Fitted& f : fitted_) of_class[f.record->reference()].push_back(&f);
    for (const auto& [k, members] : of_class) {
      std::vector<double> totals;
      for (std::size_t f = 0; f < space_.size(); ++f) {
        const auto index =
            result_.status.empty() ? corrected(members, space_.size() + f) : std::nullopt;
        totals.push_back(index ? std::clamp(index->value, 0.0, 1.0) : NAN);
      }
      result_.classes.push_back(k);
      result_.class_total.push_back(std::move(totals));
    }
  }

  // What the report draws.
  void describe() {
    if (!fitter_) return;
    const auto d = static_cast<Index>(space_.size());
    const Eigen::MatrixXd& x = fitter_->x();
    for (Index i = 0; i < x.rows(); ++i) {
      result_.design.emplace_back();
      for (Index f = 0; f < d; ++f) result_.design.back().push_back(x(i, f));
    }
    for (const Fitted& f : fitted_) {
      Sensitivity::PerPicture p;
      p.row = f.record->row;
      p.id = f.record->id;
      p.reference = f.record->reference();
      p.variance = std::max(0.0, f.parts.variance);
      p.mean = f.surrogate.mean;
      p.q2 = f.surrogate.q2;
      for (std::size_t k = 0; k < space_.size(); ++k)
        p.total.push_back(
            p.variance > 0
                ? std::clamp(f.parts.values(static_cast<Index>(space_.size() + k)) / p.variance,
                             0.0, 1.0)
                : 0);
      double other = 0;
      for (const std::int32_t decision : f.record->fresh.decision) other += decision != p.reference;
      p.failure = other / static_cast<double>(f.record->fresh.decision.size());
      const Record& r = *f.record;
      p.view = {{},           "",          0, params_.border,
                params_.fill, facts_.seed, 0, {r.left, r.top, r.right, r.bottom},
                r.height,     r.width};
      const auto& margins = f.record->design.margin;
      const auto least = std::min_element(margins.begin(), margins.begin() + shares_.first);
      p.worst = static_cast<std::size_t>(least - margins.begin());
      p.worst_margin = static_cast<double>(*least);
      result_.per_picture.push_back(std::move(p));
    }
    group();
    for (std::size_t f = 0; f < space_.size(); ++f) result_.responses.push_back(response(f));
  }

  void group() {
    std::vector<double> profiles;
    for (const auto& p : result_.per_picture)
      profiles.insert(profiles.end(), p.total.begin(), p.total.end());
    result_.group = stats::spectral_clusters(profiles, space_.size(),
                                             {0, 5, facts_.seed, "sensitivity/profiles"})
                        .of_point;
  }

  Sensitivity::Response response(std::size_t factor) const {
    constexpr int kGrid = 31, kBins = 10;
    Sensitivity::Response response;
    const auto& law = space_.distributions()[factor];
    const auto column = static_cast<Index>(factor);
    const double low = law.quantile(0.005), high = law.quantile(0.995);
    Eigen::MatrixXd at(kGrid, static_cast<Index>(space_.size()));
    for (Index f = 0; f < at.cols(); ++f)
      at.col(f).setConstant(space_.distributions()[static_cast<std::size_t>(f)].mean());
    for (int g = 0; g < kGrid; ++g) {
      at(g, column) = low + (high - low) * g / (kGrid - 1);
      response.x.push_back(at(g, column));
    }
    // E[f | x_factor]: the terms of this factor alone.
    std::vector<std::vector<double>> values(kGrid);
    std::vector<double> sum(kBins, 0), count(kBins, 0), place(kBins, 0);
    for (const Fitted& f : fitted_) {
      VectorXd c = f.surrogate.coefficients;
      for (Index t = 1; t < c.size(); ++t)
        if (stats::factors_of((*f.surrogate.terms)[static_cast<std::size_t>(t)]) != std::uint64_t{1}
                                                                                        << factor)
          c(t) = 0;
      const VectorXd y = fitter_->basis().evaluate(at, *f.surrogate.terms) * c;
      for (int g = 0; g < kGrid; ++g) values[static_cast<std::size_t>(g)].push_back(y(g));
      for (Index i = 0; i < f.y.size(); ++i) {
        const auto bin = static_cast<std::size_t>(
            std::clamp(static_cast<int>(law.cdf(fitter_->x()(i, column)) * kBins), 0, kBins - 1));
        sum[bin] += f.y(i);
        place[bin] += fitter_->x()(i, column);
        count[bin] += 1;
      }
    }
    for (auto& v : values) {
      std::sort(v.begin(), v.end());
      response.mean.push_back(std::accumulate(v.begin(), v.end(), 0.0) /
                              static_cast<double>(v.size()));
      const auto quantile = [&](double q) {
        return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1) + 0.5)];
      };
      response.low.push_back(quantile(0.1));
      response.high.push_back(quantile(0.9));
    }
    for (std::size_t b = 0; b < count.size(); ++b)
      if (count[b] > 0) {
        response.seen_x.push_back(place[b] / count[b]);
        response.seen_y.push_back(sum[b] / count[b]);
      }
    return response;
  }

  const Sensitivity::Params& params_;
  const Facts& facts_;
  FactorSpace space_;
  Shares shares_;
  std::vector<const Record*> first_;
  std::map<std::int64_t, const Record*> second_, frozen_;
  std::unique_ptr<stats::SurrogateFitter> fitter_;
  std::vector<Fitted> fitted_;
  double noise_ = 0, variance_ = 0;
  Result result_;
};

}  // namespace

Result Sensitivity::summarise(std::span<const Record> records, const Params& params,
                              const Facts& facts) {
  return SensitivitySummary(records, params, facts).run();
}

std::vector<Finding> Sensitivity::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
