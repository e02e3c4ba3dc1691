#include "assay/stats/chaos/surrogate.h"

#include <Eigen/Cholesky>
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

// Mean, variance and q2 from the values and the residuals.
void set_worth(const Vector& y, Surrogate& s) {
  s.mean = y.mean();
  s.variance = (y.array() - s.mean).square().sum() / static_cast<double>(y.size() - 1);
  s.q2 = s.variance > 0 ? 1 - s.residuals.squaredNorm() / static_cast<double>(y.size()) / s.variance
                        : 1;
}

// Values and derivatives of one basis at all points, as one least-squares problem and without each fold.
class Enhanced {
 public:
  Enhanced(const ChaosBasis& basis, const Matrix& x, const std::vector<MultiIndex>& terms,
           const std::vector<Index>& known, const Vector& scales,
           const std::vector<std::vector<Index>>& folds)
      : known_(known), scales_(scales), folds_(folds) {
    blocks_.push_back(basis.evaluate(x, terms));
    for (const Index f : known)
      blocks_.push_back(basis.derivative(x, terms, static_cast<std::size_t>(f)) * scales(f));
    Matrix gram = Matrix::Zero(blocks_[0].cols(), blocks_[0].cols());
    for (const Matrix& block : blocks_) gram.noalias() += block.transpose() * block;
    // Keeps the factor defined where terms are dependent on these points.
    gram.diagonal().array() += 1e-10 * gram.diagonal().maxCoeff();
    for (const auto& rows : folds) {
      Matrix without = gram;
      for (const Matrix& block : blocks_) {
        const Matrix own = block(rows, Eigen::all);
        without.noalias() -= own.transpose() * own;
      }
      without_.emplace_back(without);
    }
    all_.compute(gram);
  }

  struct Fit {
    Vector coefficients, residuals;
    Matrix of_folds;
  };
  Fit operator()(const Vector& y, const Matrix& derivatives) const {
    std::vector<Vector> values{y};
    for (const Index f : known_) values.push_back(derivatives.col(f) * scales_(f));
    Vector right = Vector::Zero(blocks_[0].cols());
    for (std::size_t b = 0; b < blocks_.size(); ++b)
      right.noalias() += blocks_[b].transpose() * values[b];
    Fit fit;
    fit.coefficients = all_.solve(right);
    fit.residuals.resize(y.size());
    fit.of_folds.resize(right.size(), static_cast<Index>(folds_.size()));
    for (std::size_t k = 0; k < folds_.size(); ++k) {
      Vector rest = right;
      for (std::size_t b = 0; b < blocks_.size(); ++b)
        rest.noalias() -= blocks_[b](folds_[k], Eigen::all).transpose() * values[b](folds_[k]);
      const auto column = static_cast<Index>(k);
      fit.of_folds.col(column) = without_[k].solve(rest);
      fit.residuals(folds_[k]) =
          y(folds_[k]) - blocks_[0](folds_[k], Eigen::all) * fit.of_folds.col(column);
    }
    return fit;
  }

 private:
  std::vector<Index> known_;
  Vector scales_;
  const std::vector<std::vector<Index>>& folds_;
  std::vector<Matrix> blocks_;  // values, then each derivative
  Eigen::LDLT<Matrix> all_;
  std::vector<Eigen::LDLT<Matrix>> without_;
};

}  // namespace

struct SurrogateFitter::State {
  struct Candidate {
    int degree = 0;
    double q = 1;
    std::shared_ptr<const std::vector<MultiIndex>> terms;
    std::unique_ptr<SparseSolver> solver;
    std::unique_ptr<Enhanced> enhanced;  // for `known` derivatives
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
  std::vector<Index> known;  // factors whose derivatives the candidates' `enhanced` were made for
  Vector deviations;         // of the factors

  State(std::span<const Distribution> factors, Matrix points, const SurrogateOptions& o)
      : options(o), x(std::move(points)), basis(factors, o.most_degree + kBeyond) {
    deviations.resize(static_cast<Index>(factors.size()));
    for (std::size_t f = 0; f < factors.size(); ++f)
      deviations(static_cast<Index>(f)) = factors[f].standard_deviation();
  }

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
      list.push_back({degree, q, std::make_shared<const std::vector<MultiIndex>>(std::move(terms)),
                      nullptr, nullptr});
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
  set_worth(y, result);
  return result;
}

Surrogate SurrogateFitter::fit(const Vector& y, const Matrix& derivatives) {
  State& s = *state_;
  if (y.size() != s.x.rows() || derivatives.rows() != y.size() || derivatives.cols() != s.x.cols())
    throw BugError("a surrogate: an output and its derivatives a point");
  std::vector<Index> known;
  for (Index f = 0; f < derivatives.cols(); ++f)
    if (derivatives.col(f).allFinite()) known.push_back(f);
  if (known.empty()) throw BugError("a surrogate: no derivative is known");
  if (known != s.known) {
    for (auto& list : s.candidates)
      for (State::Candidate& c : list) c.enhanced.reset();
    s.known = known;
  }
  // Half as many terms as equations, and no more than can be factored for every fold.
  const auto most = std::min<Index>(400, y.size() * static_cast<Index>(known.size() + 1) / 2);
  const State::Candidate* best = nullptr;
  Enhanced::Fit best_fit;
  double best_error = std::numeric_limits<double>::infinity();
  for (auto& list : s.candidates) {
    double best_of_q = std::numeric_limits<double>::infinity();
    int since = 0;
    for (State::Candidate& c : list) {
      if (static_cast<Index>(c.terms->size()) > most) break;
      if (!c.enhanced)
        c.enhanced = std::make_unique<Enhanced>(s.basis, s.x, *c.terms, known,
                                                s.deviations / (1.0 + c.degree), s.inside);
      Enhanced::Fit fit = (*c.enhanced)(y, derivatives);
      const double error = fit.residuals.squaredNorm();
      since = error < best_of_q ? 0 : since + 1;
      best_of_q = std::min(best_of_q, error);
      if (error < best_error) {
        best = &c;
        best_error = error;
        best_fit = std::move(fit);
      }
      if (since == kPatience) break;
    }
  }
  if (!best) return fit(y);
  Surrogate result;
  result.terms = best->terms;
  result.degree = best->degree;
  result.q = best->q;
  result.coefficients = std::move(best_fit.coefficients);
  result.fold_coefficients = std::move(best_fit.of_folds);
  result.residuals = std::move(best_fit.residuals);
  result.fold = s.fold;
  set_worth(y, result);
  return result;
}

Vector SurrogateFitter::predict(const Surrogate& surrogate, const Matrix& x) const {
  return state_->basis.evaluate(x, *surrogate.terms) * surrogate.coefficients;
}

}  // namespace assay::stats
