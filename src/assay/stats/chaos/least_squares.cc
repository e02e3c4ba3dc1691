#include "assay/stats/chaos/least_squares.h"

#include <Eigen/QR>
#include <limits>
#include <string>

#include "assay/base/error.h"

namespace assay::stats {

LeastSquares least_squares(const Eigen::MatrixXd& psi, const Eigen::MatrixXd& y) {
  const Eigen::Index points = psi.rows(), terms = psi.cols();
  if (points < terms)
    throw InputError("", std::to_string(points) + " points for " + std::to_string(terms) +
                             " terms: least squares needs as many points as terms");
  if (y.rows() != points) throw BugError("least squares: an output a point");
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(psi);
  const Eigen::MatrixXd r = qr.matrixQR().topRows(terms).triangularView<Eigen::Upper>();
  const double largest = r.diagonal().cwiseAbs().maxCoeff();
  if (!(r.diagonal().cwiseAbs().minCoeff() > 1e-12 * largest))
    throw InputError("", "the terms of the basis are linearly dependent on these points");
  const Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(points, terms);
  const Eigen::MatrixXd projected = q.transpose() * y;

  LeastSquares fit;
  const auto upper = r.triangularView<Eigen::Upper>();
  fit.coefficients = upper.solve(projected);
  const Eigen::MatrixXd inverse = upper.solve(Eigen::MatrixXd::Identity(terms, terms));
  fit.influence = inverse * q.transpose();
  fit.correction = points == terms
                       ? std::numeric_limits<double>::infinity()
                       : static_cast<double>(points) / static_cast<double>(points - terms) *
                             (1 + inverse.squaredNorm());
  const Eigen::ArrayXd kept = 1 - q.rowwise().squaredNorm().array();
  fit.leave_one_out = y - q * projected;
  fit.leave_one_out.array().colwise() /= kept;
  fit.leave_one_out_error = fit.leave_one_out.array().square().colwise().mean();
  return fit;
}

}  // namespace assay::stats
