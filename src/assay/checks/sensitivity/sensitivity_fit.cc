// Each picture's surrogate.
#include "assay/checks/sensitivity/sensitivity_summary.h"

namespace assay::checks {

namespace {

std::vector<stats::TermSet> index_sets(std::size_t factors) {
  std::vector<stats::TermSet> all;
  for (std::size_t f = 0; f < factors; ++f) all.push_back(stats::first_order(f));
  for (std::size_t f = 0; f < factors; ++f) all.push_back(stats::total(f));
  for (std::size_t a = 0; a < factors; ++a)
    for (std::size_t b = a + 1; b < factors; ++b) all.push_back(stats::interaction(a, b));
  return all;
}

}  // namespace

std::vector<std::string> index_ids(const std::vector<std::string>& n) {
  std::vector<std::string> ids;
  for (const std::string& name : n) ids.push_back("first_order/" + name);
  for (const std::string& name : n) ids.push_back("total/" + name);
  for (std::size_t a = 0; a < n.size(); ++a)
    for (std::size_t b = a + 1; b < n.size(); ++b)
      ids.push_back("interaction/" + n[a] + "*" + n[b]);
  return ids;
}

Fits fitted(const ByRound& records, const Sensitivity::Params& params, const FactorSpace& space,
            std::uint64_t seed) {
  Fits fits;
  if (records.first.empty()) return fits;
  const Shares shares = shares_of(params, space.size(), space.is_random());
  Eigen::MatrixXd x = design_of(params, space, seed);
  const bool second = !records.second.empty();
  if (!second) x = x.topRows(shares.first).eval();
  fits.fitter = std::make_unique<stats::SurrogateFitter>(
      space.distributions(), x, surrogate_options(params), stats::Draws{seed, "sensitivity"});
  const stats::PartialVarianceEstimator estimator(*fits.fitter, index_sets(space.size()));
  for (const Sensitivity::Record* r : records.first) {
    Fitted f;
    f.record = r;
    const Eigen::VectorXd y = explained(r->design, params.output);
    f.y = y.head(shares.first);
    if (second) {
      const auto more = records.second.find(r->row);
      if (more == records.second.end()) continue;
      Eigen::VectorXd both(x.rows());
      both << f.y, explained(more->second->design, params.output);
      f.y = both;
    }
    for (Eigen::Index i = 0; i < shares.repeats; ++i) {
      const double gap = y(i) - y(shares.first + i);
      f.noise += gap * gap / (2 * static_cast<double>(shares.repeats));
    }
    f.surrogate = fits.fitter->fit(f.y);
    f.parts = estimator.estimate(f.surrogate, f.noise);
    fits.residual += f.surrogate.residuals.squaredNorm() / static_cast<double>(f.y.size());
    fits.variance += f.surrogate.variance;
    fits.noise += f.noise;
    fits.pictures.push_back(std::move(f));
  }
  return fits;
}

}  // namespace assay::checks
