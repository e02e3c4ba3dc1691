// Least squares for many outputs on one design, with the leave-one-out error that refitting N times
// would give.
//
//   leave_one_out = mean over the points of ((y - yhat) / (1 - h))^2,  h = diag of Psi (Psi'Psi)^-1 Psi'
//   correction    = N / (N - P) (1 + trace (Psi'Psi)^-1)   (chapelle2002, blatman2011)
//
// trace (Psi'Psi)^-1 for columns of mean square 1: near P / N, larger where the design is bad.
// One QR factorisation whatever the number of outputs. Cost: 2 N P^2 for it and 6 N P an output, with N
// points and P terms.
// When it lies: where points repeat, a left-out point is still seen; where terms were chosen by the
// same points (hence the correction).
#pragma once

#include <Eigen/Core>

namespace assay::stats {

struct LeastSquares {
  Eigen::MatrixXd coefficients;   // [terms][outputs]
  Eigen::MatrixXd leave_one_out;  // [points][outputs]: y minus the prediction without the point
  Eigen::VectorXd leave_one_out_error;  // its mean square, an output each
  double correction = 1;                // infinite where N = P
  // Rows solve (Psi'Psi) x = psi_row: points' influence on coefficients. [terms][points]
  Eigen::MatrixXd influence;
};

// psi [points][terms], y [points][outputs], finite. InputError where there are fewer points than terms,
// or where the terms are linearly dependent on these points.
LeastSquares least_squares(const Eigen::MatrixXd& psi, const Eigen::MatrixXd& y);

}  // namespace assay::stats
