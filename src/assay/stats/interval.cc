#include "assay/stats/interval.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

struct Counts {
  double k, n;
};

Counts checked(const Binomial& seen) {
  if (seen.trials < 0 || seen.successes < 0 || seen.successes > seen.trials)
    throw BugError("a proportion of " + std::to_string(seen.successes) + " in " +
                   std::to_string(seen.trials));
  return {static_cast<double>(seen.successes), static_cast<double>(seen.trials)};
}

Binomial mirrored(const Binomial& seen) { return {seen.trials - seen.successes, seen.trials}; }

}  // namespace

double clopper_pearson_lower(const Binomial& seen, double confidence) {
  const auto [k, n] = checked(seen);
  return k == 0 ? 0 : quantile(Beta{k, n - k + 1}, 1 - confidence);
}

double clopper_pearson_upper(const Binomial& seen, double confidence) {
  const auto [k, n] = checked(seen);
  return k == n ? 1 : quantile(Beta{k + 1, n - k}, confidence);
}

Interval clopper_pearson(const Binomial& seen, double level) {
  const double confidence = (1 + level) / 2;
  return {clopper_pearson_lower(seen, confidence), clopper_pearson_upper(seen, confidence), level,
          "Clopper-Pearson"};
}

double wilson_lower(const Binomial& seen, double confidence) {
  const auto [k, n] = checked(seen);
  if (k == 0) return 0;
  const double z = quantile(Normal{}, confidence), p = k / n;
  const double low = p + z * z / (2 * n) - z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return std::clamp(low / (1 + z * z / n), 0.0, p);
}

double wilson_upper(const Binomial& seen, double confidence) {
  return 1 - wilson_lower(mirrored(seen), confidence);
}

Interval wilson(const Binomial& seen, double level) {
  const double confidence = (1 + level) / 2;
  return {wilson_lower(seen, confidence), wilson_upper(seen, confidence), level, "Wilson"};
}

double at_least_as_many(const Binomial& seen, double p) {
  const auto [k, n] = checked(seen);
  return k == 0 ? 1 : cdf(Beta{k, n - k + 1}, p);
}

double at_most_as_many(const Binomial& seen, double p) {
  return at_least_as_many(mirrored(seen), 1 - p);
}

}  // namespace assay::stats
