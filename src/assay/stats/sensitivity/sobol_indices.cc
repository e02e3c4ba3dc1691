#include "assay/stats/sensitivity/sobol_indices.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/stats/special.h"

namespace assay::stats {

using Index = Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

namespace {

// The largest truncation with no more terms than points: smoother ones first, for interactions are where
// a surrogate of few points fails.
std::vector<MultiIndex> kernel_terms(const SurrogateFitter& fitter) {
  const auto most = static_cast<std::size_t>(fitter.x().rows());
  const std::vector<int> limits = fitter.basis().degree_limits();
  const int degree = *std::max_element(limits.begin(), limits.end());
  std::vector<MultiIndex> best;
  for (const double q : {0.35, 0.4, 0.5, 0.6, 0.75, 1.0})
    for (int p = 1; p <= degree; ++p) {
      std::vector<MultiIndex> terms;
      try {
        terms = multi_indices(limits.size(), {p, q, 0, limits, most});
      } catch (const InputError&) {
        break;
      }
      if (terms.size() > best.size()) best = std::move(terms);
    }
  return best;
}

// How much the seen parts of r weigh against those of f in sharing out what is unplaced.
constexpr double kPriorWeight = 0.25;

// Folds share most of their points, so their errors are no strangers to each other and the sum varies more than its
// parts tell: the variance by this much where points are independent (measured: sobol_indices_test.cc).
constexpr double kFoldsShare = 1.3;

}  // namespace

TermSet first_order(std::size_t factor) {
  return {TermSet::Kind::kExactly, std::uint64_t{1} << factor};
}
TermSet total(std::size_t factor) { return {TermSet::Kind::kTouching, std::uint64_t{1} << factor}; }
TermSet interaction(std::size_t a, std::size_t b) {
  return {TermSet::Kind::kExactly, std::uint64_t{1} << a | std::uint64_t{1} << b};
}

PartialVariances& PartialVariances::operator+=(const PartialVariances& other) {
  if (values.size() == 0) return *this = other;
  values += other.values;
  influences += other.influences;
  unplaced += other.unplaced;
  variance += other.variance;
  variance_influences += other.variance_influences;
  return *this;
}

PartialVariances& PartialVariances::operator*=(double factor) {
  values *= factor;
  influences *= factor;
  unplaced *= factor * factor;
  variance *= factor;
  variance_influences *= factor;
  return *this;
}

Interval SobolIndex::interval(double level) const {
  const double reach = quantile(StudentT{degrees_of_freedom}, 0.5 + level / 2) * standard_error;
  return {std::clamp(value - reach, 0.0, 1.0), std::clamp(value + reach, 0.0, 1.0), level,
          "one-step correction of the surrogate, Student's t"};
}

std::optional<SobolIndex> sobol_index(const PartialVariances& parts, std::size_t set) {
  if (!(parts.variance > 0)) return std::nullopt;
  const auto s = static_cast<Index>(set);
  const auto n = static_cast<double>(parts.influences.rows());
  SobolIndex index;
  index.value = parts.values(s) / parts.variance;
  const Eigen::ArrayXd influence =
      (parts.influences.col(s) - index.value * parts.variance_influences).array() / parts.variance;
  const double spread = kFoldsShare * (influence - influence.mean()).square().sum() / (n - 1);
  index.standard_error =
      std::sqrt(spread / n + parts.unplaced(s) / (parts.variance * parts.variance));
  index.degrees_of_freedom = n - 1;
  return index;
}

PartialVarianceEstimator::PartialVarianceEstimator(const SurrogateFitter& fitter,
                                                   std::vector<TermSet> sets)
    : x_(fitter.x()), fitter_(fitter), sets_(std::move(sets)) {
  const std::vector<MultiIndex> terms = kernel_terms(fitter);
  kernel_ = fitter.basis().evaluate(x_, terms);
  members_ = Matrix::Zero(static_cast<Index>(terms.size()), static_cast<Index>(sets_.size()));
  for (std::size_t t = 1; t < terms.size(); ++t)
    for (std::size_t s = 0; s < sets_.size(); ++s)
      if (sets_[s].holds(factors_of(terms[t])))
        members_(static_cast<Index>(t), static_cast<Index>(s)) = 1;
}

PartialVariances PartialVarianceEstimator::estimate(const Surrogate& surrogate,
                                                    double noise) const {
  const Index points = x_.rows(), sets = members_.cols();
  const auto n = static_cast<double>(points);
  const auto& terms = *surrogate.terms;
  const Vector& r = surrogate.residuals;

  // D_u[g] + 2 g_u r, each point with the surrogate that has not seen it.
  const Matrix psi = fitter_.basis().evaluate(x_, terms);
  std::vector<std::uint64_t> of_term;
  for (const MultiIndex& term : terms) of_term.push_back(factors_of(term));
  PartialVariances parts;
  parts.influences.resize(points, sets);
  parts.variance_influences.resize(points);
  const Index folds = surrogate.fold_coefficients.cols();
  for (Index k = 0; k < folds; ++k) {
    std::vector<Index> rows;
    for (Index i = 0; i < points; ++i)
      if (surrogate.fold[static_cast<std::size_t>(i)] == k) rows.push_back(i);
    // Columns: the sets' parts of the coefficients, then all but the constant.
    Matrix split = Matrix::Zero(static_cast<Index>(terms.size()), sets + 1);
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const auto row = static_cast<Index>(t);
      const double c = surrogate.fold_coefficients(row, k);
      if (of_term[t] == 0 || c == 0) continue;
      for (std::size_t s = 0; s < sets_.size(); ++s)
        if (sets_[s].holds(of_term[t])) split(row, static_cast<Index>(s)) = c;
      split(row, sets) = c;
    }
    const Vector own = split.colwise().squaredNorm();
    const Matrix g = psi(rows, Eigen::all) * split;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<Index>(i);
      const Index row = rows[i];
      parts.influences.row(row) = (own.head(sets).transpose() + 2 * r(row) * g.row(at).head(sets));
      parts.variance_influences(row) = own(sets) + 2 * r(row) * g(at, sets);
    }
  }
  // V[r], and what of it lies in each term.
  const double mean = r.mean();
  const double of_r = (r.array() - mean).square().sum() / (n - 1);
  const Matrix along = kernel_.array().colwise() * r.array();
  const Vector sums = along.colwise().sum();
  const Vector squares = along.array().square().colwise().sum();
  const Vector seen = (sums.array().square() - squares.array()) / (n * (n - 1));
  const Vector seen_of_set = members_.transpose() * seen;
  const double all_seen = std::max(0.0, seen.tail(seen.size() - 1).sum());
  // The influence of a pairwise sum is twice its mean over the partners.
  const Matrix pairwise =
      2 / (n - 1) * (along.array().rowwise() * sums.transpose().array() - along.array().square());

  parts.values = parts.influences.colwise().mean().transpose() + seen_of_set;
  parts.variance = parts.variance_influences.mean() + of_r;
  parts.influences += pairwise * members_;
  parts.influences.rowwise() +=
      (parts.values - parts.influences.colwise().mean().transpose()).transpose();
  parts.variance_influences.array() += r.array().square() - r.squaredNorm() / n + of_r;

  const double rest = std::max(0.0, of_r - all_seen - noise), placed = parts.variance - rest;
  parts.unplaced = Vector::Zero(sets);
  for (Index s = 0; s < sets && rest > 0; ++s) {
    // Half as the variance lies, half as terms are: what was missed is mostly many factors together.
    const double lies = placed > 0 ? std::clamp(parts.values(s) / placed, 0.0, 1.0) : 0.5,
                 terms = members_.col(s).mean(), share = (lies + terms) / 2;
    const double weight = kPriorWeight * of_r;
    const double belongs = std::clamp(
        (std::max(0.0, seen_of_set(s)) + weight * share) / (all_seen + weight), 0.0, 1.0);
    parts.values(s) += rest * belongs;
    parts.influences.col(s).array() += rest * belongs;
    parts.unplaced(s) = rest * rest * belongs * (1 - belongs) / 4;
  }
  return parts;
}

}  // namespace assay::stats
