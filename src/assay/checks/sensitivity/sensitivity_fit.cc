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
  const bool logits = params.output == "logits";
  for (const Sensitivity::Record* r : records.first) {
    const auto more = records.second.find(r->row);
    if (second && more == records.second.end()) continue;
    Fitted f;
    f.record = r;
    const auto outputs = explained(*r, params.output);
    const auto others = second ? explained(*more->second, params.output) : outputs;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const Eigen::VectorXd& all = outputs[k];
      Eigen::VectorXd y = all.head(shares.first);
      if (second) {
        Eigen::VectorXd both(x.rows());
        both << y, others[k];
        y = both;
      }
      double noise = 0;
      for (Eigen::Index i = 0; i < shares.repeats; ++i) {
        const double gap = all(i) - all(shares.first + i);
        noise += gap * gap / (2 * static_cast<double>(shares.repeats));
      }
      stats::Surrogate surrogate =
          params.derivatives
              ? fit_margins(*fits.fitter,
                            margins_over(*r, second ? more->second : nullptr, shares, space.size()))
              : fits.fitter->fit(y);
      const stats::PartialVariances parts = estimator.estimate(surrogate, noise);
      f.parts += parts;
      f.noise += noise;
      fits.residual += surrogate.residuals.squaredNorm() / static_cast<double>(y.size());
      fits.variance += surrogate.variance;
      if (logits) {
        fits.of_logit.resize(outputs.size());
        fits.of_logit[k] += parts;
      }
      // The one that curves are drawn of.
      if (!logits || static_cast<int>(k) == r->reference()) {
        f.y = std::move(y);
        f.surrogate = std::move(surrogate);
      }
    }
    fits.noise += f.noise;
    fits.pictures.push_back(std::move(f));
  }
  return fits;
}

}  // namespace assay::checks
