#include "assay/checks/sensitivity/screening.h"

#include <algorithm>
#include <cmath>

#include "assay/checks/clusters.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/screening_points.h"
#include "assay/stats/bound.h"
#include "assay/stats/sensitivity/pick_freeze.h"
#include "assay/stats/sensitivity/screening.h"
#include "assay/stats/special.h"

namespace assay::checks {

namespace {

using Record = Screening::Record;
using Result = Screening::Result;

class ScreeningSummary {
 public:
  ScreeningSummary(std::span<const Record> records, const Screening::Params& params,
                   const Facts& facts)
      : params_(params), seed_(facts.seed), space_(screened_space(params, facts.seed)) {
    result_.params = params;
    for (const Record& r : records) {
      ++result_.pictures;
      result_.nonfinite += !r.finite;
      if (r.finite) records_.push_back(&r);
    }
    clusters_ = clusters_of(records_);
  }

  Result run() && {
    const EntryList entries = entries_of(params_.factors, "");
    for (std::size_t f = 0; f < space_.size(); ++f)
      result_.entries.push_back(
          {space_.names()[f], std::string(space_.factor(f).unit), entries[f].second, {}, {}, 0});
    if (!records_.empty())
      result_.points = static_cast<std::int64_t>(records_.front()->margins.size());
    params_.method == "dgsm" ? derivatives() : effects();
    return std::move(result_);
  }

 private:
  Finding mean(const std::string& id, const std::vector<double>& values) const {
    if (records_.empty()) return stats::undefined(id, "no picture gave finite outputs");
    return mean_finding(id, values, clusters_, {-INFINITY, INFINITY}, seed_, "screening/" + id);
  }

  // Every picture has walks of its own, so pictures are what is independent.
  void effects() {
    const std::size_t d = space_.size();
    std::vector<std::vector<double>> size(d), bend(d);
    for (const Record* r : records_) {
      const std::vector<double> values(r->margins.begin(), r->margins.end());
      const Eigen::MatrixXd e =
          stats::elementary_effects(screening_points(params_, d, seed_, r->row), values);
      for (std::size_t f = 0; f < d; ++f) {
        const Eigen::ArrayXd own = e.col(static_cast<Eigen::Index>(f)).array();
        size[f].push_back(own.abs().mean());
        bend[f].push_back(own.size() > 1 ? std::sqrt((own - own.mean()).square().sum() /
                                                     static_cast<double>(own.size() - 1))
                                         : 0);
        result_.entries[f].mean += own.mean() / static_cast<double>(records_.size());
      }
    }
    for (std::size_t f = 0; f < d; ++f) {
      result_.entries[f].size = mean("effect/" + space_.names()[f], size[f]);
      result_.entries[f].bend = mean("bend/" + space_.names()[f], bend[f]);
      result_.findings.push_back(result_.entries[f].size);
      result_.findings.push_back(result_.entries[f].bend);
    }
  }

  void derivatives() {
    const std::size_t d = space_.size();
    std::vector<double> variances;
    std::vector<std::vector<double>> bounds(d);
    for (const Record* r : records_) {
      const auto n = static_cast<double>(r->margins.size());
      double sum = 0, squares = 0;
      for (const float m : r->margins) {
        sum += static_cast<double>(m);
        squares += static_cast<double>(m) * static_cast<double>(m);
      }
      variances.push_back((squares - sum * sum / n) / (n - 1));
      for (std::size_t f = 0; f < d; ++f) {
        double of_slope = 0;
        for (std::size_t i = f; i < r->gradients.size(); i += d) {
          const auto g = static_cast<double>(r->gradients[i]);
          of_slope += g * g / n;
          result_.entries[f].mean += g / n / static_cast<double>(records_.size());
        }
        bounds[f].push_back(of_slope * stats::poincare_constant(space_.distributions()[f]));
      }
    }
    double all = 0;
    for (const double v : variances) all += v;
    for (std::size_t f = 0; f < d; ++f) {
      const std::string id = "total_bound/" + space_.names()[f];
      Finding& finding = result_.entries[f].size;
      if (records_.size() < 2 || !(all > 0)) {
        finding =
            stats::undefined(id, records_.size() < 2 ? "fewer than two pictures gave finite outputs"
                                                     : "the margin is the same under every change");
      } else {
        const auto ratio = stats::ratio_of_sums(bounds[f], variances);
        finding = stats::mean(id, {ratio.value, ratio.standard_error, ratio.degrees_of_freedom}, "",
                              static_cast<std::int64_t>(records_.size()));
      }
      result_.findings.push_back(finding);
    }
  }

  const Screening::Params& params_;
  std::uint64_t seed_;
  FactorSpace space_;
  std::vector<const Record*> records_;
  std::vector<std::int64_t> clusters_;
  Result result_;
};

}  // namespace

Result Screening::summarise(std::span<const Record> records, const Params& params,
                            const Facts& facts) {
  return ScreeningSummary(records, params, facts).run();
}

std::vector<Finding> Screening::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
