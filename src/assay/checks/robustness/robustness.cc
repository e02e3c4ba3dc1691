#include "assay/checks/robustness/robustness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/robustness/robustness_attacks.h"
#include "assay/stats/bound.h"
#include "assay/stats/median.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = Robustness::Record;
using Result = Robustness::Result;
using Kind = Robustness::Kind;
using stats::number_text;

// Signs of a gradient that says nothing, each in a share of what it could be seen at.
constexpr double kZeroSlopes = 0.05, kStanding = 0.02, kAgainst = 0.05;
constexpr std::size_t kShown = 6;

class RobustnessSummary {
 public:
  RobustnessSummary(std::span<const Record> records, const Robustness::Params& params,
                    const Facts& facts)
      : facts_(facts), assaults_(assaults_of(params)), sizes_(attack_sizes(params)) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    for (const Assault& a : assaults_) result_.attacks.push_back(a.name);
    for (const AttackSize& s : sizes_) {
      result_.sizes.push_back(s.name);
      result_.eps.push_back(s.eps);
    }
    std::map<std::int64_t, Place> places;
    for (const Record& r : records) {
      if (r.kind != Kind::kAttacked) continue;
      result_.straight_through |= r.straight_through;
      for (std::size_t k = 0; k < r.rows.size(); ++k) places[r.rows[k]] = {&r, k};
    }
    for (const Record& r : records) {
      if (r.kind != Kind::kDrawn) continue;
      ++result_.pictures;
      result_.nonfinite += !r.finite;
      if (!r.finite) continue;
      const bool right = r.clean == r.label;
      const auto at = places.find(r.row);
      if (right && at == places.end()) continue;  // drawn, and not attacked yet
      result_.wrong += !right;
      asked_.push_back(&r);
      found_.push_back(right ? at->second : Place{});
      if (right) show(r, at->second);
    }
    clusters_ = clusters_of(asked_);
  }

  Result run() && {
    mean("clean_accuracy", [&](std::size_t i) { return found_[i].record ? 1.0 : 0.0; });
    for (std::size_t a = 0; a <= assaults_.size(); ++a) {
      const bool all = a == assaults_.size();
      std::vector<double> curve;
      for (std::size_t s = 0; s < sizes_.size(); ++s) {
        const auto stands = [&](std::size_t i) {
          return static_cast<double>(all ? withstands_all(i, s) : withstands(i, a, s));
        };
        double sum = 0;
        for (std::size_t i = 0; i < asked_.size(); ++i) sum += stands(i);
        curve.push_back(asked_.empty() ? NAN : sum / static_cast<double>(asked_.size()));
        if (!all && assaults_[a].role == Assault::Role::kSaturated) continue;
        if (!all && !runs_at(assaults_[a], s, sizes_.size())) continue;
        mean("robust_accuracy/" + (all ? std::string("all") : id_part(assaults_[a].name)) + "/" +
                 sizes_[s].name,
             stands);
      }
      result_.robust.push_back(std::move(curve));
    }
    nearest();
    certified();
    effort();
    masking();
    by_group();
    return std::move(result_);
  }

 private:
  struct Place {
    const Record* record = nullptr;  // null: wrong to begin with
    std::size_t k = 0;
  };

  bool fooled(std::size_t i, std::size_t assault, std::size_t size) const {
    const Place& p = found_[i];
    return p.record->outcomes[assault].fooled[size * p.record->rows.size() + p.k] != 0;
  }
  bool withstands(std::size_t i, std::size_t assault, std::size_t size) const {
    return found_[i].record && !fooled(i, assault, size);
  }
  // Every one, at this size or at smaller ones: what fools in a small ball lies in the large one.
  bool withstands_all(std::size_t i, std::size_t size) const {
    if (!found_[i].record) return false;
    for (std::size_t a = 0; a < assaults_.size(); ++a)
      for (std::size_t s = 0; s <= size; ++s)
        if (assaults_[a].role != Assault::Role::kSaturated && fooled(i, a, s)) return false;
    return true;
  }

  template <class Value>
  void mean(const std::string& id, Value value) {
    if (asked_.empty()) {
      result_.findings.push_back(stats::undefined(id, "no labelled picture gave finite outputs"));
      return;
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < asked_.size(); ++i) values.push_back(value(i));
    result_.findings.push_back(
        mean_finding(id, values, clusters_, {0, 1}, facts_.seed, "robustness/" + id));
  }

  void nearest() {
    if (result_.params.nearest.empty()) return;
    const std::string id = "median_distance/" + result_.params.norm;
    std::vector<double> far;
    for (std::size_t i = 0; i < asked_.size(); ++i)
      far.push_back(found_[i].record ? found_[i].record->nearest[found_[i].k] : 0);
    if (far.empty()) {
      result_.findings.push_back(stats::undefined(id, "no labelled picture gave finite outputs"));
      return;
    }
    std::sort(far.begin(), far.end());
    result_.nearest = far;
    const double middle = far[(far.size() - 1) / 2];
    if (!std::isfinite(middle)) {
      result_.findings.push_back(
          stats::undefined(id, "no smallest change was found of half of the pictures"));
      return;
    }
    Finding finding = stats::exact(id, middle, "", static_cast<std::int64_t>(far.size()));
    finding.note =
        "an upper bound: of changes that were found; a picture that is wrong to begin with counts "
        "as 0";
    result_.findings.push_back(std::move(finding));
  }

  void certified() {
    const auto radii = certified_radii(result_.params);
    if (!(result_.params.smoothing > 0)) return;
    result_.radii = radii;
    for (const double r : radii)
      mean("certified_accuracy/" + number_text(r, 6), [&](std::size_t i) {
        return found_[i].record && found_[i].record->radius[found_[i].k] >= r ? 1.0 : 0.0;
      });
  }

  // Points asked until a picture fell, at the largest size.
  void effort() {
    for (std::size_t a = 0; a < assaults_.size(); ++a) {
      std::vector<double> points;
      for (std::size_t i = 0; i < asked_.size(); ++i) {
        const Place& p = found_[i];
        if (!p.record || !fooled(i, a, sizes_.size() - 1)) continue;
        std::int64_t sum = 0;
        for (std::size_t s = 0; s < sizes_.size(); ++s)
          sum += p.record->outcomes[a].evaluations[s * p.record->rows.size() + p.k];
        points.push_back(static_cast<double>(sum));
      }
      if (assaults_[a].role == Assault::Role::kAsked) {
        const std::string id = "queries_to_success/" + id_part(assaults_[a].name);
        result_.findings.push_back(points.empty()
                                       ? stats::undefined(id, "no picture fell")
                                       : stats::exact(id, stats::median(points), "",
                                                      static_cast<std::int64_t>(points.size())));
      }
      result_.evaluations.push_back(std::move(points));
    }
  }

  // Signs that the slopes are no guide, so that what withstands them says little.
  void masking() {
    const std::size_t last = sizes_.size() - 1;
    std::int64_t right = 0, standing = 0, against = 0, gradients = 0, zeros = 0;
    std::vector<std::string>& reasons = result_.reasons;
    const auto role = [&](Assault::Role wanted) {
      return static_cast<std::size_t>(
          std::find_if(assaults_.begin(), assaults_.end(),
                       [&](const Assault& a) { return a.role == wanted; }) -
          assaults_.begin());
    };
    const std::size_t saturated = role(Assault::Role::kSaturated);
    std::map<std::size_t, std::int64_t> black;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      if (!found_[i].record) continue;
      ++right;
      standing += !fooled(i, saturated, 0);
      bool white = false;
      for (std::size_t a = 0; a < assaults_.size(); ++a)
        for (std::size_t s = 0; s <= last; ++s)
          white |= assaults_[a].white_box() && a != saturated && fooled(i, a, s);
      bool other = false;
      for (std::size_t a = 0; a < assaults_.size(); ++a)
        if (!assaults_[a].white_box() && a != saturated && fooled(i, a, last) && !white) {
          other = true;
          ++black[a];
        }
      against += other;
    }
    std::map<const Record*, bool> counted;
    for (const Place& p : found_) {
      if (!p.record || std::exchange(counted[p.record], true)) continue;
      for (const auto& outcome : p.record->outcomes) {
        gradients += outcome.gradients;
        zeros += outcome.zero_slopes;
      }
    }
    const auto share = [](std::int64_t part, std::int64_t of) {
      return of > 0 ? static_cast<double>(part) / static_cast<double>(of) : 0;
    };
    if (share(zeros, gradients) > kZeroSlopes)
      reasons.push_back(fmt::format("{} % of the gradients are zero",
                                    number_text(100 * share(zeros, gradients), 3)));
    if (share(standing, right) > kStanding)
      reasons.push_back(fmt::format("{} of {} pictures stand where any could be made any other",
                                    standing, right));
    if (share(against, right) > kAgainst) {
      std::string names;
      for (const auto& [a, n] : black)
        names += (names.empty() ? "" : ", ") + assaults_[a].name + " " + std::to_string(n);
      reasons.push_back(fmt::format(
          "{} of {} pictures fall without the model's slopes that stand against them ({})", against,
          right, names));
    }
    const std::string zero_id = "zero_gradients";
    result_.findings.push_back(gradients > 0
                                   ? stats::exact(zero_id, share(zeros, gradients), "", right)
                                   : stats::undefined(zero_id, "no gradient was taken"));
    if (right == 0) {
      result_.findings.push_back(
          stats::undefined("masking_suspected", "no picture is right to begin with"));
    } else {
      Finding finding = stats::exact("masking_suspected", reasons.empty() ? 0 : 1, "", right);
      for (const std::string& r : reasons) finding.note += (finding.note.empty() ? "" : "; ") + r;
      result_.findings.push_back(std::move(finding));
    }
    Finding surrogate =
        stats::exact("gradient_surrogate", result_.straight_through ? 1 : 0, "", right);
    if (result_.straight_through)
      surrogate.note =
          "the model rounds inside: its gradients are those of rounding taken for the identity";
    result_.findings.push_back(std::move(surrogate));
  }

  void by_group() {
    const auto curve = [&](const std::vector<std::size_t>& members) {
      std::vector<double> all;
      for (std::size_t s = 0; s < sizes_.size(); ++s) {
        double sum = 0;
        for (const std::size_t i : members) sum += withstands_all(i, s);
        all.push_back(sum / static_cast<double>(members.size()));
      }
      return all;
    };
    for (const Group& named : groups_of(facts_, result_.params.groups)) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < asked_.size(); ++i)
        if (asked_[i]->groups[named.place] == named.value) members.push_back(i);
      Result::Group group{named.label, static_cast<std::int64_t>(members.size()), {}};
      for (std::size_t s = 0; s < sizes_.size(); ++s) {
        const std::string id = "robust_accuracy/all/" + sizes_[s].name + "/" + id_part(named.label);
        std::vector<double> values;
        std::vector<const Record*> records;
        for (const std::size_t i : members) {
          values.push_back(withstands_all(i, s));
          records.push_back(asked_[i]);
        }
        result_.findings.push_back(mean_finding(id, values, clusters_of(records), {0, 1},
                                                facts_.seed, "robustness/" + id));
      }
      if (!members.empty()) group.robust = curve(members);
      result_.groups.push_back(std::move(group));
    }
    for (std::size_t c = 0; c < facts_.labels.size(); ++c) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < asked_.size(); ++i)
        if (asked_[i]->label == static_cast<int>(c)) members.push_back(i);
      if (!members.empty()) result_.classes.emplace_back(facts_.labels[c], curve(members));
    }
  }

  void show(const Record& r, const Place& place) {
    const Record& a = *place.record;
    if (result_.shown.size() >= kShown || place.k >= a.before.size() || a.after[place.k].empty())
      return;
    Result::Shown shown{r.row,
                        r.id,
                        r.label,
                        -1,
                        a.after_eps[place.k],
                        a.channels,
                        a.height,
                        a.width,
                        a.before[place.k],
                        a.after[place.k]};
    for (const auto& outcome : a.outcomes)
      for (std::size_t s = 0; s < sizes_.size(); ++s)
        if (const std::int32_t d = outcome.decision[s * a.rows.size() + place.k];
            sizes_[s].eps == shown.eps && d >= 0 && d != r.label)
          shown.decision = d;
    result_.shown.push_back(std::move(shown));
  }

  const Facts& facts_;
  std::vector<Assault> assaults_;
  std::vector<AttackSize> sizes_;
  Result result_;
  std::vector<const Record*> asked_;
  std::vector<Place> found_;  // likewise
  std::vector<std::int64_t> clusters_;
};

}  // namespace

Result Robustness::summarise(std::span<const Record> records, const Params& params,
                             const Facts& facts) {
  return RobustnessSummary(records, params, facts).run();
}

std::vector<Finding> Robustness::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
