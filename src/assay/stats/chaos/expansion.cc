#include "assay/stats/chaos/expansion.h"

#include <algorithm>
#include <map>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

// [points][degree + 1] of one factor's polynomials, or of their derivatives.
Eigen::MatrixXd univariate(const OrthonormalPolynomials& polynomials, const Eigen::VectorXd& x,
                           int degree, bool derivative) {
  Eigen::MatrixXd table(x.size(), degree + 1);
  std::vector<double> values(static_cast<std::size_t>(degree) + 1), slopes(values.size());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if (derivative)
      polynomials.evaluate(x(i), values, slopes);
    else
      polynomials.evaluate(x(i), values);
    const std::vector<double>& row = derivative ? slopes : values;
    for (std::size_t k = 0; k < row.size(); ++k) table(i, static_cast<Eigen::Index>(k)) = row[k];
  }
  return table;
}

}  // namespace

ChaosBasis::ChaosBasis(std::span<const Distribution> factors, int degree) : degree_(degree) {
  polynomials_.reserve(factors.size());
  for (const Distribution& d : factors) polynomials_.emplace_back(d, degree);
}

std::vector<int> ChaosBasis::degree_limits() const {
  std::vector<int> limits;
  for (const OrthonormalPolynomials& p : polynomials_) limits.push_back(p.degree());
  return limits;
}

Eigen::MatrixXd ChaosBasis::evaluate(const Eigen::MatrixXd& x,
                                     std::span<const MultiIndex> terms) const {
  if (static_cast<std::size_t>(x.cols()) != factors()) throw BugError("a column a factor");
  Eigen::MatrixXd psi = Eigen::MatrixXd::Ones(x.rows(), static_cast<Eigen::Index>(terms.size()));
  for (std::size_t f = 0; f < factors(); ++f) {
    const Eigen::MatrixXd table =
        univariate(polynomials_[f], x.col(static_cast<Eigen::Index>(f)), degree_, false);
    for (std::size_t t = 0; t < terms.size(); ++t)
      if (const int degree = terms[t][f]; degree > 0)
        psi.col(static_cast<Eigen::Index>(t)).array() *= table.col(degree).array();
  }
  return psi;
}

Eigen::MatrixXd ChaosBasis::derivative(const Eigen::MatrixXd& x, std::span<const MultiIndex> terms,
                                       std::size_t factor) const {
  std::vector<MultiIndex> others(terms.begin(), terms.end());
  for (MultiIndex& term : others) term[factor] = 0;
  Eigen::MatrixXd slope = evaluate(x, others);
  const Eigen::MatrixXd table =
      univariate(polynomials_[factor], x.col(static_cast<Eigen::Index>(factor)), degree_, true);
  for (std::size_t t = 0; t < terms.size(); ++t)
    slope.col(static_cast<Eigen::Index>(t)).array() *= table.col(terms[t][factor]).array();
  return slope;
}

double VarianceParts::first(std::size_t factor) const { return of(std::uint64_t{1} << factor); }

double VarianceParts::with(std::size_t factor) const {
  double sum = 0;
  for (std::size_t i = 0; i < sets.size(); ++i)
    if (sets[i] >> factor & 1) sum += variances[i];
  return sum;
}

double VarianceParts::of(std::uint64_t set) const {
  const auto at = std::lower_bound(sets.begin(), sets.end(), set);
  return at != sets.end() && *at == set ? variances[static_cast<std::size_t>(at - sets.begin())]
                                        : 0;
}

VarianceParts variance_parts(std::span<const MultiIndex> terms,
                             const Eigen::VectorXd& coefficients) {
  std::map<std::uint64_t, double> of_set;
  VarianceParts parts;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const std::uint64_t set = factors_of(terms[t]);
    if (set == 0) continue;
    const double c = coefficients(static_cast<Eigen::Index>(t));
    of_set[set] += c * c;
    parts.total += c * c;
  }
  for (const auto& [set, variance] : of_set) {
    parts.sets.push_back(set);
    parts.variances.push_back(variance);
  }
  return parts;
}

}  // namespace assay::stats
