#include "assay/checks/mean_finding.h"

#include <cmath>
#include <numeric>

#include "assay/stats/bound.h"

namespace assay::checks {

Finding mean_finding(const std::string& id, std::span<const double> values,
                     std::span<const std::int64_t> clusters, const stats::Span& range,
                     std::uint64_t seed, const std::string& purpose) {
  constexpr int kReplicates = 2000;
  if (values.empty()) return stats::undefined(id, "there is no such picture");
  const std::size_t independent =
      clusters.empty() ? values.size() : stats::renumbered(clusters).count;
  const bool bounded = std::isfinite(range.low);
  if (!bounded && independent < 2) return stats::undefined(id, "one picture tells no spread");
  const stats::Resampling draws{kReplicates, seed, purpose};
  return stats::bootstrapped(
      id, std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()),
      bounded ? stats::bounded_mean(values, clusters, range, draws)
              : stats::unbounded_mean(values, clusters, draws),
      static_cast<std::int64_t>(independent));
}

}  // namespace assay::checks
