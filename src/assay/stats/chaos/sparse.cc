#include "assay/stats/chaos/sparse.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "assay/base/error.h"

namespace assay::stats {

using Index = Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct SparseSolver::Columns {
  Vector mean, length;  // of psi's columns; length of the centred ones
  Matrix x;             // psi's columns, centred and scaled to length 1; 0 where they are constant
  Matrix gram;          // x'x, where there are fewer columns than points: else a product is cheaper

  // x'x_j
  Vector products(Index j) const {
    if (gram.size() > 0) return gram.col(j);
    return x.transpose() * x.col(j);
  }
};

namespace {

// A column that is this much of a sum of others brings nothing new.
constexpr double kDependent = 1e-8;

// Least squares on columns that come one by one.
class Growing {
 public:
  Growing(const Matrix& x, const Vector& mean, const Vector& length, const Vector& y, Index most)
      : x_(x),
        mean_(mean),
        length_(length),
        points_(static_cast<double>(y.size())),
        residual_(y.array() - y.mean()),
        leverage_(Eigen::ArrayXd::Constant(y.size(), 1 / points_)),
        q_(y.size(), most),
        r_(most + 1, most + 1),
        projected_(most + 1),
        trace_(1 / points_) {
    r_.setZero();
    r_(0, 0) = std::sqrt(points_);
    projected_(0) = std::sqrt(points_) * y.mean();
  }

  // False where the column depends on those before.
  bool add(Index j) {
    const Index k = size();
    const auto q = q_.leftCols(k);
    Vector along = q.transpose() * x_.col(j), v = x_.col(j) - q * along;
    if (v.norm() < 0.7) {  // twice is enough (Kahan)
      const Vector again = q.transpose() * v;
      v -= q * again;
      along += again;
    }
    const double rest = v.norm();
    if (rest < kDependent) return false;
    q_.col(k) = v / rest;
    // The factor of psi's own columns: the constant first, each times its length.
    Vector top(k + 1);
    top(0) = std::sqrt(points_) * mean_(j);
    top.tail(k) = length_(j) * along;
    const double diagonal = length_(j) * rest;
    trace_ += (factor().solve(top).squaredNorm() + 1) / (diagonal * diagonal);
    r_.col(k + 1).head(k + 1) = top;
    r_(k + 1, k + 1) = diagonal;
    const double share = q_.col(k).dot(residual_);
    projected_(k + 1) = share;
    residual_ -= share * q_.col(k);
    leverage_ += q_.col(k).array().square();
    active_.push_back(j);
    return true;
  }

  Index size() const { return static_cast<Index>(active_.size()); }
  const std::vector<Index>& active() const { return active_; }
  const Vector& residual() const { return residual_; }
  auto last() const { return q_.col(size() - 1); }
  double last_share() const { return projected_(size()); }

  double error() const { return (residual_.array() / (1 - leverage_)).square().mean(); }
  double correction() const {
    const double terms = static_cast<double>(size() + 1);
    return points_ / (points_ - terms) * (1 + trace_);
  }
  // Of the constant and the first `count` columns.
  Vector coefficients(Index count) const {
    return r_.topLeftCorner(count + 1, count + 1)
        .triangularView<Eigen::Upper>()
        .solve(projected_.head(count + 1));
  }
  // w with x_A'x_A w = signs.
  Vector equiangular(const Vector& signs) const {
    const Index k = size();
    const Vector lengths = [&] {
      Vector l(k);
      for (Index i = 0; i < k; ++i) l(i) = length_(active_[static_cast<std::size_t>(i)]);
      return l;
    }();
    // r_ without its first row and column is the factor of x_A times diag(lengths).
    const auto factor = r_.block(1, 1, k, k).triangularView<Eigen::Upper>();
    Vector w = lengths.array() * signs.array();
    r_.block(1, 1, k, k).transpose().triangularView<Eigen::Lower>().solveInPlace(w);
    factor.solveInPlace(w);
    return w.array() * lengths.array();
  }

 private:
  Eigen::TriangularView<const Eigen::Block<const Matrix>, Eigen::Upper> factor() const {
    const Matrix& r = r_;
    const Index k = size() + 1;
    return Eigen::TriangularView<const Eigen::Block<const Matrix>, Eigen::Upper>(
        r.topLeftCorner(k, k));
  }

  const Matrix& x_;
  const Vector &mean_, &length_;
  double points_;
  Vector residual_;
  Eigen::ArrayXd leverage_;
  Matrix q_;  // orthonormal, one column an active one
  Matrix r_;  // of the constant and psi's active columns
  Vector projected_;
  double trace_;
  std::vector<Index> active_;
};

// Which column comes next.
class Chooser {
 public:
  virtual ~Chooser() = default;
  // Of those that may still come; -1 where none is left that correlates.
  virtual Index next(const Growing& fit) = 0;
  void exclude(Index j) { out_[static_cast<std::size_t>(j)] = 1; }

 protected:
  explicit Chooser(Vector correlations)
      : c_(std::move(correlations)), out_(static_cast<std::size_t>(c_.size()), 0) {}
  bool may(Index j) const { return !out_[static_cast<std::size_t>(j)]; }
  Index strongest() const {
    Index best = -1;
    for (Index j = 0; j < c_.size(); ++j)
      if (may(j) && (best < 0 || std::abs(c_(j)) > std::abs(c_(best)))) best = j;
    return best;
  }

  Vector c_;  // x' residual, of the residual along the chooser's own path
  std::vector<char> out_;
};

class Omp : public Chooser {
 public:
  Omp(const Matrix& x, Vector correlations) : Chooser(std::move(correlations)), x_(x) {}
  Index next(const Growing& fit) override {
    if (fit.size() > seen_) c_ -= fit.last_share() * (x_.transpose() * fit.last());
    seen_ = fit.size();
    return strongest();
  }

 private:
  const Matrix& x_;
  Index seen_ = 0;
};

class Lars : public Chooser {
 public:
  template <typename Products>
  Lars(Vector correlations, Index most, Products products)
      : Chooser(std::move(correlations)),
        products_(std::move(products)),
        of_active_(c_.size(), most) {}

  Index next(const Growing& fit) override {
    const Index k = fit.size();
    if (k == 0) return strongest();
    if (signs_.size() < k) {
      const Index newest = fit.active().back();
      of_active_.col(k - 1) = products_(newest);
      signs_.conservativeResize(k);
      signs_(k - 1) = c_(newest) < 0 ? -1 : 1;
    }
    const Vector a = of_active_.leftCols(k) * fit.equiangular(signs_);
    const double level = std::abs(c_(fit.active().front()));
    double step = level;  // the whole way to the least squares fit
    Index best = -1;
    for (Index j = 0; j < c_.size(); ++j) {
      if (!may(j)) continue;
      for (const double sign : {1.0, -1.0}) {
        const double gap = 1 - sign * a(j);
        if (gap <= 1e-12) continue;
        const double reach = std::max(0.0, (level - sign * c_(j)) / gap);
        if (reach < step) {
          step = reach;
          best = j;
        }
      }
    }
    c_ -= step * a;
    return best;
  }

 private:
  std::function<Vector(Index)> products_;
  Matrix of_active_;  // x'x_A
  Vector signs_;
};

}  // namespace

SparseSolver::SparseSolver(const Matrix& psi) : columns_(std::make_unique<Columns>()) {
  Columns& c = *columns_;
  if (psi.rows() < 2 || psi.cols() < 1 || (psi.col(0).array() != 1).any())
    throw BugError("a sparse fit needs two points and the constant as its first term");
  c.mean = psi.colwise().mean();
  c.x = psi.rowwise() - c.mean.transpose();
  c.length = c.x.colwise().norm();
  for (Index j = 0; j < c.x.cols(); ++j) {
    if (c.length(j) > kDependent * std::sqrt(static_cast<double>(c.x.rows()))) {
      c.x.col(j) /= c.length(j);
    } else {
      c.x.col(j).setZero();
      c.length(j) = 0;
    }
  }
  if (c.x.cols() <= c.x.rows()) {
    c.gram = Matrix::Zero(c.x.cols(), c.x.cols());
    c.gram.selfadjointView<Eigen::Lower>().rankUpdate(c.x.transpose());
    c.gram.triangularView<Eigen::StrictlyUpper>() = c.gram.transpose();
  }
}

SparseSolver::~SparseSolver() = default;
SparseSolver::SparseSolver(SparseSolver&&) noexcept = default;

SparseFit SparseSolver::fit(const Vector& y, SparseMethod method) const {
  const Columns& c = *columns_;
  if (y.size() != c.x.rows()) throw BugError("a sparse fit: an output a point");
  const Index most = std::max<Index>(0, std::min(c.x.cols() - 1, c.x.rows() - 2));
  const Vector centred = y.array() - y.mean();
  const double spread = centred.norm();
  const double nothing = 1e-13 * std::max(spread, std::abs(y.mean()) * std::sqrt(double(y.size())));

  Growing growing(c.x, c.mean, c.length, y, most);
  const Vector correlations = c.x.transpose() * centred;
  std::unique_ptr<Chooser> chooser;
  if (method == SparseMethod::kLars)
    chooser = std::make_unique<Lars>(correlations, most, [&c](Index j) { return c.products(j); });
  else
    chooser = std::make_unique<Omp>(c.x, correlations);
  for (Index j = 0; j < c.x.cols(); ++j)
    if (c.length(j) == 0) chooser->exclude(j);

  SparseFit best;
  best.leave_one_out_error = growing.error();
  best.corrected_error = growing.error() * growing.correction();
  Index kept = 0;
  const Index patience = std::max<Index>(10, most / 10);
  while (growing.size() < most && growing.residual().norm() > nothing &&
         growing.size() - kept < patience) {
    const Index j = chooser->next(growing);
    if (j < 0) break;
    chooser->exclude(j);
    if (!growing.add(j)) continue;
    const double error = growing.error(), corrected = error * growing.correction();
    if (corrected < best.corrected_error) {
      best.leave_one_out_error = error;
      best.corrected_error = corrected;
      kept = growing.size();
    }
  }
  best.path = growing.active();
  best.terms = {0};
  best.terms.insert(best.terms.end(), best.path.begin(), best.path.begin() + kept);
  best.coefficients = growing.coefficients(kept);
  return best;
}

}  // namespace assay::stats
