#include "assay/stats/sampling/importance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "assay/base/seed.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

// More would find likely events more often, and widen the bound for events where none is expected.
constexpr double kGuided = 0.25;

}  // namespace

ImportanceSample importance_sample(std::span<const double> guesses, std::int64_t count,
                                   const Draws& draws) {
  const auto m = static_cast<double>(guesses.size());
  std::vector<double> upto(guesses.size());
  std::partial_sum(guesses.begin(), guesses.end(), upto.begin());
  const double sum = upto.empty() ? 0 : upto.back();
  const double guided = sum > 0 ? kGuided : 0;
  Stream stream(draws.seed, std::string(draws.purpose) + "/importance");
  ImportanceSample sample;
  for (std::int64_t i = 0; i < count; ++i) {
    std::size_t j = 0;
    if (stream.uniform() < guided) {
      const auto at = std::upper_bound(upto.begin(), upto.end() - 1, stream.uniform() * sum);
      j = static_cast<std::size_t>(at - upto.begin());
    } else {
      j = stream.below(guesses.size());
    }
    const double q = (1 - guided) / m + (guided > 0 ? guided * guesses[j] / sum : 0);
    sample.chosen.push_back(static_cast<std::int64_t>(j));
    sample.weights.push_back(1 / (m * q));
  }
  sample.asked = sample.chosen;
  std::sort(sample.asked.begin(), sample.asked.end());
  sample.asked.erase(std::unique(sample.asked.begin(), sample.asked.end()), sample.asked.end());
  return sample;
}

Replicates rare_probability(std::span<const double> values, std::int64_t pool, std::int64_t pools,
                            const Resampling& resampling) {
  Replicates r = bounded_mean(values, {}, {0, 1 / (1 - kGuided)}, resampling);
  const double p = std::clamp(std::accumulate(values.begin(), values.end(), 0.0) /
                                  std::max(1.0, static_cast<double>(values.size())),
                              0.0, 1.0);
  const double of_pool =
      std::sqrt(p * (1 - p) / (static_cast<double>(pool) * static_cast<double>(pools)));
  const auto n = static_cast<double>(r.values.size());
  for (std::size_t i = 0; i < r.values.size(); ++i)
    r.values[i] = std::clamp(
        r.values[i] + of_pool * quantile(Normal{}, (static_cast<double>(i) + 0.5) / n), 0.0, 1.0);
  r.low = 0;
  r.high = 1;
  r.method = "importance sampling, Gaffke's bound";
  return r;
}

}  // namespace assay::stats
