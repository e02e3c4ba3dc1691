#include "assay/stats/sampling/importance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "assay/base/seed.h"
#include "assay/stats/bound.h"
#include "assay/stats/chaos/surrogate.h"
#include "assay/stats/special.h"

namespace assay::stats {
namespace {

// A classifier's margin in three standard normal factors, another on each picture, with a bend that a polynomial only follows
// roughly. Its failure probability is known from a quadrature over x0 and closed form in x1.
struct Margins {
  double safety;

  double operator()(double offset, const Eigen::RowVectorXd& x) const {
    return safety + offset - x(0) - 0.3 * std::tanh(3 * x(2)) * x(0) - 0.5 * x(1);
  }
  double failure(double offset) const {
    // Given x0 and x2 the margin is below 0 where x1 > 2 (safety + offset − x0 (1 + 0.3 tanh 3 x2)).
    double sum = 0;
    constexpr int kSteps = 400;
    for (int i = 0; i < kSteps; ++i)
      for (int j = 0; j < 60; ++j) {
        const double x0 = quantile(Normal{}, (i + 0.5) / kSteps),
                     x2 = quantile(Normal{}, (j + 0.5) / 60);
        sum += 1 - cdf(Normal{}, 2 * (safety + offset - x0 * (1 + 0.3 * std::tanh(3 * x2))));
      }
    return sum / (kSteps * 60);
  }
};

struct Coverage {
  int covered = 0;
  double truth = 0, squares = 0, plain_variance = 0;
};

Coverage coverage(double safety, int repetitions) {
  constexpr int kPictures = 10, kDesign = 60, kAsked = 200, kPool = 2048;
  const Margins margin{safety};
  const std::vector<Distribution> factors(3, Distribution::parse("normal(0, 1)"));
  const auto normal = [](const Eigen::MatrixXd& unit) {
    return Eigen::MatrixXd(unit.unaryExpr(
        [](double u) { return quantile(Normal{}, std::min(1 - 1e-12, std::max(1e-12, u))); }));
  };
  Coverage found;
  std::vector<double> offsets;
  for (int k = 0; k < kPictures; ++k) {
    offsets.push_back(0.1 * (k - 4.5));
    found.truth += margin.failure(offsets.back()) / kPictures;
  }
  for (int r = 0; r < repetitions; ++r) {
    const auto seed = static_cast<std::uint64_t>(r + 1);
    const Eigen::MatrixXd x = normal(independent(kDesign, 3, {seed, "design"}));
    SurrogateOptions options;
    options.most_degree = 4;
    SurrogateFitter fitter(factors, x, options, {seed, "fit"});
    std::vector<double> values;
    for (int k = 0; k < kPictures; ++k) {
      Eigen::VectorXd y(kDesign);
      for (Eigen::Index i = 0; i < kDesign; ++i)
        y(i) = margin(offsets[static_cast<std::size_t>(k)], x.row(i));
      const Surrogate s = fitter.fit(y);
      const std::string purpose = "pool/" + std::to_string(k);
      const Eigen::MatrixXd pool = normal(independent(kPool, 3, {seed, purpose}));
      const Eigen::VectorXd g = fitter.predict(s, pool);
      const double spread = std::sqrt(s.residuals.squaredNorm() / kDesign) + 1e-6;
      std::vector<double> guesses;
      for (Eigen::Index i = 0; i < kPool; ++i) guesses.push_back(cdf(Normal{}, -g(i) / spread));
      const ImportanceSample sample = importance_sample(guesses, kAsked, {seed, purpose});
      for (std::size_t i = 0; i < sample.chosen.size(); ++i)
        values.push_back(margin(offsets[static_cast<std::size_t>(k)], pool.row(sample.chosen[i])) <
                                 0
                             ? sample.weights[i]
                             : 0);
    }
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    const Finding f = bootstrapped(
        "p", mean, rare_probability(values, kPool, kPictures, {400, seed, "rare"}), kPictures);
    found.covered += f.interval->low <= found.truth && found.truth <= f.interval->high;
    found.squares += (mean - found.truth) * (mean - found.truth) / repetitions;
  }
  found.plain_variance = found.truth * (1 - found.truth) / (kPictures * kAsked);
  return found;
}

int repetitions() {
  const char* asked = std::getenv("ASSAY_COVERAGE");
  return asked ? std::atoi(asked) : 20;
}

void expect_covered(const Coverage& c, int n) {
  // Three standard errors of a count below 95 %.
  EXPECT_GE(c.covered, 0.95 * n - 3 * std::sqrt(0.95 * 0.05 * n)) << c.truth;
  // As good as three times as many plain draws.
  EXPECT_LT(c.squares, c.plain_variance / 3) << c.truth;
  testing::Test::RecordProperty("coverage", std::to_string(double(c.covered) / n));
}

TEST(RareProbability, IsCoveredAtAHundredth) {
  const int n = repetitions();
  const Coverage c = coverage(2.85, n);
  EXPECT_NEAR(c.truth, 0.01, 0.002);
  expect_covered(c, n);
}

TEST(RareProbability, IsCoveredAtAThousandth) {
  const int n = repetitions();
  const Coverage c = coverage(3.95, n);
  EXPECT_NEAR(c.truth, 0.001, 0.0003);
  expect_covered(c, n);
}

TEST(ImportanceSample, IsUnbiasedWhateverTheGuess) {
  // Events at places below 5; a guess that is wrong, one that is right, none.
  for (int kind = 0; kind < 3; ++kind) {
    std::vector<double> guesses(500, 0);
    for (std::size_t j = 0; j < guesses.size(); ++j)
      guesses[j] = kind == 0 ? (j > 400) : kind == 1 ? (j < 5) : 0;
    double sum = 0;
    const ImportanceSample s = importance_sample(guesses, 200000, {3, "unbiased"});
    for (std::size_t i = 0; i < s.chosen.size(); ++i) {
      EXPECT_LE(s.weights[i], 4.0 / 3 + 1e-12);
      if (s.chosen[i] < 5) sum += s.weights[i];
    }
    EXPECT_NEAR(sum / 200000, 0.01, kind == 1 ? 2e-4 : 1e-3);
    EXPECT_LE(s.asked.size(), 500u);
  }
}

}  // namespace
}  // namespace assay::stats
