// Carlini and Wagner's l2 attack: distance² + c · hinge of the logits, by Adam in tanh space; c by bisection (carlini2017, with the
// constants of the common implementations).
#include <algorithm>
#include <cmath>

#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

constexpr double kFirstWeight = 1e-3, kRate = 0.01, kInside = 0.999999;
constexpr int kLooks = 10;  // at whether it still gets better

}  // namespace

// Not of an unnamed namespace: a coroutine holds it.
class TanhAdam {
 public:
  explicit TanhAdam(std::size_t n) : first_(n, 0), second_(n, 0) {}
  void step(std::vector<double>& w, const std::vector<double>& slope) {
    ++count_;
    const double a = 1 - std::pow(0.9, count_), b = 1 - std::pow(0.999, count_);
    for (std::size_t i = 0; i < w.size(); ++i) {
      first_[i] += 0.1 * (slope[i] - first_[i]);
      second_[i] += 0.001 * (slope[i] * slope[i] - second_[i]);
      w[i] -= kRate * (first_[i] / a) / (std::sqrt(second_[i] / b) + 1e-8);
    }
  }

 private:
  std::vector<double> first_, second_;
  int count_ = 0;
};

Walk distance_descent(const Attack& attack, const Target& target) {
  const Pixels& origin = target.ball.centre();
  const std::size_t n = origin.size();
  double weight = kFirstWeight, low = 0, high = INFINITY;
  for (int start = 0; start < attack.restarts; ++start) {
    std::vector<double> w(n);
    for (std::size_t i = 0; i < n; ++i)
      w[i] = std::atanh((2 * static_cast<double>(origin[i]) - 1) * kInside);
    TanhAdam adam(n);
    bool found = false;
    double before = INFINITY;
    for (int k = 0; k < attack.steps; ++k) {
      Pixels x(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>((std::tanh(w[i]) + 1) / 2);
      // Above 0: the goal, or any other class, is said.
      const Answer here =
          co_await ask(x, {target.goal < 0 ? Loss::kDifference : Loss::kLead, target.goal});
      const double over = here.value;
      found |= over > 0;
      double far = 0;
      std::vector<double> slope(n);
      for (std::size_t i = 0; i < n; ++i) {
        const double delta = static_cast<double>(x[i]) - static_cast<double>(origin[i]),
                     t = std::tanh(w[i]);
        far += delta * delta;
        const double hinge = over < 0 ? -weight * static_cast<double>(here.slope[i]) : 0;
        slope[i] = (2 * delta + hinge) * (1 - t * t) / 2;
      }
      const double loss = far + weight * std::max(0.0, -over);
      if (k % std::max(1, attack.steps / kLooks) == 0) {
        if (loss > 0.9999 * before) break;
        before = loss;
      }
      adam.step(w, slope);
    }
    (found ? high : low) = weight;
    weight = std::isfinite(high) ? (low + high) / 2 : weight * 10;
  }
}

}  // namespace assay::methods
