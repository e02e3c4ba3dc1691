#include "assay/checks/sensitivity/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "assay/checks/clusters.h"
#include "assay/checks/sensitivity/sensitivity_summary.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/sensitivity/pick_freeze.h"
#include "assay/stats/special.h"

namespace assay::checks {

namespace {

using Record = Sensitivity::Record;
using Result = Sensitivity::Result;
using Round = Sensitivity::Round;
using Eigen::Index;
using Eigen::VectorXd;

constexpr const char *kCorrected = "surrogate corrected for its error, Student's t",
                     *kFrozen = "pick-freeze on the model, Student's t";

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
    result_.random = space_.is_random();
    for (std::size_t f = 0; f < space_.size(); ++f)
      result_.units.emplace_back(space_.factor(f).unit);
    for (const Record& r : records) {
      if (r.round == Round::kFirst) {
        ++result_.pictures;
        result_.nonfinite += !r.finite;
        result_.unlabelled += r.label < 0;
        if (r.finite) records_.first.push_back(&r);
      } else if (r.finite) {
        (r.round == Round::kSecond   ? records_.second
         : r.round == Round::kFrozen ? records_.frozen
                                     : records_.rare)[r.row] = &r;
      }
    }
  }

  Result run() && {
    for (Finding& f : shift_rates(records_.first, shares_.fresh, facts_.seed)) add(std::move(f));
    result_.fresh = static_cast<std::int64_t>(records_.first.size()) * shares_.fresh;
    fits_ = fitted(records_, params_, space_, facts_.seed);
    judge();
    if (space_.copula().is_independent())
      indices();
    else
      dependent_indices();
    worth();
    add(rare_failures(fits_, records_, params_, space_, facts_.seed));
    result_.rare = static_cast<std::int64_t>(records_.rare.size());
    describe(fits_, records_, space_, facts_.seed, result_);
    return std::move(result_);
  }

 private:
  void add(Finding finding) { result_.findings.push_back(std::move(finding)); }
  std::int64_t independent() const {
    const auto numbers = clusters_of(records_.first);
    return static_cast<std::int64_t>(numbers.empty() ? records_.first.size()
                                                     : stats::renumbered(numbers).count);
  }

  // What the fits are worth, and whether the model itself must answer instead.
  void judge() {
    if (!fits_.fitter) return;
    result_.points = fits_.fitter->x().rows();
    result_.q2 = fits_.q2();
    if (!(fits_.variance > 0))
      result_.status = "the output is the same under every change: there is no variance to share";
    std::size_t whole = 0;
    for (const Fitted& f : fits_.pictures) whole += records_.frozen.contains(f.record->row);
    result_.by_pick_freeze =
        (params_.estimator == "pick_freeze" || result_.q2 < params_.least_q2) &&
        whole == fits_.pictures.size() && whole > 0;
    result_.frozen = static_cast<std::int64_t>(records_.frozen.size());
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

  // Some of the pictures, summed once for all indices.
  struct Pool {
    std::vector<const Fitted*> members;
    std::vector<const Record*> records;
    stats::PartialVariances sum;
    std::vector<double> variances;

    void add(const Fitted& f) {
      members.push_back(&f);
      records.push_back(f.record);
      sum += f.parts;
      variances.push_back(f.parts.variance);
    }
  };

  // The design's error and the pictures' together.
  std::optional<stats::SobolIndex> corrected(const Pool& pool, std::size_t set) const {
    if (pool.members.empty() || !result_.status.empty()) return std::nullopt;
    auto index = stats::sobol_index(pool.sum, set);
    if (index && pool.members.size() > 1) {
      std::vector<double> above;
      for (const Fitted* f : pool.members)
        above.push_back(f->parts.values(static_cast<Index>(set)));
      const auto between = over_pictures(above, pool.variances, pool.records);
      index->standard_error = std::hypot(index->standard_error, between.standard_error);
      index->degrees_of_freedom = std::min(index->degrees_of_freedom, between.degrees_of_freedom);
    }
    return index;
  }

  // What the model itself said of the pictures that it was asked about again.
  struct Frozen {
    std::vector<const Record*> records;
    std::vector<stats::PickFreeze> parts;
  };
  Frozen asked_again() const {
    Frozen found;
    for (const Fitted& f : fits_.pictures) {
      const auto at = records_.frozen.find(f.record->row);
      if (at == records_.frozen.end()) continue;
      stats::PickFreeze sum;
      for (const VectorXd& y : explained(*at->second, params_.output))
        sum += stats::pick_freeze({y.data(), static_cast<std::size_t>(y.size())}, space_.size());
      found.parts.push_back(std::move(sum));
      found.records.push_back(f.record);
    }
    return found;
  }

  std::optional<stats::SobolIndex> frozen(const Frozen& again, std::size_t set) const {
    const std::size_t d = space_.size();
    if (set >= 2 * d) return std::nullopt;
    std::vector<double> above, below;
    for (const stats::PickFreeze& p : again.parts) {
      above.push_back(set < d ? p.first[set] : p.total[set - d]);
      below.push_back(p.variance);
    }
    if (above.size() < 2 || !(std::accumulate(below.begin(), below.end(), 0.0) > 0))
      return std::nullopt;
    return over_pictures(above, below, again.records);
  }

  void indices() {
    const auto ids = index_ids(space_.names());
    const std::size_t d = space_.size();
    Pool all;
    for (const Fitted& f : fits_.pictures) all.add(f);
    const Frozen again = asked_again();
    const std::string why = why_not();
    for (std::size_t s = 0; s < ids.size(); ++s) {
      Sensitivity::Entry index;
      index.id = ids[s];
      const auto found = corrected(all, s);
      const auto by_model = found ? frozen(again, s) : std::nullopt;
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
    by_class();
    for (const stats::PartialVariances& parts : fits_.of_logit) {
      std::vector<double> totals;
      for (std::size_t f = 0; f < d; ++f) {
        const auto index = stats::sobol_index(parts, d + f);
        totals.push_back(index ? std::clamp(index->value, 0.0, 1.0) : NAN);
      }
      result_.logit_total.push_back(std::move(totals));
    }
  }

  std::string why_not() const {
    return !result_.status.empty() ? result_.status : "no picture gave finite outputs";
  }

  void dependent_indices() {
    if (fits_.pictures.empty() || !result_.status.empty()) {
      for (const std::string& name : space_.names())
        add(stats::undefined("shapley/" + name, why_not()));
      return;
    }
    result_.shapley = shapley_indices(fits_, space_, facts_.seed, independent());
    for (const Sensitivity::Entry& e : result_.shapley) add(e.finding);
  }

  // What the surrogates are worth, and what they cannot explain.
  void worth() {
    const std::string why = why_not();
    if (fits_.pictures.empty()) {
      add(stats::undefined("q2", why));
      add(stats::undefined("between_images", why));
      if (result_.random) add(stats::undefined("noise", why));
      return;
    }
    add(stats::exact("q2", result_.q2, "", static_cast<std::int64_t>(fits_.pictures.size())));
    between();
    if (result_.random) {
      result_.noise = fits_.variance > 0 ? fits_.noise / fits_.variance : 0;
      add(result_.status.empty() ? stats::exact("noise", result_.noise, "",
                                                static_cast<std::int64_t>(fits_.pictures.size()))
                                 : stats::undefined("noise", why));
    }
  }

  // The share of all variance, over pictures and θ, that lies between pictures' means.
  void between() {
    const auto share = [&](std::size_t without) {
      double sum = 0, squares = 0, within = 0, n = 0;
      for (std::size_t i = 0; i < fits_.pictures.size(); ++i) {
        if (i == without) continue;
        const double m = fits_.pictures[i].surrogate.mean;
        sum += m;
        squares += m * m;
        within += fits_.pictures[i].surrogate.variance;
        n += 1;
      }
      const double of_means = (squares - sum * sum / n) / (n - 1);
      return of_means / (of_means + within / n);
    };
    if (fits_.pictures.size() < 3) {
      add(stats::undefined("between_images", "fewer than three pictures"));
      return;
    }
    const auto n = static_cast<double>(fits_.pictures.size());
    const double value = share(fits_.pictures.size());
    if (!std::isfinite(value)) {
      add(stats::undefined("between_images", "neither pictures nor changes make any difference"));
      return;
    }
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < fits_.pictures.size(); ++i) {
      const double v = share(i);
      sum += v;
      squares += v * v;
    }
    const double error = std::sqrt(std::max(0.0, (n - 1) / n * (squares - sum * sum / n)));
    add(stats::bootstrapped("between_images", value,
                            student({value, error, n - 1}, "jackknife over pictures"),
                            static_cast<std::int64_t>(fits_.pictures.size())));
  }

  void by_class() {
    std::map<int, Pool> of_class;
    for (const Fitted& f : fits_.pictures) of_class[f.record->reference()].add(f);
    for (const auto& [k, members] : of_class) {
      std::vector<double> totals;
      for (std::size_t f = 0; f < space_.size(); ++f) {
        const auto index = corrected(members, space_.size() + f);
        totals.push_back(index ? std::clamp(index->value, 0.0, 1.0) : NAN);
      }
      result_.classes.push_back(k);
      result_.class_total.push_back(std::move(totals));
    }
  }

  const Sensitivity::Params& params_;
  const Facts& facts_;
  FactorSpace space_;
  Shares shares_;
  ByRound records_;
  Fits fits_;
  Result result_;
};

}  // namespace

Replicates student(const stats::SobolIndex& index, const char* method) {
  constexpr int kReplicates = 1000;
  Replicates r{{}, 0, 1, method};
  for (int k = 0; k < kReplicates; ++k)
    r.values.push_back(index.value + index.standard_error *
                                         stats::quantile(stats::StudentT{index.degrees_of_freedom},
                                                         (k + 0.5) / kReplicates));
  return r;
}

Result Sensitivity::summarise(std::span<const Record> records, const Params& params,
                              const Facts& facts) {
  return SensitivitySummary(records, params, facts).run();
}

std::vector<Finding> Sensitivity::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
