// Polynomials orthonormal for a distribution: mean of psi_j psi_k = 1 where j = k, else 0; psi_0 = 1,
// leading coefficients positive.
//
//   sqrt(b_{k+1}) psi_{k+1} = (t - a_k) psi_k - sqrt(b_k) psi_{k-1}
//
// in t, the value itself. For a log-normal distribution t is its logarithm: the polynomials in the
// value would not be complete (ernst2012). Uniform, normal, beta and gamma distributions have closed
// forms (Legendre, Hermite, Jacobi, Laguerre); the others take the Lanczos process with full
// re-orthogonalisation on Gauss–Legendre nodes, or on the atoms of a discrete one, exact to rounding.
// A distribution of n atoms has n polynomials, degrees 0 to n - 1.
// Source: gautschi2004.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "assay/stats/sampling/distribution.h"

namespace assay::stats {

class OrthonormalPolynomials {
 public:
  // Recurrence up to `degree`, or to the last one there is.
  OrthonormalPolynomials(const Distribution& distribution, int degree);

  int degree() const { return static_cast<int>(a_.size()); }
  // psi_0 … psi_{values.size() - 1} at x; beyond degree() they are 0.
  void evaluate(double x, std::span<double> values) const;
  // The same with derivatives in x.
  void evaluate(double x, std::span<double> values, std::span<double> derivatives) const;

 private:
  bool logarithm_ = false;
  double shift_ = 0;
  std::vector<double> a_, root_b_;  // a_0 … a_{degree-1}; sqrt(b_1) … sqrt(b_degree)
};

}  // namespace assay::stats
