#include "assay/stats/chaos/surrogate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace assay::stats {
namespace {

struct Sample {
  Eigen::MatrixXd x, slopes;
  Eigen::VectorXd y;
};

// A sum of bends and a product in eight factors on [-1, 1].
Sample sample(Eigen::Index points, std::uint64_t seed) {
  Sample s{(independent(points, 8, {seed, "enhanced"}).array() * 2 - 1).matrix(),
           Eigen::MatrixXd::Zero(points, 8), Eigen::VectorXd(points)};
  for (Eigen::Index i = 0; i < points; ++i) {
    double sum = 0;
    for (Eigen::Index f = 0; f < 8; ++f) {
      const double a = 1.0 / static_cast<double>(f + 1), x = s.x(i, f);
      sum += a * std::sin(2 * x);
      s.slopes(i, f) = 2 * a * std::cos(2 * x);
    }
    sum += s.x(i, 0) * s.x(i, 1) * s.x(i, 1);
    s.slopes(i, 0) += s.x(i, 1) * s.x(i, 1);
    s.slopes(i, 1) += 2 * s.x(i, 0) * s.x(i, 1);
    s.y(i) = sum;
  }
  return s;
}

double unseen_error(SurrogateFitter& fitter, const Surrogate& surrogate) {
  const Sample fresh = sample(500, 99);
  const Eigen::VectorXd gap = fresh.y - fitter.predict(surrogate, fresh.x);
  return gap.squaredNorm() / (fresh.y.array() - fresh.y.mean()).square().sum();
}

const std::vector<Distribution> kEight(8, Distribution::parse("uniform(-1, 1)"));

TEST(SurrogateFitter, LearnsFromDerivativesWhatValuesDoNotTell) {
  const Sample s = sample(40, 1);
  SurrogateFitter fitter(kEight, s.x, {}, {1, "test"});
  const Surrogate plain = fitter.fit(s.y), enhanced = fitter.fit(s.y, s.slopes);
  const double by_values = unseen_error(fitter, plain), by_both = unseen_error(fitter, enhanced);
  EXPECT_LT(by_both, 0.1 * by_values);
  EXPECT_LT(by_both, 1e-3);
  // Its own account of the error is right within a factor.
  EXPECT_LT(1 - enhanced.q2, 5 * by_both);
  EXPECT_GT(1 - enhanced.q2, by_both / 5);
}

TEST(SurrogateFitter, LeavesOutDerivativesThatAreNotKnown) {
  Sample s = sample(40, 2);
  s.slopes.col(7).setConstant(std::numeric_limits<double>::quiet_NaN());
  SurrogateFitter fitter(kEight, s.x, {}, {1, "test"});
  EXPECT_LT(unseen_error(fitter, fitter.fit(s.y, s.slopes)), 0.01);
  // A constant output has no slope, and everything explained.
  const Surrogate flat = fitter.fit(Eigen::VectorXd::Constant(40, 3), Eigen::MatrixXd::Zero(40, 8));
  EXPECT_EQ(flat.q2, 1);
}

}  // namespace
}  // namespace assay::stats
