#include "assay/stats/chaos/orthonormal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/stats/quadrature.h"

namespace assay::stats {

namespace {

struct Recurrence {
  std::vector<double> a, root_b;
};

// Of (1-t)^alpha (1+t)^beta on [-1, 1].
Recurrence jacobi(double alpha, double beta, int degree) {
  Recurrence r;
  const double sum = alpha + beta, difference = beta * beta - alpha * alpha;
  for (int k = 0; k < degree; ++k) {
    const double s = 2 * k + sum;
    r.a.push_back(k == 0 ? (beta - alpha) / (sum + 2) : difference / (s * (s + 2)));
    const double n = k + 1, t = 2 * n + sum;
    const double b =
        n == 1 ? 4 * (alpha + 1) * (beta + 1) / ((sum + 2) * (sum + 2) * (sum + 3))
               : 4 * n * (n + alpha) * (n + beta) * (n + sum) / (t * t * (t + 1) * (t - 1));
    r.root_b.push_back(std::sqrt(b));
  }
  return r;
}

Recurrence scaled(Recurrence r, double centre, double scale) {
  for (double& a : r.a) a = centre + scale * a;
  for (double& b : r.root_b) b *= scale;
  return r;
}

Recurrence hermite(double mean, double sd, int degree) {
  Recurrence r;
  for (int k = 0; k < degree; ++k) {
    r.a.push_back(mean);
    r.root_b.push_back(sd * std::sqrt(k + 1.0));
  }
  return r;
}

Recurrence laguerre(double shape, double scale, double shift, int degree) {
  Recurrence r;
  for (int k = 0; k < degree; ++k) {
    r.a.push_back(shift + scale * (2 * k + shape));
    r.root_b.push_back(scale * std::sqrt((k + 1) * (k + shape)));
  }
  return r;
}

// Of masses at nodes: the Lanczos process, each vector made orthogonal to all before it twice.
Recurrence lanczos(const Eigen::VectorXd& nodes, const Eigen::VectorXd& weights, int degree) {
  const Eigen::Index n = nodes.size();
  degree = static_cast<int>(std::min<Eigen::Index>(degree, n - 1));
  const double centre = nodes.dot(weights);
  const Eigen::VectorXd t = nodes.array() - centre;
  const double scale = std::sqrt(t.array().square().matrix().dot(weights));
  Eigen::MatrixXd q(n, degree + 1);
  q.col(0) = weights.array().sqrt();
  Recurrence r;
  for (int k = 0; k < degree; ++k) {
    Eigen::VectorXd next = t.array() / scale * q.col(k).array();
    r.a.push_back(q.col(k).dot(next));
    const auto before = q.leftCols(k + 1);
    for (int again = 0; again < 2; ++again) next -= before * (before.transpose() * next);
    const double norm = next.norm();
    r.root_b.push_back(norm);
    q.col(k + 1) = next / norm;
  }
  return scaled(std::move(r), centre, scale);
}

// Of a density on pieces between `ends`, each integrated by Gauss–Legendre.
Recurrence of_density(const Distribution& d, const std::vector<double>& ends, int degree) {
  const Quadrature rule = gauss_legendre(200);
  std::vector<double> nodes, weights;
  for (std::size_t piece = 0; piece + 1 < ends.size(); ++piece) {
    const double width = ends[piece + 1] - ends[piece];
    if (!(width > 0)) continue;
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      nodes.push_back(ends[piece] + width * rule.nodes[i]);
      weights.push_back(width * rule.weights[i] * d.density(nodes.back()));
    }
  }
  Eigen::Map<Eigen::VectorXd> w(weights.data(), static_cast<Eigen::Index>(weights.size()));
  w /= w.sum();
  return lanczos(Eigen::Map<Eigen::VectorXd>(nodes.data(), w.size()), w, degree);
}

Recurrence recurrence(const Distribution& d, int degree) {
  const auto& p = d.parameters();
  switch (d.kind()) {
    case DistributionKind::kUniform:
      return scaled(jacobi(0, 0, degree), (p[0] + p[1]) / 2, (p[1] - p[0]) / 2);
    case DistributionKind::kNormal:
    case DistributionKind::kLogNormal:
      return hermite(p[0], p[1], degree);
    case DistributionKind::kBeta:
      return scaled(jacobi(p[1] - 1, p[0] - 1, degree), (p[2] + p[3]) / 2, (p[3] - p[2]) / 2);
    case DistributionKind::kGamma:
      return laguerre(p[0], p[1], p.size() > 2 ? p[2] : 0, degree);
    case DistributionKind::kTruncatedNormal: {
      // Where the density is more than nothing: 12 sd, or the end that is nearest.
      const double reach = 12 * p[1], centre = std::clamp(p[0], p[2], p[3]);
      return of_density(d, {std::max(p[2], centre - reach), centre, std::min(p[3], centre + reach)},
                        degree);
    }
    case DistributionKind::kTriangular:
      return of_density(d, p, degree);
    case DistributionKind::kDiscrete:
      break;
  }
  const auto n = static_cast<Eigen::Index>(d.atoms().size());
  return lanczos(Eigen::Map<const Eigen::VectorXd>(d.atoms().data(), n),
                 Eigen::Map<const Eigen::VectorXd>(d.weights().data(), n), degree);
}

}  // namespace

OrthonormalPolynomials::OrthonormalPolynomials(const Distribution& distribution, int degree)
    : logarithm_(distribution.kind() == DistributionKind::kLogNormal) {
  if (degree < 0) throw BugError("a polynomial's degree is below 0");
  if (logarithm_ && distribution.parameters().size() > 2) shift_ = distribution.parameters()[2];
  Recurrence r = recurrence(distribution, degree);
  a_ = std::move(r.a);
  root_b_ = std::move(r.root_b);
}

void OrthonormalPolynomials::evaluate(double x, std::span<double> values) const {
  const double t = logarithm_ ? std::log(x - shift_) : x;
  if (values.empty()) return;
  values[0] = 1;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (k > a_.size()) {
      values[k] = 0;
      continue;
    }
    values[k] = (t - a_[k - 1]) * values[k - 1];
    if (k > 1) values[k] -= root_b_[k - 2] * values[k - 2];
    values[k] /= root_b_[k - 1];
  }
}

void OrthonormalPolynomials::evaluate(double x, std::span<double> values,
                                      std::span<double> derivatives) const {
  evaluate(x, values);
  if (derivatives.size() != values.size()) throw BugError("as many derivatives as values");
  if (values.empty()) return;
  const double t = logarithm_ ? std::log(x - shift_) : x;
  const double inner = logarithm_ ? 1 / (x - shift_) : 1;
  derivatives[0] = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (k > a_.size()) {
      derivatives[k] = 0;
      continue;
    }
    derivatives[k] = inner * values[k - 1] + (t - a_[k - 1]) * derivatives[k - 1];
    if (k > 1) derivatives[k] -= root_b_[k - 2] * derivatives[k - 2];
    derivatives[k] /= root_b_[k - 1];
  }
}

}  // namespace assay::stats
