#include "assay/network/arena.h"

#include <gtest/gtest.h>

namespace assay::network {
namespace {

TEST(Arena, GivesBuffersThatAreAliveTogetherPlacesApart) {
  Arena arena;
  std::vector<std::pair<int, int>> alive;
  std::vector<std::size_t> bytes;
  for (int i = 0; i < 40; ++i) {
    alive.emplace_back(i, i + 1 + i * 7 % 5);
    bytes.push_back(100 + static_cast<std::size_t>(i * 37 % 11) * 64);
    arena.use(arena.add(bytes.back(), i), alive.back().second);
  }
  const std::size_t total = arena.lay_out();
  const auto at = arena.offsets();
  for (std::size_t a = 0; a < at.size(); ++a) {
    EXPECT_EQ(at[a] % 64, 0u);
    EXPECT_LE(at[a] + bytes[a], total);
    for (std::size_t b = 0; b < a; ++b) {
      const bool together = alive[a].first <= alive[b].second && alive[b].first <= alive[a].second;
      const bool apart = at[a] + bytes[a] <= at[b] || at[b] + bytes[b] <= at[a];
      EXPECT_TRUE(apart || !together) << a << " and " << b;
    }
  }
}

TEST(Arena, UsesAPlaceAgainWhenItsBufferIsDone) {
  Arena arena;
  for (int i = 0; i < 10; ++i) arena.use(arena.add(1024, i), i + 1);  // a chain: two at a time
  EXPECT_EQ(arena.lay_out(), 2048u);
}

}  // namespace
}  // namespace assay::network
