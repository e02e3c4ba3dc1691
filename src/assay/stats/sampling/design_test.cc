#include "assay/stats/sampling/design.h"

#include <gtest/gtest.h>

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <set>

#include "assay/base/error.h"
#include "assay/stats/chaos/expansion.h"
#include "assay/stats/sampling/distribution.h"

namespace assay::stats {
namespace {

using Eigen::MatrixXd;

double smallest_distance(const MatrixXd& design) {
  double least = INFINITY;
  for (Eigen::Index i = 0; i < design.rows(); ++i)
    for (Eigen::Index j = 0; j < i; ++j)
      least = std::min(least, (design.row(i) - design.row(j)).norm());
  return least;
}

bool one_in_each_slice(const MatrixXd& design, Eigen::Index slices) {
  for (Eigen::Index f = 0; f < design.cols(); ++f) {
    std::set<long> seen;
    for (Eigen::Index i = 0; i < design.rows(); ++i)
      seen.insert(std::lround(std::floor(design(i, f) * static_cast<double>(slices))));
    if (static_cast<Eigen::Index>(seen.size()) != slices || *seen.begin() != 0) return false;
  }
  return true;
}

TEST(Design, HypercubesHaveAPointInEachSliceAndOptimisingSpreadsThem) {
  const Draws draws{3, "test"};
  const MatrixXd plain = latin_hypercube(60, 3, draws), spread = optimised_hypercube(60, 3, draws);
  EXPECT_TRUE(one_in_each_slice(plain, 60));
  EXPECT_TRUE(one_in_each_slice(spread, 60));
  EXPECT_LT(phi_p(spread), 0.6 * phi_p(plain));
  EXPECT_GT(smallest_distance(spread), 1.7 * smallest_distance(plain));
}

TEST(Design, ScrambledSobolPointsAreANetAndUniform) {
  const MatrixXd net = scrambled_sobol(64, 2, {9, "test"});
  EXPECT_TRUE(one_in_each_slice(net, 64));
  std::set<long> cells;  // of every 8 × 8 cell one point
  for (Eigen::Index i = 0; i < net.rows(); ++i)
    cells.insert(8 * std::lround(std::floor(net(i, 0) * 8)) +
                 std::lround(std::floor(net(i, 1) * 8)));
  EXPECT_EQ(cells.size(), 64u);
  // A single point is uniform over seeds: the mean of the first is 1/2.
  double sum = 0;
  for (std::uint64_t s = 0; s < 2000; ++s) sum += scrambled_sobol(1, 1, {s, "test"})(0, 0) / 2000;
  EXPECT_NEAR(sum, 0.5, 4 * std::sqrt(1.0 / 12 / 2000));
}

TEST(Design, AreFunctionsOfSeedAndPurpose) {
  EXPECT_EQ(independent(9, 2, {1, "a"}), independent(9, 2, {1, "a"}));
  EXPECT_NE(independent(9, 2, {1, "a"}), independent(9, 2, {1, "b"}));
  EXPECT_NE(scrambled_sobol(9, 2, {1, "a"}), scrambled_sobol(9, 2, {2, "a"}));
  EXPECT_EQ(optimised_hypercube(9, 2, {1, "a"}), optimised_hypercube(9, 2, {1, "a"}));
  // More independent points go on where fewer ended.
  EXPECT_EQ(independent(9, 2, {1, "a"}).topRows(4), independent(4, 2, {1, "a"}));
}

TEST(Design, TheChosenRowsSpanMoreThanTheFirstOnes) {
  const std::vector<Distribution> factors(2, Distribution::parse("uniform(0, 1)"));
  const ChaosBasis basis(factors, 3);
  const auto terms = multi_indices(2, {.degree = 3});
  const MatrixXd psi = basis.evaluate(independent(300, 2, {4, "candidates"}), terms);
  const auto rows = d_optimal_subset(psi, 20);
  ASSERT_EQ(rows.size(), 20u);
  EXPECT_EQ(std::set<Eigen::Index>(rows.begin(), rows.end()).size(), 20u);
  const auto volume = [](const MatrixXd& m) { return (m.transpose() * m).determinant(); };
  const MatrixXd chosen = psi(rows, Eigen::all);
  EXPECT_GT(volume(chosen), 100 * volume(psi.topRows(20)));
}

TEST(DistributionTest, QuantilesUndoTheirDistributionFunctions) {
  for (const char* text :
       {"uniform(-2, 3)", "normal(1, 2)", "truncated_normal(0, 1, 0, 3)", "beta(2, 3.5, -1, 2)",
        "log_normal(0.5, 0.3, 1)", "gamma(2, 0.5)", "triangular(0, 1, 4)"}) {
    const Distribution d = Distribution::parse(text);
    for (const double u : {0.01, 0.3, 0.5, 0.77, 0.99})
      EXPECT_NEAR(d.cdf(d.quantile(u)), u, 1e-9) << text;
    EXPECT_GE(d.quantile(0), d.low()) << text;
    EXPECT_LE(d.quantile(1), d.high()) << text;
  }
  const Distribution coin = Distribution::parse("discrete(1: 3, 0: 1)");
  EXPECT_EQ(coin.quantile(0.2), 0);
  EXPECT_EQ(coin.quantile(0.3), 1);
  EXPECT_EQ(coin.mean(), 0.75);
  EXPECT_EQ(Distribution::parse("constant(4)").quantile(0.5), 4);
}

TEST(DistributionTest, EveryBasisIsOrthonormal) {
  for (const char* text :
       {"uniform(-2, 3)", "normal(1, 2)", "truncated_normal(0, 1, 0, 3)", "beta(2, 3.5, -1, 2)",
        "beta(0.5, 0.5, 0, 1)", "gamma(2, 0.5)", "log_normal(0, 0.4)", "triangular(0, 1, 4)",
        "discrete(0, 1, 2, 5, 9)"}) {
    const Distribution d = Distribution::parse(text);
    const OrthonormalPolynomials p(d, 4);
    MatrixXd gram = MatrixXd::Zero(5, 5);
    constexpr int kNodes = 40000;
    std::vector<double> values(5);
    for (int i = 0; i < kNodes; ++i) {
      p.evaluate(d.quantile((i + 0.5) / kNodes), values);
      const Eigen::Map<const Eigen::VectorXd> v(values.data(), 5);
      gram += v * v.transpose() / kNodes;
    }
    // The midpoint rule loses a little in endless tails, the more the higher the degree.
    const Eigen::Index seen = std::isfinite(d.low()) && std::isfinite(d.high()) ? 5 : 3;
    EXPECT_LT((gram - MatrixXd::Identity(5, 5)).topLeftCorner(seen, seen).cwiseAbs().maxCoeff(),
              0.01)
        << text;
  }
}

TEST(DistributionTest, RefusesInOneLine) {
  const auto error = [](const char* text) {
    try {
      Distribution::parse(text, "audit.yaml:4");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_NE(error("uniform(0").find("in quotes"), std::string::npos);
  EXPECT_NE(error("uniform(2, 1)").find("low must be below high"), std::string::npos);
  EXPECT_NE(error("cauchy(0, 1)").find("unknown distribution \"cauchy\""), std::string::npos);
  EXPECT_NE(error("normal(0, nan)").find("not a finite number"), std::string::npos);
  EXPECT_NE(error("normal(0)").find("has 1 number; wanted normal(mean, sd)"), std::string::npos);
  EXPECT_NE(error("discrete(1: -1)").find("below 0"), std::string::npos);
  EXPECT_EQ(error("triangular(0, 0, 1)"), "nothing");
}

}  // namespace
}  // namespace assay::stats
