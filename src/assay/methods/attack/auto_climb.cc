// APGD: gradient ascent with momentum whose steps halve when they stop helping, from the best point so far (croce2020reliable, with
// the constants of its code).
#include <algorithm>
#include <cmath>

#include "assay/base/seed.h"
#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

constexpr double kFirstStep = 2;  // of eps
constexpr double kMomentum = 0.75, kOscillating = 0.75;

Pixels mixed(const Pixels& at, const Pixels& stepped, const Pixels& before, double share) {
  Pixels x(at.size());
  const auto a = static_cast<float>(share), b = static_cast<float>(1 - share);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = at[i] + (stepped[i] - at[i]) * a + (at[i] - before[i]) * b;
  return x;
}

}  // namespace

// When the step is looked at again. Not of an unnamed namespace: a coroutine holds it.
class ApgdCheckpoints {
 public:
  explicit ApgdCheckpoints(int steps)
      : length_(std::max(1, static_cast<int>(0.22 * steps))),
        least_(std::max(1, static_cast<int>(0.06 * steps))),
        less_(std::max(1, static_cast<int>(0.03 * steps))) {}

  // After each step; true where the step is to be halved and the best point gone back to.
  bool halve(double loss, double best) {
    rises_ += loss > last_loss_;
    last_loss_ = loss;
    if (++count_ < length_) return false;
    const bool oscillates = rises_ <= kOscillating * length_,
               idle = !halved_ && best_before_ >= best;
    halved_ = oscillates || idle;
    best_before_ = best;
    count_ = rises_ = 0;
    length_ = std::max(length_ - less_, least_);
    return halved_;
  }
  void start(double loss) { last_loss_ = best_before_ = loss; }

 private:
  int length_, least_, less_, count_ = 0, rises_ = 0;
  double last_loss_ = 0, best_before_ = 0;
  bool halved_ = true;
};

std::vector<int> aims_of(const Attack& attack, const Target& target) {
  if (target.goal >= 0) return {target.goal};
  std::vector<int> order;
  for (int k = 0; k < static_cast<int>(target.clean.size()); ++k)
    if (k != target.label) order.push_back(k);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return target.clean[static_cast<std::size_t>(a)] > target.clean[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(attack.targets)));
  return order;
}

Walk auto_climb(const Attack& attack, const Target& target, std::uint64_t seed) {
  std::vector<Objective> objectives{
      {attack.name == "apgd_ce" ? Loss::kCrossEntropy : Loss::kDlr, target.goal}};
  if (attack.name == "apgd_t") {
    objectives.clear();
    for (const int aim : aims_of(attack, target)) objectives.push_back({Loss::kDlr, aim});
  }
  for (const Objective& objective : objectives)
    for (int start = 0; start < attack.restarts; ++start) {
      Stream stream(seed,
                    "attack/" + attack.name + "/" + std::to_string(objective.target) + "/" +
                        std::to_string(start),
                    target.item);
      Pixels x = target.ball.drawn_far(stream), before = x, best = x;
      Answer here = co_await ask(x, objective);
      double best_value = here.value, step = kFirstStep * target.ball.eps();
      std::vector<float> best_slope = here.slope;
      ApgdCheckpoints checkpoints(attack.steps);
      checkpoints.start(here.value);
      for (int k = 0; k < attack.steps; ++k) {
        const Pixels stepped = target.ball.stepped(x, here.slope, step);
        Pixels next = target.ball.projected(mixed(x, stepped, before, k == 0 ? 1 : kMomentum));
        before = std::exchange(x, std::move(next));
        here = co_await ask(x, objective);
        if (here.value > best_value) {
          best = x;
          best_value = here.value;
          best_slope = here.slope;
        }
        if (checkpoints.halve(here.value, best_value)) {
          step /= 2;
          x = best;
          here.slope = best_slope;
        }
      }
    }
}

}  // namespace assay::methods
