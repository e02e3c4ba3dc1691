#include "assay/checks/camera/drift_forensics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/camera/drift_forensics_runs.h"
#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/mean_finding.h"
#include "assay/stats/bound.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Record = DriftForensics::Record;
using Result = DriftForensics::Result;
using Kind = DriftForensics::Kind;

constexpr double kConfidence = 0.95;

class ForensicsSummary {
 public:
  ForensicsSummary(std::span<const Record> records, const DriftForensics::Params& params,
                   const Facts& facts)
      : space_(forensics_space(params)), runs_(forensics_runs(params, space_)) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    result_.factors = space_.names;
    result_.units = space_.units;
    result_.nominal = space_.nominal;
    result_.low = space_.low;
    result_.high = space_.high;
    for (const Record& r : records) {
      if (r.kind == Kind::kVerified && r.finite) result_.verified.push_back(r);
      if (r.kind != Kind::kGrid) continue;
      ++result_.pictures;
      result_.unlabelled += !r.known;
      result_.nonfinite += r.known && !r.finite;
      if (r.known && r.finite) asked_.push_back(&r);
    }
    result_.searched =
        static_cast<std::int64_t>(searched_pictures(records, params, facts.seed).size());
    const auto best = best_starts(records, runs_.size());
    for (std::size_t k = 0; k < runs_.size(); ++k)
      if (best[k]) result_.found.push_back({runs_[k].name, runs_[k].budget, *best[k]});
    for (const Record& r : result_.verified) held_out_.push_back(&r);
  }

  Result run() && {
    add(
        "accuracy", [](const Record& r) { return double(r.score[0]); }, 0);
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const ForensicsRun& run = runs_[k];
      const std::string budget = stats::number_text(run.budget, 4);
      const auto right = [k](const Record& r) { return double(r.score[k + 1]); };
      const auto drop = [&](const Record& r) { return double(r.score[0]) - right(r); };
      switch (run.kind) {
        case ForensicsRun::Kind::kAll:
          add("accuracy_at_budget/" + budget, right, 0);
          add("drop_at_budget/" + budget, drop, -1);
          break;
        case ForensicsRun::Kind::kRandom:
          add("random_accuracy_at_budget/" + budget, right, 0);
          break;
        case ForensicsRun::Kind::kApart:
          add("worst_drop/" + id_part(run.name), drop, -1);
          break;
      }
    }
    tolerances();
    return std::move(result_);
  }

 private:
  template <class Value>
  void add(const std::string& id, Value value, double low) {
    std::vector<double> values;
    for (const Record* r : held_out_) values.push_back(value(*r));
    result_.findings.push_back(
        values.empty()
            ? stats::undefined(id, "no labelled picture was left beside those of the search")
            : mean_finding(id, values, clusters_of(held_out_), {low, 1}, result_.seed,
                           "drift-forensics/" + id));
  }

  // Outward from nominal, as long as the drop's upper bound is allowed: a sequence of tests in a fixed order, which needs no
  // correction for their number.
  void tolerances() {
    const auto grid = static_cast<std::size_t>(result_.params.grid);
    const auto thetas = forensics_grid(result_.params, space_);
    const std::vector<std::int64_t> clusters = clusters_of(asked_);
    for (std::size_t f = 0; f < space_.size(); ++f) {
      std::vector<double> curve(2 * grid + 1, NAN);
      for (std::size_t side = 0; side < 2; ++side) {
        const std::string id =
            fmt::format("tolerance/{}/{}", id_part(space_.names[f]), side == 0 ? "low" : "high");
        double held = space_.nominal[f];
        bool holds = true;
        for (std::size_t k = 0; k < grid; ++k) {
          const std::size_t place = (2 * f + side) * grid + k;
          std::vector<double> drops;
          double right = 0;
          for (const Record* r : asked_) {
            drops.push_back(double(r->score[0]) - double(r->score[place + 1]));
            right += static_cast<double>(r->score[place + 1]);
          }
          if (asked_.empty()) break;
          curve[side == 0 ? grid - 1 - k : grid + 1 + k] =
              right / static_cast<double>(asked_.size());
          if (!holds) continue;
          const Finding drop = mean_finding(id, drops, clusters, {-1, 1}, result_.seed,
                                            fmt::format("drift-forensics/{}/{}", id, k));
          holds = stats::upper_bound(drop, kConfidence) <= result_.params.allowed_drop;
          if (holds) held = thetas[place][f];
        }
        result_.tolerated.push_back(held);
        if (asked_.empty() || grid == 0) {
          result_.findings.push_back(stats::undefined(
              id, grid == 0 ? "grid: 0 asks for no tolerances" : "no labelled picture was asked"));
          continue;
        }
        Finding finding =
            stats::exact(id, held, space_.units[f], static_cast<std::int64_t>(asked_.size()));
        finding.note = fmt::format(
            "the farthest place up to which a drop of more than {} is excluded with 95 %",
            stats::number_text(result_.params.allowed_drop, 3));
        result_.findings.push_back(std::move(finding));
      }
      for (const Record* r : asked_)
        curve[grid] = (std::isnan(curve[grid]) ? 0 : curve[grid]) +
                      static_cast<double>(r->score[0]) / static_cast<double>(asked_.size());
      result_.accuracy.push_back(std::move(curve));
    }
  }

  ForensicsSpace space_;
  std::vector<ForensicsRun> runs_;
  Result result_;
  std::vector<const Record*> asked_, held_out_;
};

}  // namespace

Result DriftForensics::summarise(std::span<const Record> records, const Params& params,
                                 const Facts& facts) {
  return ForensicsSummary(records, params, facts).run();
}

std::vector<Finding> DriftForensics::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
