#include "assay/stats/quadrature.h"

#include <cmath>
#include <cstddef>
#include <numbers>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

struct Legendre {
  double value, slope;
};

Legendre legendre(int n, double x) {
  double before = 1, now = x;
  for (int k = 2; k <= n; ++k) {
    const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
    before = now;
    now = next;
  }
  return {now, n * (x * now - before) / (x * x - 1)};
}

}  // namespace

Quadrature gauss_legendre(int n) {
  if (n < 1) throw BugError("a rule without nodes");
  Quadrature rule;
  rule.nodes.resize(static_cast<std::size_t>(n));
  rule.weights.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    double x = -std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5));  // close to the i-th root
    for (int step = 0; step < 100; ++step) {
      const Legendre p = legendre(n, x);
      const double by = p.value / p.slope;
      x -= by;
      if (std::abs(by) < 1e-16) break;
    }
    const double slope = legendre(n, x).slope;
    rule.nodes[static_cast<std::size_t>(i)] = (1 + x) / 2;
    rule.weights[static_cast<std::size_t>(i)] = 1 / ((1 - x * x) * slope * slope);
  }
  return rule;
}

Quadrature trapezoid(int n) {
  if (n < 2) throw BugError("a trapezoid needs two points");
  Quadrature rule;
  for (int i = 0; i < n; ++i) {
    rule.nodes.push_back(static_cast<double>(i) / (n - 1));
    rule.weights.push_back((i == 0 || i == n - 1 ? 0.5 : 1.0) / (n - 1));
  }
  return rule;
}

}  // namespace assay::stats
