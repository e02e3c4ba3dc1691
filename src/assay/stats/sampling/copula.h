// Dependence between factors: a Gaussian copula. Underlying normals have the given correlations, each factor keeps its own
// distribution.
//
// The correlations are those of the underlying normals, not of the factors themselves (for uniform factors nearly Spearman's:
// 6/π asin(r/2)).
// When it lies: a Gaussian copula has no dependence in the tails; factors that fail together only when extreme
// need another.
// Source: nelsen2006.
#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "assay/stats/sampling/distribution.h"

namespace assay::stats {

class GaussianCopula {
 public:
  // Independent factors.
  explicit GaussianCopula(Eigen::Index factors);
  // Symmetric with ones on the diagonal. InputError(where, …) where it is not, or where it is singular: no joint
  // distribution has such correlations, or one factor is a function of others.
  GaussianCopula(Eigen::MatrixXd correlation, const std::string& where);

  Eigen::Index factors() const { return correlation_.rows(); }
  const Eigen::MatrixXd& correlation() const { return correlation_; }
  bool is_independent() const;

  // Rows of independent standard normals to rows of correlated ones. `order`: the factors from the one that takes the
  // first normal alone to the one that depends on all; empty: as they are numbered. Keeping the first k normals and
  // drawing the others anew keeps the first k factors of the order and draws the others given these.
  Eigen::MatrixXd correlated(const Eigen::MatrixXd& normals,
                             std::span<const Eigen::Index> order = {}) const;

 private:
  Eigen::MatrixXd correlation_;
};

// Standard normals to values of the factors, by each distribution's quantile.
Eigen::MatrixXd values_of(const Eigen::MatrixXd& normals, std::span<const Distribution> factors);

}  // namespace assay::stats
