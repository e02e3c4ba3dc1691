// Items made ahead of their use on background threads, given out in order.
//
// Of `items`, at most `depth` exist or are being made at any time, so memory does not grow with
// their number. What making an item throws is the item's own: the stream goes on. Destroying the
// stream early waits only for the items in the making. One thread calls next().
//
//   Prefetcher<Picture> pictures(set.size(), {}, [&](std::size_t i) { return set.picture(i); });
//   while (auto item = pictures.next()) use(item->index, item->get());
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace assay::imaging {

struct PrefetchOptions {
  std::size_t depth = 16;  // items ahead, at least 1
  int threads = 1;         // at least 1
};

template <class T>
class Prefetcher {
 public:
  struct Item {
    std::size_t index = 0;
    std::optional<T> value;
    std::exception_ptr error;  // set where there is no value

    T& get() {
      if (error) std::rethrow_exception(error);
      return *value;
    }
  };

  // `make` is called once for each of 0 … items-1, from several threads at once if there are
  // several.
  Prefetcher(std::size_t items, PrefetchOptions options, std::function<T(std::size_t)> make)
      : items_(items), make_(std::move(make)), slots_(std::max<std::size_t>(1, options.depth)) {
    const auto useful = std::min(static_cast<std::size_t>(std::max(1, options.threads)),
                                 std::min(items_, slots_.size()));
    for (std::size_t i = 0; i < useful; ++i)
      threads_.emplace_back([this](std::stop_token stop) { work(stop); });
  }
  ~Prefetcher() {
    for (std::jthread& thread : threads_) thread.request_stop();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next item, in order; nothing after the last.
  std::optional<Item> next() {
    if (given_ == items_) return std::nullopt;
    std::unique_lock lock(mutex_);
    std::optional<Item>& slot = slots_[given_ % slots_.size()];
    made_.wait(lock, [&] { return slot.has_value(); });
    std::optional<Item> item = std::exchange(slot, std::nullopt);
    ++given_;
    lock.unlock();
    room_.notify_one();
    return item;
  }

 private:
  void work(std::stop_token stop) {
    while (true) {
      Item item;
      {
        std::unique_lock lock(mutex_);
        const bool go = room_.wait(
            lock, stop, [&] { return begun_ == items_ || begun_ < given_ + slots_.size(); });
        if (!go || stop.stop_requested() || begun_ == items_) break;
        item.index = begun_++;
      }
      try {
        item.value.emplace(make_(item.index));
      } catch (...) {
        item.error = std::current_exception();
      }
      {
        const std::scoped_lock lock(mutex_);
        slots_[item.index % slots_.size()] = std::move(item);
      }
      made_.notify_one();
    }
    room_.notify_all();  // the others, too, learn that all are begun
  }

  const std::size_t items_;
  const std::function<T(std::size_t)> make_;
  std::mutex mutex_;
  std::condition_variable made_;            // a slot was filled
  std::condition_variable_any room_;        // a slot was emptied
  std::vector<std::optional<Item>> slots_;  // item i in slot i mod depth
  std::size_t begun_ = 0, given_ = 0;       // items whose making began; items given out
  std::vector<std::jthread> threads_;       // last: joined before the rest goes
};

}  // namespace assay::imaging
