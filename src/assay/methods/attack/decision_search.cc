// HopSkipJump: along the boundary by decisions alone (chen2020hopskipjump, with the constants of its paper).
#include <algorithm>
#include <cmath>

#include "assay/base/seed.h"
#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

constexpr int kStarts = 100, kFirstDirections = 100, kMostDirections = 10000, kHalvings = 30;

Pixels blended(const Pixels& from, const Pixels& to, double share) {
  Pixels x(from.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(static_cast<double>(from[i]) +
                              share * (static_cast<double>(to[i]) - static_cast<double>(from[i])));
  return x;
}

// The point of the box of half width `radius` round the picture that is nearest to x: how linf comes closer.
Pixels boxed(const Pixels& from, const Pixels& x, double radius) {
  Pixels y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = static_cast<float>(std::clamp(static_cast<double>(x[i]),
                                         static_cast<double>(from[i]) - radius,
                                         static_cast<double>(from[i]) + radius));
  return y;
}

Pixels moved(const Pixels& x, const std::vector<double>& along, double length) {
  Pixels y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] =
        std::clamp(static_cast<float>(static_cast<double>(x[i]) + length * along[i]), 0.0F, 1.0F);
  return y;
}

void scale_to_one(std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  for (double& x : v) x /= std::max(1e-12, std::sqrt(squares));
}

bool says_other(const Answer& answer, const Target& target) {
  return target.goal < 0 ? excess(answer.logits, target.label) > 0
                         : excess(answer.logits, target.goal) < 0;
}

}  // namespace

Walk decision_search(const Attack& attack, const Target& target, std::uint64_t seed) {
  const Pixels& origin = target.ball.centre();
  const Norm norm = target.ball.norm();
  const bool linf = norm == Norm::kLinf;
  const auto n = static_cast<double>(origin.size());
  const double tolerance = linf ? 1 / (n * n) : 1 / (n * std::sqrt(n));
  Stream stream(seed, "attack/hop_skip_jump", target.item);
  int left = attack.steps;

  // Somewhere on the other side.
  Pixels x(origin.size());
  bool found = false;
  for (int k = 0; k < kStarts && !found && left > 0; ++k, --left) {
    for (float& v : x) v = static_cast<float>(stream.uniform());
    found = says_other(co_await ask(x), target);
  }
  if (!found) co_return;
  for (int step = 1; left > 0; ++step) {
    // To the boundary.
    double inside = 0, outside = linf ? distance(norm, x, origin) : 1;
    const Pixels far = x;
    while (outside - inside > std::max(tolerance, 1e-3 * outside) && left-- > 0) {
      const double middle = (inside + outside) / 2;
      Pixels tried = linf ? boxed(origin, far, middle) : blended(origin, far, middle);
      const bool other = says_other(co_await ask(tried), target);
      (other ? outside : inside) = middle;
      if (other) x = std::move(tried);
    }
    // Which way it falls, from the decisions round about.
    const double size = distance(norm, x, origin);
    const double reach = step == 1 ? 0.1 : size * (linf ? n : std::sqrt(n)) * tolerance;
    const int count =
        std::min({left, kMostDirections, static_cast<int>(kFirstDirections * std::sqrt(step))});
    std::vector<double> sum(origin.size(), 0), plain(origin.size(), 0);
    double mean = 0;
    for (int k = 0; k < count; ++k, --left) {
      std::vector<double> direction(origin.size());
      for (double& d : direction) d = linf ? 2 * stream.uniform() - 1 : stream.normal();
      scale_to_one(direction);
      const Pixels tried = moved(x, direction, std::max(reach, 1e-4));
      const double says = says_other(co_await ask(tried), target) ? 1 : -1;
      mean += says / count;
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const double actual = static_cast<double>(tried[i]) - static_cast<double>(x[i]);
        sum[i] += says * actual;
        plain[i] += actual;
      }
    }
    if (count < 2) co_return;
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] = std::abs(mean) < 1 ? sum[i] - mean * plain[i] : mean * plain[i];
    if (linf)
      for (double& s : sum) s = s > 0 ? 1 : s < 0 ? -1 : 0;
    else
      scale_to_one(sum);
    // As far as the other side lasts.
    double length = size / std::sqrt(step);
    for (int k = 0; k < kHalvings && left-- > 0; ++k, length /= 2) {
      Pixels tried = moved(x, sum, length);
      if (!says_other(co_await ask(tried), target)) continue;
      x = std::move(tried);
      break;
    }
  }
}

}  // namespace assay::methods
