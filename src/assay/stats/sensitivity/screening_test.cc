#include "assay/stats/sensitivity/screening.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::stats {
namespace {

TEST(ElementaryEffects, AreTheStepsOfALinearModelAndTellBendsApart) {
  const Eigen::MatrixXd design = walks_design(40, 4, {1, "walks"});
  ASSERT_EQ(design.rows(), 200);
  EXPECT_GT(design.minCoeff(), 0);
  EXPECT_LT(design.maxCoeff(), 1);
  std::vector<double> values;
  for (Eigen::Index i = 0; i < design.rows(); ++i)
    values.push_back(3 * design(i, 0) - design(i, 1) + 8 * design(i, 2) * design(i, 2));
  const Eigen::MatrixXd effects = elementary_effects(design, values);
  for (Eigen::Index w = 0; w < 40; ++w) {
    EXPECT_NEAR(effects(w, 0), 1.5, 1e-12);
    EXPECT_NEAR(effects(w, 1), -0.5, 1e-12);
    EXPECT_NEAR(effects(w, 3), 0, 1e-12);
  }
  // 8 ((x + 1/2)² − x²) is 3 from 1/8 and 5 from 3/8.
  EXPECT_NEAR(effects.col(2).minCoeff(), 3, 1e-12);
  EXPECT_NEAR(effects.col(2).maxCoeff(), 5, 1e-12);
}

// A linear function a x has V = a² Var x and ν = a²: the bound is C / Var x, at least 1.
TEST(PoincareConstant, BoundsTheVariance) {
  for (const char* text :
       {"uniform(-2, 5)", "normal(1, 3)", "truncated_normal(0, 1, -1, 2)", "beta(2, 3, 0, 1)",
        "triangular(0, 1, 4)", "gamma(3, 2)", "log_normal(0, 0.5)"}) {
    const Distribution d = Distribution::parse(text);
    const double variance = std::pow(d.standard_deviation(), 2);
    EXPECT_GE(poincare_constant(d), variance * (1 - 1e-9)) << text;
    EXPECT_LE(poincare_constant(d), 30 * variance) << text;
  }
  EXPECT_NEAR(poincare_constant(Distribution::parse("uniform(0, 1)")), 1 / (M_PI * M_PI), 1e-12);
  EXPECT_TRUE(std::isinf(poincare_constant(Distribution::parse("discrete(1, 2)"))));
}

}  // namespace
}  // namespace assay::stats
