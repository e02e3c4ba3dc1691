#include "assay/methods/camera/forced_drift.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "assay/base/seed.h"
#include "assay/methods/camera/factor_range.h"

namespace assay::methods {

namespace {

constexpr int kTries = 4;
constexpr double kSafe = 0.98;  // of the budget
constexpr double kFirstStep = 0.6,
                 kLastStep = 0.06;   // of the change that the budget, or the specification, lets
constexpr int kMetricEvery = 6;      // steps
constexpr double kMetricStep = 0.1;  // of the way to an end
constexpr int kForwardsOfAStep = 3;  // a forward and a backward cost about as much

using Eigen::MatrixXd;
using Place = std::vector<double>;

class Search {
 public:
  Search(const DriftingCamera& camera, const Specification& specification,
         const DriftBudget& budget)
      : camera_(camera), specification_(specification), budget_(budget) {
    const std::vector<double> nominal = camera.nominal();
    for (std::size_t f = 0; f < nominal.size(); ++f)
      ranges_.push_back({specification.low[f], nominal[f], specification.high[f]});
    found_.answer.loss = -INFINITY;
  }

  std::size_t factors() const { return ranges_.size(); }

  Place theta(const Place& z) const {
    Place at(z.size());
    for (std::size_t f = 0; f < z.size(); ++f) at[f] = ranges_[f].at(z[f]);
    return at;
  }

  // Into the cube, and, as the metric foretells the distance, into the budget.
  Place projected(Place z) {
    z = in_cube(std::move(z));
    if (!std::isfinite(budget_.distance)) return z;
    const double change = change_of(z);
    if (!(change > 0)) return z;
    if (last_.empty()) told_distance(z, camera_.distance(theta(z)));
    const double foretold = change * last_distance_ / std::max(change_of(last_), 1e-300);
    return foretold > kSafe * budget_.distance ? scaled(z, kSafe * budget_.distance / foretold) : z;
  }

  // As far out along z as the specification and the budget let.
  Place outermost(Place z) const {
    z = in_cube(std::move(z));
    double most = 0;
    for (const double v : z) most = std::max(most, std::abs(v));
    return most > 0 ? within(scaled(z, 1 / most)) : z;
  }
  // Drawn towards nominal until the budget holds.
  Place within(Place z) const {
    for (int k = 0; k < kTries && std::isfinite(budget_.distance); ++k) {
      const double distance = camera_.distance(theta(z));
      if (distance <= budget_.distance) break;
      z = scaled(z, kSafe * budget_.distance / distance);
    }
    return z;
  }

  Place drawn(Stream& stream) const {
    Place z(factors(), 0);
    for (std::size_t f = 0; f < z.size(); ++f) {
      const double u = 2 * stream.uniform() - 1;
      if (specification_.moves[f]) z[f] = u;
    }
    return z;
  }

  // The metric of the pictures' change in z, round z.
  void measure_metric(const Place& z) {
    Place steps(z.size(), 0), to = z;
    std::vector<double> in_theta(z.size(), 0);
    const Place here = theta(z);
    for (std::size_t f = 0; f < z.size(); ++f) {
      if (!specification_.moves[f]) continue;
      steps[f] = z[f] + kMetricStep <= ranges_[f].highest() ? kMetricStep : -kMetricStep;
      to = z;
      to[f] += steps[f];
      in_theta[f] = theta(to)[f] - here[f];
    }
    const std::vector<double> flat = camera_.change_metric(here, in_theta);
    const auto count = static_cast<Eigen::Index>(z.size());
    MatrixXd m =
        Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(flat.data(), count, count);
    for (Eigen::Index i = 0; i < count; ++i)
      for (Eigen::Index j = 0; j < count; ++j) {
        const double area = steps[static_cast<std::size_t>(i)] * steps[static_cast<std::size_t>(j)];
        m(i, j) = area != 0 ? m(i, j) / area : 0;
      }
    metric_ = std::move(m);
  }

  // The step that gains most for its change, of those that stay in the cube; 0 where there is none.
  Place steepest(const Place& z, const Place& slope, double share) const {
    std::vector<std::size_t> free;
    for (std::size_t f = 0; f < z.size(); ++f)
      if (specification_.moves[f] && slope[f] != 0) free.push_back(f);
    Place step(z.size(), 0);
    const double reach = metric_.trace();
    while (!free.empty() && reach > 0) {
      const auto n = static_cast<Eigen::Index>(free.size());
      MatrixXd m(n, n);
      Eigen::VectorXd g(n);
      for (Eigen::Index i = 0; i < n; ++i) {
        g(i) = slope[free[static_cast<std::size_t>(i)]];
        for (Eigen::Index j = 0; j < n; ++j)
          m(i, j) = metric_(static_cast<Eigen::Index>(free[static_cast<std::size_t>(i)]),
                            static_cast<Eigen::Index>(free[static_cast<std::size_t>(j)]));
      }
      constexpr double kLeast =
          1e-3;  // of the mean change: what does not show at all is not moved without end
      m.diagonal().array() += kLeast * reach / static_cast<double>(z.size());
      const Eigen::VectorXd d = m.ldlt().solve(g);
      // What stands at an end and would leave is taken out, and the rest asked again.
      std::vector<std::size_t> kept;
      for (std::size_t i = 0; i < free.size(); ++i) {
        const double v = d(static_cast<Eigen::Index>(i));
        const bool leaves = (v > 0 && z[free[i]] >= ranges_[free[i]].highest()) ||
                            (v < 0 && z[free[i]] <= ranges_[free[i]].lowest());
        if (!leaves) kept.push_back(free[i]);
      }
      if (kept.size() < free.size()) {
        free = std::move(kept);
        continue;
      }
      const double change = std::sqrt(std::max(0.0, d.dot(m * d)));
      if (!(change > 0)) return step;
      const double length = share * std::min(rms_budget(), std::sqrt(reach));
      for (std::size_t i = 0; i < free.size(); ++i)
        step[free[i]] = d(static_cast<Eigen::Index>(i)) * length / change;
      return step;
    }
    return step;
  }

  void told(const Place& z, const DriftingCamera::Answer& answer) {
    found_.path.push_back({theta(z), answer});
    if (change_of(z) > 0) told_distance(z, answer.distance);
    if (!(answer.loss > found_.answer.loss) || answer.distance > budget_.distance) return;
    found_.theta = found_.path.back().theta;
    found_.answer = answer;
  }

  // d loss / d z.
  Place slope_at(const Place& z) {
    const DriftingCamera::Slope slope = camera_.slope(theta(z));
    told(z, slope);
    Place g(factors(), 0);
    for (std::size_t f = 0; f < g.size(); ++f)
      if (specification_.moves[f] && std::isfinite(slope.gradient[f]))
        g[f] = slope.gradient[f] * ranges_[f].slope(z[f], slope.gradient[f] > 0);
    return g;
  }
  void ask(const Place& z) { told(z, camera_.at(theta(z))); }

  // What the budget is as a root mean square change: of another kind of distance by what was last seen beside it.
  double rms_budget() const {
    if (camera_.is_rms()) return budget_.distance;
    return last_distance_ > 0 ? budget_.distance * change_of(last_) / last_distance_ : INFINITY;
  }
  // By the metric; 0 before there is one.
  double change_of(const Place& z) const {
    if (metric_.size() == 0 || z.empty()) return 0;
    const Eigen::Map<const Eigen::VectorXd> at(z.data(), static_cast<Eigen::Index>(z.size()));
    return std::sqrt(std::max(0.0, at.dot(metric_ * at)));
  }
  void told_distance(const Place& z, double distance) {
    last_ = z;
    last_distance_ = distance;
  }

  ForcedDrift found() && { return std::move(found_); }

 private:
  Place in_cube(Place z) const {
    for (std::size_t f = 0; f < z.size(); ++f)
      z[f] = std::clamp(z[f], ranges_[f].lowest(), ranges_[f].highest());
    return z;
  }
  static Place scaled(Place z, double by) {
    for (double& v : z) v *= by;
    return z;
  }

  const DriftingCamera& camera_;
  const Specification& specification_;
  const DriftBudget& budget_;
  std::vector<FactorRange> ranges_;
  MatrixXd metric_;
  Place last_;  // the last place whose distance was seen
  double last_distance_ = 0;
  ForcedDrift found_;
};

}  // namespace

ForcedDrift force_drift(const DriftingCamera& camera, const Specification& specification,
                        const DriftBudget& budget, std::uint64_t seed, int start) {
  Search search(camera, specification, budget);
  Stream stream(seed, "forced_drift", static_cast<std::uint64_t>(start));
  Place z(search.factors(), 0);
  if (start > 0) z = search.outermost(search.drawn(stream));
  Place mean(z.size(), 0);
  for (int k = 0; k < budget.steps; ++k) {
    if (k % kMetricEvery == 0) search.measure_metric(z);
    const Place g = search.slope_at(z);
    const double share =
        kFirstStep * std::pow(kLastStep / kFirstStep, k / std::max(1.0, budget.steps - 1.0));
    constexpr double kMomentum = 0.5;
    for (std::size_t f = 0; f < z.size(); ++f)
      mean[f] = kMomentum * mean[f] + (1 - kMomentum) * g[f];
    const Place step = search.steepest(z, mean, share);
    for (std::size_t f = 0; f < z.size(); ++f) z[f] += step[f];
    z = search.projected(std::move(z));
  }
  search.ask(z);
  ForcedDrift found = std::move(search).found();
  found.backwards = budget.steps;
  found.forwards = budget.steps + 1;
  return found;
}

ForcedDrift random_drift(const DriftingCamera& camera, const Specification& specification,
                         const DriftBudget& budget, std::uint64_t seed, int start) {
  Search search(camera, specification, budget);
  Stream stream(seed, "random_drift", static_cast<std::uint64_t>(start));
  const int places = kForwardsOfAStep * budget.steps + 1;
  search.ask(Place(search.factors(), 0));  // nominal keeps every budget
  for (int k = 1; k < places; ++k) {
    const Place z = search.drawn(stream);
    search.ask(k % 4 == 0 ? search.within(z) : search.outermost(z));
  }
  ForcedDrift found = std::move(search).found();
  found.forwards = places;
  return found;
}

}  // namespace assay::methods
