// What the parts of the summary hand each other: the records by round, and each picture's surrogate.
#pragma once

#include <Eigen/Core>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "assay/checks/sensitivity/sensitivity_rounds.h"
#include "assay/stats/chaos/surrogate.h"
#include "assay/stats/sensitivity/sobol_indices.h"

namespace assay::checks {

// Records with finite outputs.
struct ByRound {
  std::vector<const Sensitivity::Record*> first;
  std::map<std::int64_t, const Sensitivity::Record*> second, frozen;  // by row
};

// One picture: what it said at the design, its surrogate and the partial variances.
struct Fitted {
  const Sensitivity::Record* record = nullptr;
  Eigen::VectorXd y;
  stats::Surrogate surrogate;
  stats::PartialVariances parts;  // first order, total, pairs: in the order of index_ids
  double noise = 0;
};

struct Fits {
  std::unique_ptr<stats::SurrogateFitter> fitter;  // absent without a picture
  std::vector<Fitted> pictures;
  double residual = 0, variance = 0, noise = 0;  // sums over pictures
  double q2() const { return variance > 0 ? 1 - residual / variance : 1; }
};

// "first_order/A" …, "total/A" …, "interaction/A*B" ….
std::vector<std::string> index_ids(const std::vector<std::string>& names);
Fits fitted(const ByRound& records, const Sensitivity::Params& params, const FactorSpace& space,
            std::uint64_t seed);

// failure_probability … mean_margin, from fresh draws alone.
std::vector<Finding> shift_rates(const std::vector<const Sensitivity::Record*>& first,
                                 Eigen::Index fresh, std::uint64_t seed);

// What the report draws: pictures, their groups, responses, the design.
void describe(const Fits& fits, const ByRound& records, const FactorSpace& space,
              std::uint64_t seed, Sensitivity::Result& result);

}  // namespace assay::checks
