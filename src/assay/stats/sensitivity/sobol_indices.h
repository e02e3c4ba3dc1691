// Sobol' indices of an output that is known on a design, with intervals that hold the surrogate's own error.
//
// A surrogate g alone gives indices without error bars, wrong by whatever it missed. Here f = g + r, with r
// measured on points that g has not seen (chaos/surrogate.h), and each partial variance is corrected for r:
//
//   D_u[f] = D_u[g] + 2 E[g_u r] + D_u[r]        g_u: the part of g in the terms of the set u
//   E[g_u r]   the mean over the points, fold by fold
//   D_u[r]     sum over terms a of u of (sum_{i != j} psi_a(x_i) r_i psi_a(x_j) r_j) / (N (N-1)),
//              unbiased, over as many terms as there are points
//   V[f]       the same over all terms, with V[r] itself for the last part
//
// What V[r] holds beyond those terms belongs to no set that can be told: it is shared out as the seen parts
// of r and of f are, and as the terms are, and the error of that guess is part of the standard error. The error of the sums is that
// of a mean over points (their influences): where g is bad the interval is as wide as that of a plain Monte Carlo
// estimate, where g is good it is as narrow as r.
//
// Index = D_u / V, both with influences that belong to the same points, so a sum over many outputs on one design
// (variance-weighted, generalised indices) keeps its error. Interval: Student's t, cut to [0, 1].
// Coverage is tested: sobol_indices_test.cc.
// The points are independent draws of the factors' distribution, or a design that spreads them more evenly: then the
// intervals are a little wide, as the evenness is not counted.
// When it lies: a rare cliff that no point met.
// Source: sudret2008; the correction is the one-step estimator of newey1994, chernozhukov2018.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/stats/chaos/surrogate.h"

namespace assay::stats {

// Whose share is asked for.
struct TermSet {
  enum class Kind {
    kExactly,   // terms of exactly these factors: a first-order effect, an interaction alone
    kTouching,  // terms with any of these: a total effect
  };
  Kind kind = Kind::kExactly;
  std::uint64_t factors = 0;  // as bits

  bool holds(std::uint64_t of_term) const {
    return kind == Kind::kExactly ? of_term == factors : (of_term & factors) != 0;
  }
};
TermSet first_order(std::size_t factor);
TermSet total(std::size_t factor);
TermSet interaction(std::size_t a, std::size_t b);

// Partial variances of one output, or of a sum of outputs; plain sums, so they add.
struct PartialVariances {
  Eigen::VectorXd values;      // [sets]
  Eigen::MatrixXd influences;  // [points][sets]: a value is the mean of its column
  Eigen::VectorXd unplaced;    // [sets]: variance of the guess where the unplaced rest belongs
  double variance = 0;
  Eigen::VectorXd variance_influences;  // [points]

  PartialVariances& operator+=(const PartialVariances& other);
  PartialVariances& operator*=(double factor);
};

struct SobolIndex {
  double value = 0;  // not cut: may lie a little outside of [0, 1]
  double standard_error = 0;
  double degrees_of_freedom = 1;

  Interval interval(double level = 0.95) const;  // cut to [0, 1]
};

// Absent where there is no variance to share: the output is constant.
std::optional<SobolIndex> sobol_index(const PartialVariances& parts, std::size_t set);

class PartialVarianceEstimator {
 public:
  PartialVarianceEstimator(const SurrogateFitter& fitter, std::vector<TermSet> sets);
  // `noise`: the part of r's variance that is no function of the factors (two answers at one point differ by it).
  PartialVariances estimate(const Surrogate& surrogate, double noise = 0) const;

 private:
  Eigen::MatrixXd kernel_;   // the terms in which r is searched, at the points
  Eigen::MatrixXd members_;  // [kernel terms][sets], 0 or 1
  Eigen::MatrixXd x_;
  const SurrogateFitter& fitter_;
  std::vector<TermSet> sets_;
};

}  // namespace assay::stats
