#include "assay/stats/special.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

// ln(n!) minus Stirling's approximation, for real n > 0.
double stirling_error(double n) {
  if (n < 15) {
    constexpr double kHalfLogTwoPi = 0.918938533204672741780329736406;
    return log_gamma(n + 1) - (n + 0.5) * std::log(n) + n - kHalfLogTwoPi;
  }
  const double n2 = n * n;
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / n2) / n2) / n2) / n2) /
         n;
}

// x ln(x/m) + m - x without cancellation where x is near m.
double deviance(double x, double m) {
  if (std::abs(x - m) < 0.1 * (x + m)) {
    const double v = (x - m) / (x + m);
    double sum = (x - m) * v;
    double term = 2 * x * v;
    for (int j = 1; j < 1000; ++j) {
      term *= v * v;
      const double next = sum + term / (2 * j + 1);
      if (next == sum) return next;
      sum = next;
    }
    return sum;
  }
  return x * std::log(x / m) + m - x;
}

// x^a y^b / B(a, b) with y = 1 - x, both given so that neither loses digits.
double beta_prefix(Beta s, double x, double y) {
  const double n = s.a + s.b;
  const double exponent = stirling_error(n) - stirling_error(s.a) - stirling_error(s.b) -
                          deviance(s.a, n * x) - deviance(s.b, n * y);
  return std::exp(exponent) * std::sqrt(s.a * s.b / (2 * std::numbers::pi * n));
}

// The continued fraction of I_x(a, b), for x < (a+1)/(a+b+2).
double beta_fraction(Beta s, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const double sum = s.a + s.b;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / away_from_zero(1 - sum * x / (s.a + 1));
  double h = d;
  for (int m = 1; m < 1000000; ++m) {
    const double even = m * (s.b - m) * x / ((s.a + 2 * m - 1) * (s.a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    h *= d * c;
    const double odd = -(s.a + m) * (sum + m) * x / ((s.a + 2 * m) * (s.a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) <= kEpsilon) return h;
  }
  throw BugError("incomplete beta: no convergence");
}

// I_x(a, b) with y = 1 - x given.
double beta_cdf(Beta s, double x, double y) {
  if (!(x > 0)) return x == x ? 0 : x;
  if (!(y > 0)) return 1;
  if (x < (s.a + 1) / (s.a + s.b + 2)) return beta_prefix(s, x, y) * beta_fraction(s, x) / s.a;
  return 1 - beta_prefix(s, x, y) * beta_fraction({s.b, s.a}, y) / s.b;
}

// x and 1 - x, each to full relative accuracy.
struct Split {
  double x, y;
};

// Solves ln I_x(a, b) = ln p for u = ln x by Newton steps kept inside a bracket; p in (0, 1). For b
// >= 1 the left side is concave in u, so the steps approach from below without fail; the bracket
// serves b < 1.
Split beta_quantile_lower(Beta s, double p) {
  const double goal = std::log(p);
  double low = -kInfinity, high = 0;  // of u
  double u = std::log(s.a / (s.a + s.b));
  for (int step = 0; step < 200; ++step) {
    const double x = std::exp(u), y = -std::expm1(u);
    const double value = beta_cdf(s, x, y);
    const double gap = std::log(value) - goal;
    if (gap == 0) break;
    (gap < 0 ? low : high) = u;
    double next = u - gap * value * y / beta_prefix(s, x, y);
    if (!(next > low && next < high)) next = low == -kInfinity ? 2 * u - 1 : (low + high) / 2;
    if (std::abs(next - u) <= 2e-16 * std::abs(u)) break;
    u = next;
    if (u < -700) break;  // below the smallest double
  }
  return {std::exp(u), -std::expm1(u)};
}

Split beta_quantile(Beta s, double p, double q) {  // q = 1 - p
  if (p <= q) return beta_quantile_lower(s, p);
  const Split mirrored = beta_quantile_lower({s.b, s.a}, q);
  return {mirrored.y, mirrored.x};
}

}  // namespace

double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double cdf(Normal, double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double cdf(Beta shape, double x) { return beta_cdf(shape, x, 1 - x); }

double cdf(StudentT shape, double x) {
  const double v = shape.degrees_of_freedom;
  if (std::isinf(x)) return x > 0 ? 1 : 0;
  const double sum = v + x * x;
  const double tail = 0.5 * beta_cdf({v / 2, 0.5}, v / sum, x * x / sum);
  return x > 0 ? 1 - tail : tail;
}

double quantile(Normal, double probability) {
  if (!(probability > 0)) return probability == 0 ? -kInfinity : probability;
  if (!(probability < 1)) return kInfinity;
  if (probability > 0.5) return -quantile(Normal{}, 1 - probability);
  // Abramowitz and Stegun 26.2.23 (error 5e-4), then Halley's steps on the cdf.
  const double t = std::sqrt(-2 * std::log(probability));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int step = 0; step < 3; ++step) {
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
    if (density == 0) break;
    const double error = (cdf(Normal{}, x) - probability) / density;
    x -= error / (1 + 0.5 * x * error);
  }
  return x;
}

double quantile(Beta shape, double probability) {
  if (!(probability > 0)) return probability == 0 ? 0 : probability;
  if (!(probability < 1)) return 1;
  return beta_quantile(shape, probability, 1 - probability).x;
}

double quantile(StudentT shape, double probability) {
  const double v = shape.degrees_of_freedom;
  if (!(probability > 0)) return probability == 0 ? -kInfinity : probability;
  if (!(probability < 1)) return kInfinity;
  if (probability == 0.5) return 0;
  if (probability > 0.5) return -quantile(shape, 1 - probability);
  // t²/(v+t²) is Beta(1/2, v/2) and exceeds its quantile with probability 2p.
  const Split split = beta_quantile({0.5, v / 2}, 1 - 2 * probability, 2 * probability);
  return -std::sqrt(v * split.x / split.y);
}

}  // namespace assay::stats
