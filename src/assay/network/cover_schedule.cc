#include "assay/network/cover_schedule.h"

#include <algorithm>
#include <limits>

#include "assay/base/error.h"

namespace assay::network {

namespace {

constexpr std::size_t kMostClasses = 3;

double tiled(std::int64_t length) { return static_cast<double>((length + 3) / 4 * 4); }

// The share of a window's whole cost for a crop of this size.
double cost_of(const WindowCost& w, std::int64_t height, std::int64_t width) {
  const auto plane = [&](std::int64_t h, std::int64_t v) {
    return w.tiled ? tiled(h) * tiled(v) : static_cast<double>(h * v);
  };
  const double share = plane(height, width) / plane(w.side[0], w.side[1]);
  const bool copies = height < w.side[0] || width < w.side[1];
  return share * (w.whole + (copies ? w.copied : 0));
}

}  // namespace

double PassCost::dense() const {
  double sum = rest;
  for (const WindowCost& w : windows) sum += w.whole;
  return sum;
}

void AxisClasses::sort_starts() {
  std::sort(starts_.begin(), starts_.end());
  starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
}

std::size_t AxisClasses::index(std::int64_t start) const {
  const auto it = std::lower_bound(starts_.begin(), starts_.end(), start);
  if (it == starts_.end() || *it != start) throw BugError("a place that was not announced");
  return static_cast<std::size_t>(it - starts_.begin());
}

std::int64_t AxisClasses::offset(int of_class, ValueId value, std::int64_t start,
                                 std::int64_t side) const {
  return std::clamp<std::int64_t>(reached_[index(start)][value].begin, 0,
                                  side - lengths_[of_class][value]);
}

// Positions by what they cost, cut into at most kMostClasses runs of the least total.
void AxisClasses::split(int axis, const PassCost& cost) {
  const std::size_t n = starts_.size(), values = reached_.empty() ? 0 : reached_[0].size();
  std::vector<std::vector<std::int64_t>> needs(n, std::vector<std::int64_t>(values));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t v = 0; v < values; ++v) needs[i][v] = reached_[i][v].length();
  // As if the other axis needed the same share.
  const auto price = [&](const std::vector<std::int64_t>& lengths) {
    double sum = cost.rest;
    for (const WindowCost& w : cost.windows) {
      const std::int64_t length = lengths[w.value], other = w.side[1 - axis];
      const std::int64_t across = (length * other + w.side[axis] - 1) / w.side[axis];
      sum += axis == 0 ? cost_of(w, length, across) : cost_of(w, across, length);
    }
    return sum;
  };
  std::vector<double> prices;
  for (const auto& need : needs) prices.push_back(price(need));
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return prices[a] < prices[b]; });

  // best[k][i]: the least total of the first i positions in k runs; run(i, j) has i to j − 1.
  std::vector<std::vector<double>> run(n, std::vector<double>(n + 1, 0));
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::int64_t> most(values, 0);
    for (std::size_t j = i; j < n; ++j) {
      for (std::size_t v = 0; v < values; ++v) most[v] = std::max(most[v], needs[order[j]][v]);
      run[i][j + 1] = price(most) * static_cast<double>(j + 1 - i);
    }
  }
  const double none = std::numeric_limits<double>::infinity();
  std::vector<std::vector<double>> best(kMostClasses + 1, std::vector<double>(n + 1, none));
  std::vector<std::vector<std::size_t>> from(kMostClasses + 1, std::vector<std::size_t>(n + 1, 0));
  best[0][0] = 0;
  for (std::size_t k = 1; k <= kMostClasses; ++k)
    for (std::size_t j = 1; j <= n; ++j)
      for (std::size_t i = 0; i < j; ++i)
        if (best[k - 1][i] + run[i][j] < best[k][j]) {
          best[k][j] = best[k - 1][i] + run[i][j];
          from[k][j] = i;
        }
  std::size_t k = 1;
  for (std::size_t more = 2; more <= std::min(kMostClasses, n); ++more)
    if (best[more][n] < 0.98 * best[k][n]) k = more;  // a shape more must be worth its making
  class_of_.assign(n, 0);
  lengths_.assign(k, std::vector<std::int64_t>(values, 0));
  for (std::size_t end = n, c = k; c > 0; --c) {
    const std::size_t begin = from[c][end];
    for (std::size_t i = begin; i < end; ++i) {
      class_of_[order[i]] = static_cast<int>(c) - 1;
      for (std::size_t v = 0; v < values; ++v)
        lengths_[c - 1][v] = std::max(lengths_[c - 1][v], needs[order[i]][v]);
    }
    end = begin;
  }
  // Each class holds the smaller ones, so that these can fill its batches.
  for (std::size_t c = 1; c < k; ++c)
    for (std::size_t v = 0; v < values; ++v)
      lengths_[c][v] = std::max(lengths_[c][v], lengths_[c - 1][v]);
}

CoverSchedule schedule_covers(const std::vector<Place>& places, AxisClasses rows,
                              AxisClasses columns, const PassCost& cost, std::size_t batch_rows) {
  // By class of rows, then of columns.
  std::vector<double> prices;
  std::vector<std::vector<std::size_t>> waiting;
  const auto across = static_cast<std::size_t>(columns.count());
  for (int r = 0; r < rows.count(); ++r)
    for (int c = 0; c < columns.count(); ++c) {
      double price = cost.rest;
      for (const WindowCost& w : cost.windows)
        price += cost_of(w, rows.length(r, w.value), columns.length(c, w.value));
      prices.push_back(price);
    }
  waiting.resize(prices.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    waiting[static_cast<std::size_t>(rows.class_of(places[i].top)) * across +
            static_cast<std::size_t>(columns.class_of(places[i].left))]
        .push_back(i);
  std::vector<std::size_t> order(prices.size());
  for (std::size_t g = 0; g < order.size(); ++g) order[g] = g;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return prices[a] > prices[b]; });

  CoverSchedule schedule{std::move(rows), std::move(columns), batch_rows, {}, 0};
  struct Partial {
    std::size_t group;
    std::vector<std::size_t> places;
  };
  std::vector<Partial> partial;
  const auto add = [&](std::size_t group, std::vector<std::size_t> own) {
    schedule.batches.push_back(
        {static_cast<int>(group / across), static_cast<int>(group % across), std::move(own)});
    schedule.cost += prices[group] * static_cast<double>(batch_rows);
  };
  for (auto g = order.begin(); g != order.end(); ++g) {
    auto& own = waiting[*g];
    for (auto other = g + 1; other != order.end() && own.size() % batch_rows != 0; ++other) {
      if (*other / across > *g / across || *other % across > *g % across) continue;
      auto& from = waiting[*other];
      while (own.size() % batch_rows != 0 && !from.empty()) {
        own.push_back(from.back());
        from.pop_back();
      }
    }
    for (std::size_t first = 0; first < own.size(); first += batch_rows) {
      std::vector<std::size_t> part(
          own.begin() + static_cast<std::ptrdiff_t>(first),
          own.begin() + static_cast<std::ptrdiff_t>(std::min(own.size(), first + batch_rows)));
      if (part.size() == batch_rows)
        add(*g, std::move(part));
      else
        partial.push_back({*g, std::move(part)});
    }
  }
  // Two that neither holds the other, in the class that holds both, where that is cheaper.
  for (std::size_t a = 0; a < partial.size(); ++a)
    for (std::size_t b = a + 1; b < partial.size();) {
      Partial &one = partial[a], &two = partial[b];
      const std::size_t both = std::max(one.group / across, two.group / across) * across +
                               std::max(one.group % across, two.group % across);
      if (one.places.size() + two.places.size() > batch_rows ||
          prices[both] > prices[one.group] + prices[two.group]) {
        ++b;
        continue;
      }
      one.group = both;
      one.places.insert(one.places.end(), two.places.begin(), two.places.end());
      partial.erase(partial.begin() + static_cast<std::ptrdiff_t>(b));
      b = a + 1;
    }
  for (Partial& p : partial) add(p.group, std::move(p.places));
  return schedule;
}

}  // namespace assay::network
