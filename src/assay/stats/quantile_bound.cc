#include "assay/stats/quantile_bound.h"

#include <algorithm>
#include <cmath>

#include "assay/stats/special.h"

namespace assay::stats {

namespace {

// P(Bin(n, p) ≤ k)
double at_most(std::int64_t n, double p, std::int64_t k) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return cdf(Beta{static_cast<double>(n - k), static_cast<double>(k + 1)}, 1 - p);
}

}  // namespace

std::int64_t allowed_below(std::int64_t n, double p, double confidence) {
  // The largest m with P(Bin ≤ m) ≤ 1 − c; it grows with m.
  std::int64_t low = -1, high = n;
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (at_most(n, p, middle) <= 1 - confidence ? low : high) = middle;
  }
  return low;
}

std::int64_t fewest_for_quantile(double p, double confidence) {
  return static_cast<std::int64_t>(std::ceil(std::log(1 - confidence) / std::log1p(-p)));
}

double quantile_lower_bound(std::span<const double> values, double p, double confidence,
                            double none) {
  const std::int64_t below = allowed_below(static_cast<std::int64_t>(values.size()), p, confidence);
  return below < 0 ? none : values[static_cast<std::size_t>(below)];
}

Replicates quantile_replicates(std::span<const double> values, double p, const Span& range) {
  constexpr int kReplicates = 1000;
  const auto n = static_cast<std::int64_t>(values.size());
  Replicates r{{}, range.low, range.high, "order statistics"};
  for (int i = 1; i <= kReplicates; ++i) {
    const double q = static_cast<double>(i) / (kReplicates + 1);
    if (q < 0.5) {
      r.values.push_back(quantile_lower_bound(values, p, 1 - q, range.low));
    } else {
      // P(Bin ≥ k) = P(Bin(n, 1−p) ≤ n−k).
      const std::int64_t above = allowed_below(n, 1 - p, q);
      r.values.push_back(above < 0 ? range.high : values[static_cast<std::size_t>(n - 1 - above)]);
    }
  }
  std::sort(r.values.begin(), r.values.end());
  return r;
}

}  // namespace assay::stats
