#include "assay/network/cover_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay::network {
namespace {

constexpr std::int64_t kSide = 50, kCover = 8;

// One value of which a change reaches `reach` px to both sides.
AxisClasses classes(const std::vector<std::int64_t>& starts, const PassCost& cost,
                    std::int64_t reach) {
  return AxisClasses(starts, 0, cost, [&](std::int64_t start) {
    return std::vector<Interval>{{std::max<std::int64_t>(0, start - reach),
                                  std::min<std::int64_t>(kSide, start + kCover + reach)}};
  });
}

TEST(CoverSchedule, RunsEveryPlaceOnceInACropThatHoldsWhatItReaches) {
  const PassCost cost{{{0, 1000, 10, {kSide, kSide}, false}}, 5};
  for (const std::int64_t reach : {0, 3, 20})
    for (const std::size_t rows : {1, 4, 7, 64}) {
      std::vector<Place> places;
      std::vector<std::int64_t> tops, lefts;
      for (std::int64_t top = 0; top + kCover <= kSide; top += 5)
        for (std::int64_t left = 0; left + kCover <= kSide; left += 7) {
          places.push_back({top, left});
          tops.push_back(top);
          lefts.push_back(left);
        }
      const CoverSchedule s = schedule_covers(places, classes(tops, cost, reach),
                                              classes(lefts, cost, reach), cost, rows);
      std::vector<int> runs(places.size(), 0);
      for (const CoverBatch& batch : s.batches) {
        EXPECT_LE(batch.places.size(), rows);
        for (const std::size_t i : batch.places) {
          ++runs[i];
          const std::int64_t at = s.rows.offset(batch.rows_class, 0, places[i].top, kSide);
          const std::int64_t end = at + s.rows.length(batch.rows_class, 0);
          EXPECT_GE(at, 0);
          EXPECT_LE(at, std::max<std::int64_t>(0, places[i].top - reach));
          EXPECT_GE(end, std::min(kSide, places[i].top + kCover + reach));
          EXPECT_LE(end, kSide);
        }
      }
      EXPECT_EQ(std::count(runs.begin(), runs.end(), 1), static_cast<int>(places.size()));
      // Two partial batches at most: one that nothing fills, and one that does not fit beside it.
      EXPECT_LE(s.batches.size(), places.size() / rows + 2);
    }
}

// A row of places at the border needs 8 + 20 px, inside it 8 + 40: one class would cost 48² for all.
TEST(CoverSchedule, PlacesAtTheBorderRunInSmallerCrops) {
  const PassCost cost{{{0, 1000, 0, {kSide, kSide}, false}}, 0};
  const std::vector<std::int64_t> starts = {0, 1, 20, 21, 22};
  const AxisClasses made = classes(starts, cost, 20);
  EXPECT_EQ(made.length(made.class_of(0), 0), 29);
  EXPECT_EQ(made.length(made.class_of(21), 0), 48);
}

}  // namespace
}  // namespace assay::network
