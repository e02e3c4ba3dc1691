// A sparse polynomial chaos expansion whose degree and truncation are chosen by the data, and whose error is
// measured on points that it has not seen.
//
// Over hyperbolic truncations q = 0.5, 0.75, 1 and rising degree, the basis with the least corrected
// leave-one-out error of its sparse fit is taken (blatman2011); a degree that brings nothing new three times
// ends a q's search. Then the points are dealt into folds and the terms chosen anew without each fold:
// its residuals are those of a surrogate that has never seen them, the choice of terms included.
//   q2 = 1 - mean of (residual^2) / variance of y
// Where derivatives are known too, values and derivatives are fitted together by least squares over the same truncations, each
// derivative in units of its factor's deviation over the degree; the truncation with the least error on left-out folds is
// taken. A point then gives factors + 1 equations (peng2016).
// Factors are independent; x are their own values.
// When it lies: q2 is that of a surrogate from (folds-1)/folds of the points, so a little too low; a
// feature that no point met (a narrow cliff) is in no error estimate.
// Cost: 10 to 40 sparse fits an output, and `folds` more; what depends on the design alone is made once.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "assay/stats/chaos/expansion.h"
#include "assay/stats/chaos/sparse.h"
#include "assay/stats/sampling/design.h"
#include "assay/stats/sampling/distribution.h"

namespace assay::stats {

struct SurrogateOptions {
  int most_degree = 14;
  int interaction = 0;      // factors in a term; 0: any number
  int terms_per_point = 3;  // candidates; sparse fits may have more terms than points
  int folds = 10;
  SparseMethod method = SparseMethod::kLars;
};

struct Surrogate {
  std::shared_ptr<const std::vector<MultiIndex>> terms;  // the candidates, the constant first
  int degree = 0;
  double q = 1;
  Eigen::VectorXd coefficients;       // [terms], 0 where a term is not in it
  Eigen::MatrixXd fold_coefficients;  // [terms][folds], each without its fold
  std::vector<int> fold;              // of each point
  Eigen::VectorXd residuals;          // y less the prediction without the point's fold
  double mean = 0, variance = 0;      // of y over the points; variance unbiased
  double q2 = 0;                      // 1 where y is constant
};

class SurrogateFitter {
 public:
  // x [points][factors]; at least 2 points a fold, so 20 with ten: InputError with fewer.
  SurrogateFitter(std::span<const Distribution> factors, Eigen::MatrixXd x,
                  const SurrogateOptions& options, const Draws& draws);
  ~SurrogateFitter();

  // y [points], finite. Not for several threads at once: bases are made when first needed.
  Surrogate fit(const Eigen::VectorXd& y);
  // With derivatives [points][factors]; a column that is not finite throughout is left out. Needs one that is.
  Surrogate fit(const Eigen::VectorXd& y, const Eigen::MatrixXd& derivatives);
  const Eigen::MatrixXd& x() const;
  const ChaosBasis& basis() const;
  Eigen::VectorXd predict(const Surrogate& surrogate, const Eigen::MatrixXd& x) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::stats
