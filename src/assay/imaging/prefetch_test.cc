#include "assay/imaging/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

void pause(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST(Prefetch, GivesTheItemsInOrderHoweverLongTheyTake) {
  for (const int threads : {1, 4}) {
    Prefetcher<std::size_t> stream(40, {.depth = 6, .threads = threads}, [](std::size_t i) {
      pause(i % 5 == 0 ? 3 : 0);
      return i * i;
    });
    std::size_t n = 0;
    while (auto item = stream.next()) {
      EXPECT_EQ(item->index, n);
      EXPECT_EQ(item->get(), n * n);
      ++n;
    }
    EXPECT_EQ(n, 40u);
    EXPECT_FALSE(stream.next().has_value());
  }
}

TEST(Prefetch, CarriesAnErrorWithItsItemAndGoesOn) {
  Prefetcher<int> stream(5, {}, [](std::size_t i) {
    if (i == 2) throw InputError("c.png", "truncated");
    return static_cast<int>(i);
  });
  std::string error;
  int sum = 0;
  while (auto item = stream.next()) {
    try {
      sum += item->get();
    } catch (const InputError& e) {
      error = e.what();
      EXPECT_EQ(item->index, 2u);
    }
  }
  EXPECT_EQ(error, "c.png: truncated");
  EXPECT_EQ(sum, 0 + 1 + 3 + 4);
}

TEST(Prefetch, HoldsNoMoreThanItsDepth) {
  std::atomic<int> alive{0}, most{0};
  struct Counted {
    std::shared_ptr<void> token;
  };
  Prefetcher<Counted> stream(60, {.depth = 5, .threads = 3}, [&](std::size_t) {
    const int now = ++alive;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    return Counted{std::shared_ptr<void>(nullptr, [&](void*) { --alive; })};
  });
  while (auto item = stream.next()) pause(1);
  EXPECT_LE(most, 5 + 1);  // and the one in the consumer's hands
  EXPECT_GE(most, 3) << "nothing was made ahead";
  EXPECT_EQ(alive, 0);
}

TEST(Prefetch, CanBeLeftEarly) {
  for (int taken = 0; taken < 4; ++taken) {
    std::atomic<int> made{0};
    {
      Prefetcher<int> stream(1000, {.depth = 4, .threads = 2}, [&](std::size_t) { return ++made; });
      for (int i = 0; i < taken; ++i) EXPECT_TRUE(stream.next().has_value());
    }
    EXPECT_LE(made, taken + 4);
  }
}

TEST(Prefetch, OfNothingEndsAtOnce) {
  Prefetcher<int> stream(0, {}, [](std::size_t) { return 1; });
  EXPECT_FALSE(stream.next().has_value());
  Prefetcher<int> odd(3, {.depth = 0, .threads = 0},
                      [](std::size_t i) { return static_cast<int>(i); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(odd.next()->get(), i);
}

TEST(Prefetch, TakesTypesThatOnlyMove) {
  Prefetcher<std::unique_ptr<int>> stream(
      3, {}, [](std::size_t i) { return std::make_unique<int>(static_cast<int>(i)); });
  int sum = 0;
  while (auto item = stream.next()) sum += *item->get();
  EXPECT_EQ(sum, 3);
}

}  // namespace
}  // namespace assay::imaging
