#include "assay/stats/chaos/surrogate.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {

using Index = Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

namespace {

constexpr std::size_t kMostTerms = 3000;
// Degrees beyond those of surrogates, in which their residuals can still be told apart (sobol_indices.h).
constexpr int kBeyond = 6;
constexpr int kPatience = 3;  // degrees that may bring nothing before the search of a q ends

std::vector<int> dealt(Index points, int folds, const Draws& draws) {
  std::vector<int> fold(static_cast<std::size_t>(points));
  for (std::size_t i = 0; i < fold.size(); ++i) fold[i] = static_cast<int>(i) % folds;
  Stream stream(draws.seed, std::string(draws.purpose) + "/folds");
  for (std::size_t i = fold.size(); i > 1; --i) std::swap(fold[i - 1], fold[stream.below(i)]);
  return fold;
}

Vector dense(const SparseFit& fit, Index terms) {
  Vector c = Vector::Zero(terms);
  for (std::size_t t = 0; t < fit.terms.size(); ++t)
    c(fit.terms[t]) = fit.coefficients(static_cast<Index>(t));
  return c;
}

}  // namespace

struct SurrogateFitter::State {
  struct Candidate {
    int degree = 0;
    double q = 1;
    std::shared_ptr<const std::vector<MultiIndex>> terms;
    std::unique_ptr<SparseSolver> solver;
  };

  SurrogateOptions options;
  Matrix x;
  ChaosBasis basis;
  std::vector<std::vector<Candidate>> candidates;  // a list a q, rising degree
  std::vector<int> fold;
  std::vector<std::vector<Index>> inside, outside;  // points of each fold, and the others
  // The basis that folds were last made of, with its values and a solver a fold.
  const Candidate* folded = nullptr;
  Matrix psi;
  std::vector<SparseSolver> solvers;

  State(std::span<const Distribution> factors, Matrix points, const SurrogateOptions& o)
      : options(o), x(std::move(points)), basis(factors, o.most_degree + kBeyond) {}

  SparseSolver& solver(Candidate& c) {
    if (!c.solver) c.solver = std::make_unique<SparseSolver>(basis.evaluate(x, *c.terms));
    return *c.solver;
  }

  void make_folds(const Candidate& c) {
    if (folded == &c) return;
    folded = &c;
    psi = basis.evaluate(x, *c.terms);
    solvers.clear();
    for (const auto& rows : outside) solvers.emplace_back(Matrix(psi(rows, Eigen::all)));
  }
};

SurrogateFitter::SurrogateFitter(std::span<const Distribution> factors, Matrix x,
                                 const SurrogateOptions& options, const Draws& draws)
    : state_(std::make_unique<State>(factors, std::move(x), options)) {
  State& s = *state_;
  const Index points = s.x.rows();
  if (static_cast<std::size_t>(s.x.cols()) != factors.size()) throw BugError("a column a factor");
  if (points < 2 * options.folds)
    throw InputError("", std::to_string(points) +
                             " points are too few for a surrogate; wanted at least " +
                             std::to_string(2 * options.folds));
  const auto most = std::min(kMostTerms, static_cast<std::size_t>(points) *
                                             static_cast<std::size_t>(options.terms_per_point));
  for (const double q : {0.5, 0.75, 1.0}) {
    auto& list = s.candidates.emplace_back();
    std::size_t before = 0;
    for (int degree = 1; degree <= options.most_degree; ++degree) {
      std::vector<MultiIndex> terms;
      try {
        terms = multi_indices(factors.size(),
                              {degree, q, options.interaction, s.basis.degree_limits(), most});
      } catch (const InputError&) {
        break;  // more terms than may be
      }
      if (terms.size() == before) continue;
      before = terms.size();
      list.push_back(
          {degree, q, std::make_shared<const std::vector<MultiIndex>>(std::move(terms)), nullptr});
    }
  }
  s.fold = dealt(points, options.folds, draws);
  s.inside.resize(static_cast<std::size_t>(options.folds));
  s.outside.resize(s.inside.size());
  for (Index i = 0; i < points; ++i)
    for (std::size_t k = 0; k < s.inside.size(); ++k)
      (s.fold[static_cast<std::size_t>(i)] == static_cast<int>(k) ? s.inside : s.outside)[k]
          .push_back(i);
}

SurrogateFitter::~SurrogateFitter() = default;

const Matrix& SurrogateFitter::x() const { return state_->x; }
const ChaosBasis& SurrogateFitter::basis() const { return state_->basis; }

Surrogate SurrogateFitter::fit(const Vector& y) {
  State& s = *state_;
  if (y.size() != s.x.rows()) throw BugError("a surrogate: an output a point");
  State::Candidate* best = nullptr;
  SparseFit best_fit;
  for (auto& list : s.candidates) {
    double best_of_q = std::numeric_limits<double>::infinity();
    int since = 0;
    for (State::Candidate& c : list) {
      SparseFit fit = s.solver(c).fit(y, s.options.method);
      since = fit.corrected_error < best_of_q ? 0 : since + 1;
      best_of_q = std::min(best_of_q, fit.corrected_error);
      if (!best || fit.corrected_error < best_fit.corrected_error) {
        best = &c;
        best_fit = std::move(fit);
      }
      if (since == kPatience) break;
    }
  }
  if (!best) throw InputError("", "no factor varies: there is nothing to expand in");

  const auto terms = static_cast<Index>(best->terms->size());
  s.make_folds(*best);
  Surrogate result;
  result.terms = best->terms;
  result.degree = best->degree;
  result.q = best->q;
  result.coefficients = dense(best_fit, terms);
  result.fold = s.fold;
  result.fold_coefficients.resize(terms, s.options.folds);
  result.residuals.resize(y.size());
  for (std::size_t k = 0; k < s.inside.size(); ++k) {
    const auto column = static_cast<Index>(k);
    result.fold_coefficients.col(column) =
        dense(s.solvers[k].fit(y(s.outside[k]), s.options.method), terms);
    const Vector predicted = s.psi(s.inside[k], Eigen::all) * result.fold_coefficients.col(column);
    result.residuals(s.inside[k]) = y(s.inside[k]) - predicted;
  }
  result.mean = y.mean();
  result.variance = (y.array() - result.mean).square().sum() / static_cast<double>(y.size() - 1);
  result.q2 = result.variance > 0 ? 1 - result.residuals.squaredNorm() /
                                            static_cast<double>(y.size()) / result.variance
                                  : 1;
  return result;
}

Vector SurrogateFitter::predict(const Surrogate& surrogate, const Matrix& x) const {
  return state_->basis.evaluate(x, *surrogate.terms) * surrogate.coefficients;
}

}  // namespace assay::stats
