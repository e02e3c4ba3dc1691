// Nodes and weights for integrals over [0,1]; the weights sum to 1.
#pragma once

#include <vector>

namespace assay::stats {

struct Quadrature {
  std::vector<double> nodes, weights;  // nodes in rising order
};

// Exact for polynomials up to degree 2n − 1. By Newton's method on the Legendre polynomial, to the
// last few bits; n from 1 to 100,000. Cost: O(n²).
Quadrature gauss_legendre(int n);
// n points from 0 to 1, n ≥ 2.
Quadrature trapezoid(int n);

}  // namespace assay::stats
