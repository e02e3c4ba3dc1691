// A polynomial chaos expansion of one or many outputs, and what follows from its coefficients alone:
// mean, variance, and the share of the variance of every set of factors.
//
//   f(x) ~ sum_a c_a psi_a(x);  mean = c_0;  variance = sum_{a != 0} c_a^2
//   share of a set u = sum of c_a^2 over the terms whose factors are exactly u, over the variance
//   first-order index of i = share of {i};  total = sum of the shares of all sets that contain i
//
// Factors are independent. For dependent ones see sensitivity/shapley.h.
// Source: sudret2008, xiu2002.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "assay/stats/chaos/multi_index.h"
#include "assay/stats/chaos/orthonormal.h"

namespace assay::stats {

// The univariate polynomials of every factor, up to one degree.
class ChaosBasis {
 public:
  ChaosBasis(std::span<const Distribution> factors, int degree);

  std::size_t factors() const { return polynomials_.size(); }
  // The highest degree of each factor: `degree`, or less where a discrete one has fewer values.
  std::vector<int> degree_limits() const;
  // x [points][factors] to [points][terms].
  Eigen::MatrixXd evaluate(const Eigen::MatrixXd& x, std::span<const MultiIndex> terms) const;
  // d psi / d x_factor, the same shape.
  Eigen::MatrixXd derivative(const Eigen::MatrixXd& x, std::span<const MultiIndex> terms,
                             std::size_t factor) const;

 private:
  std::vector<OrthonormalPolynomials> polynomials_;
  int degree_;
};

// The variance of each set of factors, as bits, of an expansion; the constant's set is left out.
struct VarianceParts {
  std::vector<std::uint64_t> sets;  // ascending
  std::vector<double> variances;
  double total = 0;

  double first(std::size_t factor) const;  // variance, not a share
  double with(std::size_t factor) const;   // of all sets that contain it: the total effect
  double of(std::uint64_t set) const;      // of exactly this set
};

VarianceParts variance_parts(std::span<const MultiIndex> terms,
                             const Eigen::VectorXd& coefficients);

}  // namespace assay::stats
