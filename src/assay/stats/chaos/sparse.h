// Sparse expansions: the terms that matter, chosen one after the other, for more terms than points.
//
// Least angle regression on columns centred and scaled to length 1; the path is refitted by least squares
// after each step (hybrid LARS), and the step with the least corrected leave-one-out error is kept
// (blatman2011). Orthogonal matching pursuit chooses the term most correlated with the residual instead.
// The Gram matrix of the columns is made once for all outputs; a step then costs O(N k + k P) for k terms
// in P, not a fit: the factor of the active columns, their orthonormal form, the leverages and the trace
// in the correction are all updated.
// The path ends where the active terms would be as many as points - 1, where a tenth of the
// possible steps, at least 10, brought nothing better, or where the residual is nothing but rounding.
// When it lies: least angle regression keeps whichever of two nearly collinear terms it met first.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <vector>

namespace assay::stats {

enum class SparseMethod { kLars, kOmp };

struct SparseFit {
  std::vector<Eigen::Index> terms;  // columns in order of entry, the constant (column 0) first
  Eigen::VectorXd coefficients;     // of those, by least squares
  double leave_one_out_error = 0;   // mean square
  double corrected_error = 0;       // the same times the correction; what was minimised
  std::vector<Eigen::Index> path;   // every term that entered, also those after the best step
};

// What fits on one design share.
class SparseSolver {
 public:
  // psi [points][terms], column 0 the constant, at least 2 points.
  explicit SparseSolver(const Eigen::MatrixXd& psi);
  ~SparseSolver();
  SparseSolver(SparseSolver&&) noexcept;

  // y [points]. A constant output keeps the constant alone.
  SparseFit fit(const Eigen::VectorXd& y, SparseMethod method = SparseMethod::kLars) const;

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace assay::stats
