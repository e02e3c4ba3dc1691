#include "assay/stats/quantile_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "assay/base/seed.h"
#include "assay/stats/bound.h"

namespace assay::stats {
namespace {

// wilks1941: 59 for 95 % of the population at 95 %, 29 for 90 %.
TEST(QuantileBound, NeedsAsManyValuesAsTheTablesSay) {
  EXPECT_EQ(fewest_for_quantile(0.05, 0.95), 59);
  EXPECT_EQ(fewest_for_quantile(0.1, 0.95), 29);
  EXPECT_EQ(allowed_below(28, 0.1, 0.95), -1);
  EXPECT_EQ(allowed_below(29, 0.1, 0.95), 0);
  EXPECT_EQ(allowed_below(45, 0.1, 0.95), 0);
  EXPECT_EQ(allowed_below(46, 0.1, 0.95), 1);
}

TEST(QuantileBound, CoversTheQuantileAsOftenAsItSays) {
  constexpr int kRepetitions = 1000, kValues = 60;
  int below = 0, above = 0;
  for (int r = 0; r < kRepetitions; ++r) {
    Stream stream(3, "quantile", static_cast<std::uint64_t>(r));
    std::vector<double> values;
    for (int i = 0; i < kValues; ++i) values.push_back(stream.uniform());
    std::sort(values.begin(), values.end());
    const Finding f = bootstrapped("q", 0.1, quantile_replicates(values, 0.1, {0, 1}), kValues);
    below += lower_bound(f, 0.95) <= 0.1;
    above += upper_bound(f, 0.95) >= 0.1;
    EXPECT_NEAR(lower_bound(f, 0.95), quantile_lower_bound(values, 0.1, 0.95, 0), 0.02);
  }
  EXPECT_GE(below, 0.95 * kRepetitions - 21);
  EXPECT_GE(above, 0.95 * kRepetitions - 21);
}

}  // namespace
}  // namespace assay::stats
