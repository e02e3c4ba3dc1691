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
  std::map<std::int64_t, const Sensitivity::Record*> second, frozen, rare;  // by row
};

// One picture: what it said at the design, its surrogate and the partial variances; of all logits their sum, and the
// reference class's for what is drawn.
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
  std::vector<stats::PartialVariances> of_logit;  // sums over pictures; output: logits alone
  double residual = 0, variance = 0, noise = 0;   // sums over pictures
  double q2() const { return variance > 0 ? 1 - residual / variance : 1; }
};

// "first_order/A" …, "total/A" …, "interaction/A*B" ….
std::vector<std::string> index_ids(const std::vector<std::string>& names);
Fits fitted(const ByRound& records, const Sensitivity::Params& params, const FactorSpace& space,
            std::uint64_t seed);

// Student's t as a confidence distribution, cut to [0, 1].
Replicates student(const stats::SobolIndex& index, const char* method);

// failure_probability … mean_margin, from fresh draws alone.
std::vector<Finding> shift_rates(const std::vector<const Sensitivity::Record*>& first,
                                 Eigen::Index fresh, std::uint64_t seed);

// rare_failure_probability: of these pictures, by importance sampling.
Finding rare_failures(const Fits& fits, const ByRound& records, const Sensitivity::Params& params,
                      const FactorSpace& space, std::uint64_t seed);

// Shapley effects of correlated factors, "shapley/FACTOR".
std::vector<Sensitivity::Entry> shapley_indices(const Fits& fits, const FactorSpace& space,
                                                std::uint64_t seed, std::int64_t independent);

// What the report draws: pictures, their groups, responses, the design.
void describe(const Fits& fits, const ByRound& records, const FactorSpace& space,
              std::uint64_t seed, Sensitivity::Result& result);

}  // namespace assay::checks
