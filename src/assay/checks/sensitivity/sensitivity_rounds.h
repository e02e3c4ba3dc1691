// How the budget of a picture is spent, and which θ each round asks. Pure functions of the parameters and the seed.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "assay/checks/sensitivity/factor_space.h"
#include "assay/checks/sensitivity/sensitivity.h"
#include "assay/stats/chaos/surrogate.h"
#include "assay/stats/sampling/importance.h"
#include "assay/stats/sensitivity/pick_freeze.h"

namespace assay::checks {

// Calls of one picture in each round.
struct Shares {
  Eigen::Index first = 0;        // design points of the first round
  Eigen::Index repeats = 0;      // of them asked twice, where a factor draws
  Eigen::Index fresh = 0;        // θ of the picture's own
  Eigen::Index second = 0;       // more design points
  Eigen::Index rare = 0;         // where surrogates expect failures, where there is no second round
  Eigen::Index frozen_base = 0;  // base points of pick-freeze
};
Shares shares_of(const Sensitivity::Params& params, std::size_t factors, bool random);

FactorSpace space_of(const Sensitivity::Params& params, std::uint64_t seed);

// θ of the design's points [first + second][factors], in the order in which they are asked.
Eigen::MatrixXd design_of(const Sensitivity::Params& params, const FactorSpace& space,
                          std::uint64_t seed);
// θ of the picture's own.
Eigen::MatrixXd fresh_of(const Shares& shares, const FactorSpace& space, std::uint64_t seed,
                         std::int64_t row);
Eigen::MatrixXd frozen_of(const Shares& shares, const FactorSpace& space, std::uint64_t seed,
                          std::int64_t row);

// Candidates for rare failures, of the picture's own [kRarePool][factors].
inline constexpr Eigen::Index kRarePool = 2048;
Eigen::MatrixXd pool_of(const FactorSpace& space, std::uint64_t seed, std::int64_t row);
// Which of them to ask, by the surrogate of the margin.
stats::ImportanceSample rare_sample(const stats::SurrogateFitter& fitter,
                                    const stats::Surrogate& margin, const Eigen::MatrixXd& pool,
                                    Eigen::Index count, std::uint64_t seed, std::int64_t row);
// Whether a rare round follows: the points that surrogates did not need are free for it.
bool has_rare(const Sensitivity::Params& params, const Shares& shares, bool second);

// What is explained, at the design's points: one output, or all logits.
std::vector<Eigen::VectorXd> explained(const Sensitivity::Record& record,
                                       const std::string& output);
// A picture's margins over the design, of one round or of both, and their derivatives where these are known.
struct MarginsOver {
  Eigen::VectorXd y;       // empty where a round is missing
  Eigen::MatrixXd slopes;  // [points][factors], or empty
};
MarginsOver margins_over(const Sensitivity::Record& first, const Sensitivity::Record* second,
                         const Shares& shares, std::size_t factors);
stats::Surrogate fit_margins(stats::SurrogateFitter& fitter, const MarginsOver& margins);

stats::SurrogateOptions surrogate_options(const Sensitivity::Params& params);

}  // namespace assay::checks
