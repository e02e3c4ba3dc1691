#include "assay/checks/sensitivity/corruption.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/named_corruptions.h"
#include "assay/stats/bound.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = Corruption::Record;
using Result = Corruption::Result;

// Mean error over severities 1 to 5 of AlexNet on ImageNet (hendrycks2019, with the repository's extra types), and its
// clean error.
const std::map<std::string, double>& alexnet() {
  static const std::map<std::string, double> errors{{"gaussian_noise", 0.886428},
                                                    {"shot_noise", 0.894468},
                                                    {"impulse_noise", 0.922640},
                                                    {"defocus_blur", 0.819880},
                                                    {"glass_blur", 0.826268},
                                                    {"motion_blur", 0.785948},
                                                    {"zoom_blur", 0.798360},
                                                    {"snow", 0.866816},
                                                    {"frost", 0.826572},
                                                    {"fog", 0.819324},
                                                    {"brightness", 0.564592},
                                                    {"contrast", 0.853204},
                                                    {"elastic_transform", 0.646056},
                                                    {"pixelate", 0.717840},
                                                    {"jpeg_compression", 0.606500},
                                                    {"speckle_noise", 0.845388},
                                                    {"gaussian_blur", 0.787108},
                                                    {"spatter", 0.717512},
                                                    {"saturate", 0.658248}};
  return errors;
}
constexpr double kAlexnetClean = 0.4348;

class CorruptionSummary {
 public:
  CorruptionSummary(std::span<const Record> records, const Corruption::Params& params,
                    const Facts& facts)
      : facts_(facts), seed_(facts.seed) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    for (const auto* type : corruption_types(params.types)) result_.types.emplace_back(type->name);
    result_.severities = corruption_severities(params.severities);
    for (const Record& r : records) {
      ++result_.pictures;
      result_.unlabelled += r.label < 0;
      result_.nonfinite += r.label >= 0 && !r.finite;
      if (r.label >= 0 && r.finite) result_.records.push_back(r);
    }
    for (const Record& r : result_.records) pointers_.push_back(&r);
    clusters_ = clusters_of(pointers_);
  }

  Result run() && {
    if (pointers_.empty()) {
      undefined();
      return std::move(result_);
    }
    table();
    mean(
        "clean_error", [](const Record& r) { return double(r.clean_error); }, 0, 1);
    for (std::size_t t = 0; t < result_.types.size(); ++t)
      mean(
          "error/" + result_.types[t], [&](const Record& r) { return share(r, t); }, 0, 1);
    mean(
        "mean_error", [&](const Record& r) { return all(r); }, 0, 1);
    mean(
        "mean_error_excess", [&](const Record& r) { return all(r) - double(r.clean_error); }, -1,
        1);
    relative();
    by_group();
    return std::move(result_);
  }

 private:
  std::vector<std::string> ids() const {
    std::vector<std::string> all{"clean_error"};
    for (const std::string& type : result_.types) all.push_back("error/" + type);
    for (const char* id : {"mean_error", "mean_error_excess", "mce", "relative_mce"})
      all.emplace_back(id);
    return all;
  }
  void undefined() {
    for (const std::string& id : ids())
      result_.findings.push_back(stats::undefined(id, "no labelled picture gave finite outputs"));
    by_group();
  }

  // The share of severities at which the type cost the decision.
  double share(const Record& r, std::size_t type, bool baseline = false) const {
    const auto& errors = baseline ? r.baseline_errors : r.errors;
    const std::size_t s = result_.severities.size();
    double sum = 0;
    for (std::size_t k = 0; k < s; ++k) sum += errors[type * s + k];
    return sum / static_cast<double>(s);
  }
  double all(const Record& r) const {
    double sum = 0;
    for (std::size_t t = 0; t < result_.types.size(); ++t) sum += share(r, t);
    return sum / static_cast<double>(result_.types.size());
  }
  template <class Value>
  void mean(const std::string& id, Value value, double low, double high) {
    std::vector<double> values;
    for (const Record* r : pointers_) values.push_back(value(*r));
    result_.findings.push_back(
        mean_finding(id, values, clusters_, {low, high}, seed_, "corruption/" + id));
  }

  void table() {
    const std::size_t s = result_.severities.size();
    result_.error.assign(result_.types.size(), std::vector<double>(s, 0));
    for (const Record* r : pointers_)
      for (std::size_t t = 0; t < result_.types.size(); ++t)
        for (std::size_t k = 0; k < s; ++k)
          result_.error[t][k] += r->errors[t * s + k] / static_cast<double>(pointers_.size());
  }

  // mean_error of every group that the plan asks for.
  void by_group() {
    for (const Group& named : groups_of(facts_, result_.params.groups)) {
      Result::Group group;
      group.label = named.label;
      std::vector<const Record*> members;
      for (const Record* r : pointers_)
        if (r->groups[named.place] == named.value) members.push_back(r);
      group.pictures = static_cast<std::int64_t>(members.size());
      std::vector<double> values;
      group.error.assign(result_.types.size(), 0);
      for (const Record* r : members) {
        values.push_back(all(*r));
        for (std::size_t t = 0; t < result_.types.size(); ++t)
          group.error[t] += share(*r, t) / static_cast<double>(members.size());
      }
      const std::string id = "mean_error/" + id_part(group.label);
      group.mean =
          mean_finding(id, values, clusters_of(members), {0, 1}, seed_, "corruption/" + id);
      result_.findings.push_back(group.mean);
      result_.groups.push_back(std::move(group));
    }
  }

  // Means over types of the error in units of the baseline's.
  void relative() {
    const bool model = !result_.params.baseline_model.empty();
    if (!model && result_.params.baseline != "alexnet") {
      for (const char* id : {"mce", "relative_mce"})
        result_.findings.push_back(stats::undefined(id, "there is no baseline"));
      return;
    }
    const auto n = static_cast<double>(pointers_.size());
    std::vector<double> base(result_.types.size(), 0);
    double base_clean = model ? 0 : kAlexnetClean;
    for (std::size_t t = 0; t < base.size(); ++t) {
      if (!model && !alexnet().count(result_.types[t])) {
        for (const char* id : {"mce", "relative_mce"})
          result_.findings.push_back(stats::undefined(
              id, "no error of the baseline is published for " + result_.types[t]));
        return;
      }
      if (!model)
        base[t] = alexnet().at(result_.types[t]);
      else
        for (const Record* r : pointers_) base[t] += share(*r, t, true) / n;
    }
    if (model)
      for (const Record* r : pointers_) base_clean += double(r->baseline_clean_error) / n;
    ratio("mce", base, 0, [&](const Record& r, std::size_t t) { return share(r, t); });
    ratio("relative_mce", base, base_clean,
          [&](const Record& r, std::size_t t) { return share(r, t) - double(r.clean_error); });
  }

  // The baseline's errors are taken as they are: with a baseline model on the same pictures their own sampling error
  // mostly cancels, and is not in the interval.
  template <class Value>
  void ratio(const std::string& id, const std::vector<double>& base, double base_clean,
             Value value) {
    for (const double b : base)
      if (!(b - base_clean > 0)) {
        result_.findings.push_back(
            stats::undefined(id, "the baseline loses nothing to a corruption"));
        return;
      }
    std::vector<double> values;
    for (const Record* r : pointers_) {
      double sum = 0;
      for (std::size_t t = 0; t < base.size(); ++t) sum += value(*r, t) / (base[t] - base_clean);
      values.push_back(sum / static_cast<double>(base.size()));
    }
    result_.findings.push_back(
        mean_finding(id, values, clusters_, {-INFINITY, INFINITY}, seed_, "corruption/" + id));
  }

  const Facts& facts_;
  std::uint64_t seed_;
  Result result_;
  std::vector<const Record*> pointers_;
  std::vector<std::int64_t> clusters_;
};

}  // namespace

Result Corruption::summarise(std::span<const Record> records, const Params& params,
                             const Facts& facts) {
  return CorruptionSummary(records, params, facts).run();
}

std::vector<Finding> Corruption::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
