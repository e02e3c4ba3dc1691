// What a sparse polynomial chaos expansion costs beside OpenTURNS', and many outputs beside one.
//
// 3,000 points in 10 factors, degree 3: 286 terms. `Lars` chooses a sparse basis on its own psi; `OpenTurnsLars` does the same with
// the library's LARS and corrected leave-one-out. `LeastSquares/M` fits M outputs and their leave-one-out errors by one
// factorisation; `SeparateFits` is what M fits cost, one after the other.

#include <benchmark/benchmark.h>

#include <cmath>
#include <openturns/ComposedDistribution.hxx>
#include <openturns/CorrectedLeaveOneOut.hxx>
#include <openturns/FixedStrategy.hxx>
#include <openturns/FunctionalChaosAlgorithm.hxx>
#include <openturns/LARS.hxx>
#include <openturns/LeastSquaresMetaModelSelectionFactory.hxx>
#include <openturns/LeastSquaresStrategy.hxx>
#include <openturns/LegendreFactory.hxx>
#include <openturns/LinearEnumerateFunction.hxx>
#include <openturns/OrthogonalProductPolynomialFactory.hxx>
#include <openturns/Uniform.hxx>

#include "assay/stats/chaos/expansion.h"
#include "assay/stats/chaos/least_squares.h"
#include "assay/stats/chaos/sparse.h"
#include "assay/stats/sampling/design.h"

namespace assay::benchmarks {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Eigen::Index kPoints = 3000, kFactors = 10;
constexpr int kDegree = 3;

MatrixXd points() {
  return 2 * stats::scrambled_sobol(kPoints, kFactors, {1, "benchmark"}).array() - 1;
}

// Smooth, with a few strong terms and a long tail.
VectorXd output(const MatrixXd& x, double phase) {
  VectorXd y(x.rows());
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    y(i) = std::sin(2 * x(i, 0) + phase) + x(i, 1) * x(i, 2) + std::exp(0.5 * x(i, 3));
    for (Eigen::Index f = 4; f < x.cols(); ++f) y(i) += x(i, f) * x(i, f) / static_cast<double>(f);
  }
  return y;
}

MatrixXd design_matrix(const MatrixXd& x) {
  const std::vector<stats::Distribution> factors(kFactors,
                                                 stats::Distribution::parse("uniform(-1, 1)"));
  return stats::ChaosBasis(factors, kDegree)
      .evaluate(x, stats::multi_indices(kFactors, {.degree = kDegree}));
}

void Lars(benchmark::State& state) {
  const MatrixXd x = points();
  const VectorXd y = output(x, 0);
  for (auto _ : state) {
    const stats::SparseSolver solver(design_matrix(x));
    const auto fit = solver.fit(y);
    state.counters["terms"] = static_cast<double>(fit.terms.size());
    state.counters["corrected_error"] = fit.corrected_error;
  }
}

void OpenTurnsLars(benchmark::State& state) {
  const MatrixXd x = points();
  const VectorXd y = output(x, 0);
  OT::Sample in(kPoints, kFactors), out(kPoints, 1);
  for (Eigen::Index i = 0; i < kPoints; ++i) {
    for (Eigen::Index f = 0; f < kFactors; ++f)
      in(static_cast<OT::UnsignedInteger>(i), static_cast<OT::UnsignedInteger>(f)) = x(i, f);
    out(static_cast<OT::UnsignedInteger>(i), 0) = y(i);
  }
  for (auto _ : state) {
    const OT::ComposedDistribution law(
        OT::ComposedDistribution::DistributionCollection(kFactors, OT::Uniform(-1, 1)));
    const OT::LinearEnumerateFunction order(kFactors);
    const OT::OrthogonalProductPolynomialFactory basis(
        OT::OrthogonalProductPolynomialFactory::PolynomialFamilyCollection(kFactors,
                                                                           OT::LegendreFactory()),
        order);
    const OT::LARS lars;
    const OT::CorrectedLeaveOneOut error;
    const OT::LeastSquaresMetaModelSelectionFactory selection(lars, error);
    const OT::LeastSquaresStrategy strategy(selection);
    OT::FunctionalChaosAlgorithm algorithm(
        in, out, law, OT::FixedStrategy(basis, order.getStrataCumulatedCardinal(kDegree)),
        strategy);
    algorithm.run();
    state.counters["terms"] = static_cast<double>(algorithm.getResult().getIndices().getSize());
  }
}

void LeastSquares(benchmark::State& state) {
  const MatrixXd x = points(), psi = design_matrix(x);
  MatrixXd y(kPoints, state.range(0));
  for (Eigen::Index m = 0; m < y.cols(); ++m) y.col(m) = output(x, 0.01 * static_cast<double>(m));
  for (auto _ : state) benchmark::DoNotOptimize(stats::least_squares(psi, y).leave_one_out_error);
}

void SeparateFits(benchmark::State& state) {
  const MatrixXd x = points(), psi = design_matrix(x);
  for (auto _ : state)
    for (int m = 0; m < state.range(0); ++m)
      benchmark::DoNotOptimize(stats::least_squares(psi, output(x, 0.01 * m)).leave_one_out_error);
}

BENCHMARK(Lars)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(OpenTurnsLars)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(LeastSquares)->Arg(1)->Arg(200)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(SeparateFits)->Arg(20)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
