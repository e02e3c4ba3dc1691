#include "assay/stats/quadrature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::stats {
namespace {

double integral(const Quadrature& rule, int power) {
  double sum = 0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i)
    sum += rule.weights[i] * std::pow(rule.nodes[i], power);
  return sum;
}

TEST(Quadrature, GaussLegendreIsExactUpToItsDegreeAndNoFurther) {
  for (const int n : {1, 2, 3, 7, 20}) {
    const Quadrature rule = gauss_legendre(n);
    for (int power = 0; power < 2 * n; ++power)
      EXPECT_NEAR(integral(rule, power), 1.0 / (power + 1), 1e-14) << n << " " << power;
    if (n > 7) continue;  // further ones miss by less than rounding
    EXPECT_GT(std::abs(integral(rule, 2 * n) - 1.0 / (2 * n + 1)), 1e-9) << n;
  }
}

TEST(Quadrature, GaussLegendreHasTheTabulatedNodes) {
  // Abramowitz and Stegun, table 25.4, n = 5, on [−1, 1].
  const Quadrature rule = gauss_legendre(5);
  EXPECT_NEAR(2 * rule.nodes[4] - 1, 0.906179845938664, 1e-15);
  EXPECT_NEAR(2 * rule.nodes[3] - 1, 0.538469310105683, 1e-15);
  EXPECT_NEAR(2 * rule.nodes[2] - 1, 0, 1e-15);
  EXPECT_NEAR(2 * rule.weights[4], 0.236926885056189, 1e-15);
}

TEST(Quadrature, WeightsSumToOneForManyNodes) {
  for (const int n : {50, 513, 4096}) {
    const Quadrature rule = gauss_legendre(n);
    EXPECT_NEAR(std::accumulate(rule.weights.begin(), rule.weights.end(), 0.0), 1, 1e-12) << n;
    EXPECT_TRUE(std::is_sorted(rule.nodes.begin(), rule.nodes.end())) << n;
  }
  const Quadrature straight = trapezoid(50);
  EXPECT_NEAR(std::accumulate(straight.weights.begin(), straight.weights.end(), 0.0), 1, 1e-12);
  EXPECT_NEAR(integral(straight, 1), 0.5, 1e-15);
}

}  // namespace
}  // namespace assay::stats
