#include "assay/stats/sampling/copula.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <numeric>

#include "assay/base/error.h"
#include "assay/stats/special.h"

namespace assay::stats {

using Eigen::Index;
using Eigen::MatrixXd;

GaussianCopula::GaussianCopula(Index factors)
    : correlation_(MatrixXd::Identity(factors, factors)) {}

GaussianCopula::GaussianCopula(MatrixXd correlation, const std::string& where)
    : correlation_(std::move(correlation)) {
  if (correlation_.rows() != correlation_.cols()) throw BugError("a correlation matrix is square");
  for (Index i = 0; i < correlation_.rows(); ++i)
    for (Index j = 0; j <= i; ++j) {
      const double r = correlation_(i, j);
      if (!(i == j ? r == 1 : r > -1 && r < 1) || r != correlation_(j, i))
        throw InputError(where, "a correlation of " + std::to_string(r) +
                                    (i == j ? "; wanted 1 of a factor with itself"
                                            : "; wanted above -1 and below 1"));
    }
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(correlation_, Eigen::EigenvaluesOnly);
  if (!(solver.eigenvalues().minCoeff() > 1e-8))
    throw InputError(
        where,
        "the correlations contradict each other or make one factor a function of others "
        "(their matrix is singular)");
}

bool GaussianCopula::is_independent() const { return correlation_.isIdentity(0); }

MatrixXd GaussianCopula::correlated(const MatrixXd& normals, std::span<const Index> order) const {
  std::vector<Index> to(order.begin(), order.end());
  if (to.empty()) {
    to.resize(static_cast<std::size_t>(factors()));
    std::iota(to.begin(), to.end(), 0);
  }
  const MatrixXd permuted = correlation_(to, to);
  const MatrixXd lower = permuted.llt().matrixL();
  const MatrixXd in_order = normals * lower.transpose();
  MatrixXd result(normals.rows(), normals.cols());
  for (std::size_t k = 0; k < to.size(); ++k)
    result.col(to[k]) = in_order.col(static_cast<Index>(k));
  return result;
}

MatrixXd values_of(const MatrixXd& normals, std::span<const Distribution> factors) {
  MatrixXd values(normals.rows(), normals.cols());
  for (Index f = 0; f < normals.cols(); ++f)
    for (Index i = 0; i < normals.rows(); ++i)
      values(i, f) = factors[static_cast<std::size_t>(f)].quantile(cdf(Normal{}, normals(i, f)));
  return values;
}

}  // namespace assay::stats
