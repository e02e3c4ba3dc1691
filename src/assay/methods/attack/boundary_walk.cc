// FAB: towards each class, steps to the boundary as the gradient draws it, from where the walk stands and from the picture
// (croce2020minimally, with the constants of its code).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

constexpr double kOvershoot = 1.05, kMostOfPicture = 0.1, kBack = 0.9, kShortest = 1e-8;
constexpr int kBisections = 8;

// The smallest change of x in the norm that brings w · x to b and keeps every value in [0,1]; as far as there is room.
std::vector<double> to_plane(Norm norm, const Pixels& x, const std::vector<float>& w, double b) {
  const std::size_t n = x.size();
  double gap = -b;
  for (std::size_t i = 0; i < n; ++i) gap += static_cast<double>(w[i]) * static_cast<double>(x[i]);
  const double way = gap > 0 ? -1 : 1;  // of w · x
  // Value i moves by least(pace_i · λ, room_i), each unit of it closing |w_i|: linf all at one pace, l2 at |w|, l1 the steepest
  // first.
  std::vector<double> weight(n), room(n), sign(n), change(n, 0);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < n; ++i) {
    weight[i] = std::abs(static_cast<double>(w[i]));
    sign[i] = w[i] > 0 ? way : -way;
    room[i] = sign[i] > 0 ? 1 - static_cast<double>(x[i]) : static_cast<double>(x[i]);
    if (weight[i] > 0 && room[i] > 0) order.push_back(i);
  }
  double left = std::abs(gap);
  if (norm == Norm::kL1) {
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t c) {
      return weight[a] != weight[c] ? weight[a] > weight[c] : a < c;
    });
    for (const std::size_t i : order) {
      const double move = std::min(room[i], left / weight[i]);
      change[i] = sign[i] * move;
      left -= move * weight[i];
      if (left <= 0) break;
    }
    return change;
  }
  const auto pace = [&](std::size_t i) { return norm == Norm::kL2 ? weight[i] : 1.0; };
  const auto full = [&](std::size_t i) { return room[i] / pace(i); };  // λ at which its room ends
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t c) {
    return full(a) != full(c) ? full(a) < full(c) : a < c;
  });
  double rate = 0, lambda = 0;
  for (const std::size_t i : order) rate += weight[i] * pace(i);
  for (const std::size_t i : order) {
    const double until = full(i) - lambda;
    if (rate * until >= left) break;
    left -= rate * until;
    lambda = full(i);
    rate -= weight[i] * pace(i);
  }
  if (rate > 0) lambda += left / rate;
  for (const std::size_t i : order) change[i] = sign[i] * std::min(pace(i) * lambda, room[i]);
  return change;
}

Pixels between(const Pixels& a, const Pixels& b, double share) {
  Pixels x(a.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(static_cast<double>(a[i]) +
                              share * (static_cast<double>(b[i]) - static_cast<double>(a[i])));
  return x;
}

// One step from x, whose answer is `here`.
Pixels towards_boundary(const Target& target, const Pixels& x, const Answer& here) {
  const Pixels& origin = target.ball.centre();
  const Norm norm = target.ball.norm();
  // value + slope · (p − x) = 0
  double b = -here.value;
  for (std::size_t i = 0; i < x.size(); ++i)
    b += static_cast<double>(here.slope[i]) * static_cast<double>(x[i]);
  const std::vector<double> own = to_plane(norm, x, here.slope, b),
                            of_picture = to_plane(norm, origin, here.slope, b);
  const double a = std::max(kShortest, size_of(norm, own)),
               c = std::max(kShortest, size_of(norm, of_picture)),
               share = std::min(kMostOfPicture, a / (a + c));
  Pixels to(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    to[i] = std::clamp(
        static_cast<float>((1 - share) * (static_cast<double>(x[i]) + kOvershoot * own[i]) +
                           share * (static_cast<double>(origin[i]) + kOvershoot * of_picture[i])),
        0.0F, 1.0F);
  return to;
}

bool fools(const Answer& answer, const Target& target) {
  return target.goal < 0 ? excess(answer.logits, target.label) > 0
                         : excess(answer.logits, target.goal) < 0;
}

}  // namespace

Walk boundary_walk(const Attack& attack, const Target& target, std::uint64_t) {
  const Pixels& origin = target.ball.centre();
  Pixels nearest;
  double least = INFINITY;
  for (const int aim : aims_of(attack, target)) {
    const Objective objective{target.goal < 0 ? Loss::kDifference : Loss::kLead, aim};
    Pixels x = origin;
    Answer here = co_await ask(x, objective);
    for (int k = 0; k < attack.steps; ++k) {
      x = towards_boundary(target, x, here);
      here = co_await ask(x, objective);
      if (!fools(here, target)) continue;
      const double far = distance(target.ball.norm(), x, origin);
      if (far < least) {
        least = far;
        nearest = x;
      }
      x = between(origin, x, kBack);
      here = co_await ask(x, objective);
    }
  }
  // The nearest along its own line.
  double inside = 0, outside = 1;
  for (int k = 0; k < kBisections && std::isfinite(least); ++k) {
    const double middle = (inside + outside) / 2;
    Pixels x = between(origin, nearest, middle);
    const Answer answer = co_await ask(std::move(x));
    (fools(answer, target) ? outside : inside) = middle;
  }
}

}  // namespace assay::methods
