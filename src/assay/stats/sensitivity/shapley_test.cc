#include "assay/stats/sensitivity/shapley.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/base/shared_test.h"

namespace assay::stats {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using nlohmann::json;

json reference(const char* name) {
  std::ifstream file(shared_file("reference/chaos/chaos.json"));
  return json::parse(file)[name];
}

MatrixXd square(const json& rows) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  MatrixXd m(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < n; ++j)
      m(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  return m;
}

std::size_t bits(const std::string& set) {  // "0,2"
  std::size_t found = 0;
  for (const char c : set)
    if (c != ',') found |= std::size_t{1} << (c - '0');
  return found;
}

void expect_reference(const ShapleyEffects& found, const json& wanted, double tolerance) {
  for (std::size_t i = 0; i < found.effects.size(); ++i) {
    EXPECT_NEAR(found.effects[i], double(wanted["shapley"][i]), tolerance) << i;
    EXPECT_NEAR(found.effects[i], double(wanted["shapley"][i]), 5 * found.errors[i] + 1e-4) << i;
  }
  for (const auto& [set, share] : wanted["closed_variance_share"].items())
    EXPECT_NEAR(found.closed[bits(set)], double(share), tolerance) << set;
}

TEST(Shapley, OfCorrelatedNormalsAreTheClosedForm) {
  ASSAY_NEEDS_SHARED("reference/chaos/chaos.json");
  const json wanted = reference("linear_gaussian");
  const auto weights = wanted["weights"].get<std::vector<double>>(),
             sd = wanted["sd"].get<std::vector<double>>();
  std::vector<Distribution> factors;
  for (const double s : sd)
    factors.push_back(Distribution::parse("normal(0, " + std::to_string(s) + ")"));
  const auto f = [&](const MatrixXd& x) {
    return VectorXd(x * Eigen::Map<const VectorXd>(weights.data(), x.cols()));
  };
  const auto found =
      shapley_effects(f, factors, {square(wanted["correlation"]), "test"}, 4096, {1, "test"});
  expect_reference(found, wanted, 0.01);
  EXPECT_NEAR(found.variance, double(wanted["variance"]), 0.01);
}

TEST(Shapley, OfDependentFactorsOfOtherKindsAreTheQuadrature) {
  ASSAY_NEEDS_SHARED("reference/chaos/chaos.json");
  const json wanted = reference("copula");
  const std::vector<Distribution> factors{
      Distribution::parse("uniform(-1, 1)"),
      Distribution::parse("truncated_normal(0.2, 0.7, -1, 1.5)"),
      Distribution::parse("beta(2, 3.5, -1, 2)")};
  const auto f = [](const MatrixXd& x) {
    return VectorXd(x.col(0).array() + x.col(1).array().square() +
                    x.col(0).array() * x.col(2).array() / 2 + (2 * x.col(2).array()).sin());
  };
  const auto found = shapley_effects(
      f, factors, {square(wanted["gaussian_copula_correlation"]), "test"}, 2048, {1, "test"});
  expect_reference(found, wanted, 0.01);
  EXPECT_NEAR(found.variance, double(wanted["output_variance"]), 0.02);
}

TEST(Copula, KeepsEachFactorsDistributionAndTheReferencesPoints) {
  ASSAY_NEEDS_SHARED("reference/chaos/copula/x.npy");
  const json wanted = reference("copula");
  const std::vector<Distribution> factors{
      Distribution::parse("uniform(-1, 1)"),
      Distribution::parse("truncated_normal(0.2, 0.7, -1, 1.5)"),
      Distribution::parse("beta(2, 3.5, -1, 2)")};
  const auto array = [](const char* name) {
    const NpyArray a =
        read_npy(shared_file(std::string("reference/chaos/copula/") + name + ".npy"));
    const auto v = a.values<double>();
    return MatrixXd(Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(
        v.data(), a.shape[0], a.shape[1]));
  };
  const GaussianCopula copula(square(wanted["gaussian_copula_correlation"]), "test");
  const MatrixXd x = values_of(copula.correlated(array("independent_normal")), factors);
  EXPECT_LT((x - array("x")).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(Copula, RefusesWhatNoDistributionHas) {
  const auto error = [](double a, double b, double c) {
    MatrixXd m(3, 3);
    m << 1, a, b, a, 1, c, b, c, 1;
    try {
      GaussianCopula(m, "audit.yaml:9");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_NE(error(0.9, 0.9, -0.9).find("contradict each other"), std::string::npos);
  EXPECT_NE(error(1, 0, 0).find("wanted above -1 and below 1"), std::string::npos);
  EXPECT_EQ(error(0.5, -0.3, 0.2), "nothing");
  EXPECT_TRUE(GaussianCopula(4).is_independent());
}

}  // namespace
}  // namespace assay::stats
