#include "assay/checks/sensitivity/effect.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/effect_interventions.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

using Change = Effect::Change;
using Record = Effect::Record;
using Result = Effect::Result;

constexpr std::size_t kStrongest = 4;

class EffectSummary {
 public:
  EffectSummary(std::span<const Record> records, const Effect::Params& params, const Facts& facts)
      : facts_(facts), interventions_(interventions_of(params.interventions)) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    for (const Record& r : records) {
      if (!r.second) {
        ++result_.pictures;
        result_.unlabelled += r.label < 0;
        result_.nonfinite += !r.finite;
        result_.unmasked += !r.has_mask;
      }
      if (r.finite) result_.records.push_back(r);
    }
  }

  Result run() && {
    const EntryList texts = entries_of(result_.params.interventions, "");
    for (std::size_t k = 0; k < interventions_.size(); ++k) {
      Effect::Outcome outcome;
      outcome.name = interventions_[k].name;
      outcome.text = texts[k].second;
      std::vector<Change> changes;
      for (const Record& r : result_.records)
        if (r.asked[k]) changes.push_back(change(r, k));
      const std::string name = id_part(outcome.name);
      outcome.margin = margin_of(changes, "margin/" + name);
      outcome.error = error_of(changes, "error/" + name);
      outcome.flip =
          mean("flip/" + name, changes, [](const Change& c) { return double(c.flips); }, {0, 1});
      add(outcome.margin);
      add(outcome.error);
      add(outcome.flip);
      by_class(changes, name, outcome);
      by_group(changes, name, outcome);
      for (const Change& c : changes) outcome.margins.push_back(c.margin);
      std::stable_sort(changes.begin(), changes.end(),
                       [](const Change& a, const Change& b) { return a.margin < b.margin; });
      changes.resize(std::min(kStrongest, changes.size()));
      outcome.strongest = std::move(changes);
      result_.outcomes.push_back(std::move(outcome));
    }
    return std::move(result_);
  }

 private:
  static Change change(const Record& r, std::size_t k) {
    Change c;
    c.record = &r;
    c.margin = static_cast<double>(r.margins[k]) - static_cast<double>(r.nominal);
    c.error = double(r.decisions[k] != r.label) - double(r.clean != r.label);
    c.flips = r.decisions[k] != r.clean;
    return c;
  }

  void add(const Finding& finding) { result_.findings.push_back(finding); }

  static std::vector<std::int64_t> clusters(const std::vector<Change>& changes) {
    std::vector<const Record*> records;
    for (const Change& c : changes) records.push_back(c.record);
    return clusters_of(records);
  }

  template <class Value>
  Finding mean(const std::string& id, const std::vector<Change>& changes, Value value,
               const stats::Span& range) const {
    std::vector<double> values;
    for (const Change& c : changes) values.push_back(value(c));
    return mean_finding(id, values, clusters(changes), range, facts_.seed, "effect/" + id);
  }
  Finding margin_of(const std::vector<Change>& changes, const std::string& id) const {
    return mean(id, changes, [](const Change& c) { return c.margin; }, {-INFINITY, INFINITY});
  }
  Finding error_of(const std::vector<Change>& changes, const std::string& id) const {
    std::vector<Change> labelled;
    for (const Change& c : changes)
      if (c.record->label >= 0) labelled.push_back(c);
    return mean(id, labelled, [](const Change& c) { return c.error; }, {-1, 1});
  }

  void by_class(const std::vector<Change>& changes, const std::string& name,
                Effect::Outcome& outcome) {
    const auto margin_ids = class_ids("margin/" + name, facts_.labels),
               error_ids = class_ids("error/" + name, facts_.labels);
    std::vector<std::vector<Change>> of(facts_.labels.size());
    for (const Change& c : changes)
      if (const int k = c.record->reference(); k >= 0 && k < static_cast<int>(of.size()))
        of[static_cast<std::size_t>(k)].push_back(c);
    for (std::size_t k = 0; k < of.size(); ++k) {
      const Finding margin = margin_of(of[k], margin_ids[k]);
      add(margin);
      add(error_of(of[k], error_ids[k]));
      outcome.by_class.emplace_back(facts_.labels[k], margin);
    }
  }

  // Each group, and how much more the intervention costs it than all others.
  void by_group(const std::vector<Change>& changes, const std::string& name,
                Effect::Outcome& outcome) {
    for (const Group& group : groups_of(facts_, result_.params.groups)) {
      const std::string id = name + "/" + id_part(group.label);
      std::vector<Change> inside, outside;
      for (const Change& c : changes)
        (c.record->groups[group.place] == group.value ? inside : outside).push_back(c);
      const Finding margin = margin_of(inside, "margin/" + id);
      const Finding contrast = contrast_of(inside, outside, "contrast/" + id);
      add(margin);
      add(error_of(inside, "error/" + id));
      add(contrast);
      outcome.by_group.emplace_back(group.label, margin);
      outcome.contrasts.emplace_back(group.label, contrast);
    }
  }

  Finding contrast_of(const std::vector<Change>& inside, const std::vector<Change>& outside,
                      const std::string& id) const {
    if (inside.size() < 2 || outside.size() < 2)
      return stats::undefined(id, "fewer than two pictures on one side");
    const auto error = [&](const std::vector<Change>& of) {
      std::vector<double> values;
      for (const Change& c : of) values.push_back(c.margin);
      return stats::mean_error(values, clusters(of));
    };
    return stats::mean(id, stats::difference(error(inside), error(outside)), "",
                       static_cast<std::int64_t>(inside.size() + outside.size()));
  }

  const Facts& facts_;
  std::vector<Intervention> interventions_;
  Result result_;
};

}  // namespace

Result Effect::summarise(std::span<const Record> records, const Params& params,
                         const Facts& facts) {
  return EffectSummary(records, params, facts).run();
}

std::vector<Finding> Effect::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
