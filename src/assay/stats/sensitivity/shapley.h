// Shapley effects: how the variance of an output is owed to factors that depend on each other.
//
// Sobol' indices of dependent factors do not sum to 1 and count what is shared twice or never. A factor's Shapley effect is
// the mean, over all orders in which the factors may become known, of the variance that it adds:
//
//   c(u) = Var E[f | factors of u],  effect of i = sum over u without i of |u|! (d-|u|-1)! / d! (c(u + i) - c(u))
//
// Effects are at least 0 and sum to the variance. For independent factors they lie between first-order and total.
// c(u) is the covariance of f at two points that share the factors of u and differ in the others, drawn given these: exact
// conditional draws of a Gaussian copula, on scrambled Sobol' points, in 8 randomisations for the error.
// Cost: 2^d subsets × points evaluations of f: a surrogate's, not the model's. At most 12 factors.
// Source: owen2014, song2016.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <vector>

#include "assay/stats/sampling/copula.h"
#include "assay/stats/sampling/design.h"

namespace assay::stats {

struct ShapleyEffects {
  std::vector<double> effects;  // shares of the variance, [factors]
  std::vector<double> errors;   // standard errors
  std::vector<double> closed;   // c(u) / variance of each set, by bits
  double variance = 0;
};

// f: [points][factors] to [points].
ShapleyEffects shapley_effects(const std::function<Eigen::VectorXd(const Eigen::MatrixXd&)>& f,
                               std::span<const Distribution> factors, const GaussianCopula& copula,
                               Eigen::Index points, const Draws& draws);

}  // namespace assay::stats
