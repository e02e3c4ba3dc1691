#include "assay/stats/sensitivity/pick_freeze.h"

#include <cmath>
#include <limits>
#include <string>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {

Eigen::MatrixXd pick_freeze_design(Eigen::Index base, Eigen::Index factors, const Draws& draws) {
  Eigen::MatrixXd design((factors + 2) * base, factors);
  Stream stream(draws.seed, draws.purpose);
  for (Eigen::Index i = 0; i < 2 * base; ++i)
    for (Eigen::Index f = 0; f < factors; ++f) design(i, f) = stream.uniform();
  for (Eigen::Index f = 0; f < factors; ++f) {
    design.middleRows((2 + f) * base, base) = design.topRows(base);
    design.col(f).segment((2 + f) * base, base) = design.col(f).segment(base, base);
  }
  return design;
}

PickFreeze& PickFreeze::operator+=(const PickFreeze& other) {
  if (first.empty()) return *this = other;
  for (std::size_t f = 0; f < first.size(); ++f) {
    first[f] += other.first[f];
    total[f] += other.total[f];
  }
  variance += other.variance;
  mean += other.mean;
  return *this;
}

PickFreeze pick_freeze(std::span<const double> values, std::size_t factors) {
  const std::size_t base = values.size() / (factors + 2);
  if (base * (factors + 2) != values.size() || base < 1)
    throw BugError("pick-freeze: a value a row of the design");
  const auto n = static_cast<double>(base);
  PickFreeze result;
  for (std::size_t i = 0; i < 2 * base; ++i) result.mean += values[i] / (2 * n);
  for (std::size_t i = 0; i < 2 * base; ++i)
    result.variance += (values[i] - result.mean) * (values[i] - result.mean) / (2 * n - 1);
  for (std::size_t f = 0; f < factors; ++f) {
    double first = 0, total = 0;
    for (std::size_t i = 0; i < base; ++i) {
      const double a = values[i], b = values[base + i], mixed = values[(2 + f) * base + i];
      first += (b - result.mean) * (mixed - a) / n;
      total += (a - mixed) * (a - mixed) / (2 * n);
    }
    result.first.push_back(first);
    result.total.push_back(total);
  }
  return result;
}

std::vector<SobolIndex> pick_freeze_totals(std::span<const double> values, std::size_t factors) {
  const double mean = pick_freeze(values, factors).mean;
  const std::size_t base = values.size() / (factors + 2);
  std::vector<double> variances;
  for (std::size_t i = 0; i < base; ++i) {
    const double a = values[i] - mean, b = values[base + i] - mean;
    variances.push_back((a * a + b * b) / 2);
  }
  std::vector<SobolIndex> totals;
  for (std::size_t f = 0; f < factors; ++f) {
    std::vector<double> parts;
    for (std::size_t i = 0; i < base; ++i) {
      const double gap = values[i] - values[(2 + f) * base + i];
      parts.push_back(gap * gap / 2);
    }
    totals.push_back(ratio_of_sums(parts, variances));
  }
  return totals;
}

SobolIndex ratio_of_sums(std::span<const double> numerators, std::span<const double> denominators) {
  const auto n = static_cast<double>(numerators.size());
  double above = 0, below = 0;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    above += numerators[i];
    below += denominators[i];
  }
  SobolIndex index;
  index.value = above / below;
  double squares = 0;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    const double rest = numerators[i] - index.value * denominators[i];
    squares += rest * rest;
  }
  index.standard_error = numerators.size() < 2 ? std::numeric_limits<double>::infinity()
                                               : std::sqrt(n / (n - 1) * squares) / below;
  index.degrees_of_freedom = std::max(1.0, n - 1);
  return index;
}

}  // namespace assay::stats
