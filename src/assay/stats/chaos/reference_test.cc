// Polynomial chaos against OpenTURNS' numbers and closed forms (shared/reference/chaos).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>
#include <string>

#include "assay/base/npy.h"
#include "assay/base/shared_test.h"
#include "assay/stats/chaos/expansion.h"
#include "assay/stats/chaos/least_squares.h"
#include "assay/stats/chaos/sparse.h"

namespace assay::stats {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "reference/chaos/";

Eigen::MatrixXd matrix(const std::string& name) {
  const NpyArray array = read_npy(shared_file(kFolder + name + ".npy"));
  const auto values = array.values<double>();
  const Eigen::Index rows = array.shape.at(0), cols = array.shape.size() > 1 ? array.shape[1] : 1;
  return Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(values.data(), rows,
                                                                          cols);
}

json numbers() {
  std::ifstream file(shared_file(std::string(kFolder) + "chaos.json"));
  return json::parse(file);
}

struct Case {
  std::string name;
  std::vector<Distribution> factors;
};

std::vector<Case> cases() {
  const double pi = std::numbers::pi;
  const Distribution circle = Distribution::parse("uniform(-3.141592653589793, 3.141592653589793)");
  EXPECT_EQ(circle.high(), pi);
  return {{"ishigami", {3, circle}},
          {"gsobol", {5, Distribution::parse("uniform(0, 1)")}},
          {"saturating", {3, Distribution::parse("uniform(-1, 1)")}}};
}

std::vector<MultiIndex> terms_of(const std::string& folder) {
  const Eigen::MatrixXd table = matrix(folder + "/multi_indices");
  std::vector<MultiIndex> terms;
  for (Eigen::Index i = 0; i < table.rows(); ++i) {
    MultiIndex term;
    for (Eigen::Index j = 0; j < table.cols(); ++j)
      term.push_back(static_cast<std::uint8_t>(table(i, j)));
    terms.push_back(term);
  }
  return terms;
}

double largest(const Eigen::MatrixXd& m) { return m.cwiseAbs().maxCoeff(); }

TEST(ChaosReference, LeastSquaresGiveOpenTurnsCoefficientsAndLeaveOneOut) {
  ASSAY_NEEDS_SHARED("reference/chaos/chaos.json");
  const json all = numbers();
  for (const Case& c : cases())
    for (const auto& [size, wanted] : all["cases"][c.name]["fits"].items()) {
      SCOPED_TRACE(c.name + " " + size);
      const std::string folder = c.name + "_" + size;
      const auto terms = terms_of(folder);
      const int degree = wanted["degree"];
      // The same terms in the same order, and every one of them.
      EXPECT_EQ(terms.size(), multi_indices(c.factors.size(), {.degree = degree}).size());
      const ChaosBasis basis(c.factors, degree);
      const Eigen::MatrixXd psi = basis.evaluate(matrix(folder + "/x"), terms);
      EXPECT_LT(largest(psi.topRows(20) - matrix(folder + "/basis_first_20_points")), 1e-9);
      const LeastSquares fit = least_squares(psi, matrix(folder + "/y"));
      EXPECT_LT(largest(fit.coefficients - matrix(folder + "/coefficients")), 1e-8);
      const auto loo = wanted["full"]["loo"];
      EXPECT_NEAR(fit.leave_one_out_error(0), double(loo["mse"]), 1e-8);
      EXPECT_NEAR(fit.correction, double(loo["factor"]), 1e-8 * fit.correction);
      const VarianceParts parts = variance_parts(terms, fit.coefficients.col(0));
      for (std::size_t i = 0; i < c.factors.size(); ++i) {
        EXPECT_NEAR(parts.first(i) / parts.total, double(wanted["full"]["first"][i]), 1e-8);
        EXPECT_NEAR(parts.with(i) / parts.total, double(wanted["full"]["total"][i]), 1e-8);
      }
      const Eigen::MatrixXd tested = basis.evaluate(matrix(folder + "/test_x"), terms);
      EXPECT_LT(largest(tested * fit.coefficients - matrix(folder + "/test_full")), 1e-8);
    }
}

TEST(ChaosReference, LarsIsNoWorseThanOpenTurnsAndStartsWithTheSameTerms) {
  ASSAY_NEEDS_SHARED("reference/chaos/chaos.json");
  const json all = numbers();
  for (const Case& c : cases())
    for (const auto& [size, wanted] : all["cases"][c.name]["fits"].items()) {
      SCOPED_TRACE(c.name + " " + size);
      const std::string folder = c.name + "_" + size;
      const auto terms = terms_of(folder);
      const Eigen::MatrixXd psi =
          ChaosBasis(c.factors, wanted["degree"]).evaluate(matrix(folder + "/x"), terms);
      const Eigen::VectorXd y = matrix(folder + "/y");
      const SparseFit fit = SparseSolver(psi).fit(y);
      const json loo = wanted["lars"]["loo"];
      const double theirs = double(loo["mse"]) * double(loo["factor"]);
      EXPECT_LE(fit.corrected_error, 1.05 * theirs);
      const Eigen::MatrixXd order = matrix(folder + "/lars_order");
      const std::set<Eigen::Index> mine(fit.path.begin(), fit.path.begin() + 5);
      std::set<Eigen::Index> leading;
      for (Eigen::Index i = 0; leading.size() < 5; ++i)
        if (order(i) != 0) leading.insert(static_cast<Eigen::Index>(order(i)));
      EXPECT_EQ(mine, leading);

      // On the chosen terms: an ordinary least squares fit, and its error.
      Eigen::MatrixXd chosen(psi.rows(), static_cast<Eigen::Index>(fit.terms.size()));
      for (std::size_t t = 0; t < fit.terms.size(); ++t)
        chosen.col(static_cast<Eigen::Index>(t)) = psi.col(fit.terms[t]);
      const LeastSquares again = least_squares(chosen, y);
      EXPECT_LT(largest(again.coefficients - fit.coefficients), 1e-8);
      EXPECT_NEAR(again.leave_one_out_error(0), fit.leave_one_out_error, 1e-8);
      EXPECT_NEAR(again.correction * again.leave_one_out_error(0), fit.corrected_error, 1e-8);

      // And on OpenTURNS' terms, OpenTURNS' coefficients.
      const Eigen::MatrixXd kept = matrix(folder + "/lars_indices");
      Eigen::MatrixXd their_psi(psi.rows(), kept.rows());
      for (Eigen::Index t = 0; t < kept.rows(); ++t)
        their_psi.col(t) = psi.col(static_cast<Eigen::Index>(kept(t)));
      const LeastSquares refit = least_squares(their_psi, y);
      EXPECT_LT(largest(refit.coefficients - matrix(folder + "/lars_coefficients")), 1e-8);
      EXPECT_NEAR(refit.correction * refit.leave_one_out_error(0), theirs, 1e-8);
    }
}

TEST(ChaosReference, PolynomialsAreOrthonormalForEveryDistribution) {
  ASSAY_NEEDS_SHARED("reference/chaos/univariate/uniform_points.npy");
  const Eigen::VectorXd sample = matrix("univariate/empirical_sample");
  const std::vector<std::pair<std::string, Distribution>> all{
      {"uniform", Distribution::parse("uniform(-1, 1)")},
      {"normal", Distribution::parse("normal(0, 1)")},
      {"truncated_normal", Distribution::parse("truncated_normal(0.2, 0.7, -1, 1.5)")},
      {"beta", Distribution::parse("beta(2, 3.5, -1, 2)")},
      {"empirical", Distribution::empirical({sample.data(), sample.data() + sample.size()}, "e")}};
  const json wanted = numbers()["univariate"];
  for (const auto& [name, d] : all) {
    SCOPED_TRACE(name);
    const double tolerance = name == "truncated_normal" || name == "beta" ? 1e-5 : 1e-8;
    const Eigen::VectorXd points = matrix("univariate/" + name + "_points");
    const Eigen::MatrixXd values = matrix("univariate/" + name + "_values");
    const OrthonormalPolynomials polynomials(d, 6);
    std::vector<double> mine(7);
    for (Eigen::Index i = 0; i < points.size(); ++i) {
      polynomials.evaluate(points(i), mine);
      for (Eigen::Index k = 0; k < 7; ++k)
        EXPECT_NEAR(mine[static_cast<std::size_t>(k)], values(i, k),
                    tolerance * std::max(1.0, std::abs(values(i, k))));
    }
    const Eigen::VectorXd cdf = matrix("univariate/" + name + "_cdf");
    for (Eigen::Index i = 0; i < points.size(); ++i) EXPECT_NEAR(d.cdf(points(i)), cdf(i), 1e-9);
    EXPECT_NEAR(d.mean(), double(wanted[name]["mean"]), 1e-10);
    EXPECT_NEAR(d.standard_deviation(), double(wanted[name]["sd"]), 1e-10);
  }
}

}  // namespace
}  // namespace assay::stats
