#include "assay/stats/confusion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "assay/base/error.h"
#include "assay/stats/predictions.h"

namespace assay::stats {

namespace {

constexpr Span kShare{0, 1};

// How far one imaginary miss may push the classes' recalls: s_c = min(1, v n_c) with sum of -n_c ln
// s_c = budget (water filling, the smallest classes first).
class WorstMisses {
 public:
  explicit WorstMisses(std::vector<double> sizes) : sizes_(std::move(sizes)) {
    std::sort(sizes_.begin(), sizes_.end());
  }
  // v for a budget > 0.
  double level(double budget) const {
    double rows = 0, weighted = 0, log_v = 0;
    for (const double n : sizes_) {
      if (rows > 0 && log_v + std::log(n) >= 0) break;  // this class and the larger ones stay whole
      rows += n;
      weighted += n * std::log(n);
      log_v = -(budget + weighted) / rows;
    }
    return std::exp(log_v);
  }

 private:
  std::vector<double> sizes_;
};

// Draws for the two bounds of one quantity.
struct Pair {
  std::vector<double> lower, upper;
  Replicates joined(const char* method) && {
    return join(std::move(lower), std::move(upper), kShare, method);
  }
};

// Classes whose rows are drawn together for the balanced accuracy: one class, or all with a single
// row.
struct Stratum {
  double right = 0, rows = 0, classes = 0;
};

std::vector<Stratum> strata_of(const Confusion& m) {
  std::vector<Stratum> strata;
  Stratum singles;
  for (int c = 0; c < m.classes; ++c) {
    const auto rows = static_cast<double>(m.actual[at(c)]);
    const auto right = static_cast<double>(m.right[at(c)]);
    if (rows == 0) continue;
    if (rows == 1) {
      singles.right += right;
      singles.rows += 1;
      singles.classes += 1;
    } else {
      strata.push_back({right, rows, 1});
    }
  }
  if (singles.rows > 0) strata.push_back(singles);
  return strata;
}

Replicates balanced_by_class(const Confusion& m, const Resampling& resampling, const char* method) {
  const auto strata = strata_of(m);
  if (strata.empty()) return join({}, {}, kShare, method);
  std::vector<double> sizes;
  double classes = 0;
  for (const auto n : m.actual)
    if (n > 0) sizes.push_back(static_cast<double>(n));
  for (const auto& s : strata) classes += s.classes;
  const WorstMisses worst(std::move(sizes));

  Pair draws;
  const std::string purpose = std::string(resampling.purpose) + "/balanced";
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, purpose, static_cast<std::uint64_t>(b));
    const double v = worst.level(gamma_draw(stream, 1));
    double lower = 0, upper = 0;
    for (const Stratum& s : strata) {
      const double seen = s.right / s.rows;
      const double spread = s.rows > 1 ? std::sqrt((s.rows + 1) / (s.rows - 1)) : 1;
      const double drawn = beta_draw(stream, s.right, s.rows - s.right);
      const double recall = std::clamp(seen + spread * (drawn - seen), 0.0, 1.0);
      const double kept = std::min(1.0, v * s.rows / s.classes);
      lower += s.classes * recall * kept;
      upper += s.classes * (1 - (1 - recall) * kept);
    }
    draws.lower.push_back(lower / classes);
    draws.upper.push_back(upper / classes);
  }
  return std::move(draws).joined(method);
}

Replicates f1_by_class(const Confusion& m, int c, const Resampling& resampling,
                       const char* method) {
  const auto n = static_cast<double>(m.actual[at(c)]), right = static_cast<double>(m.right[at(c)]);
  const auto others = static_cast<double>(m.rows) - n;
  const double alarms = static_cast<double>(m.predicted[at(c)]) - right;
  if (n == 0) return join({}, {}, kShare, method);
  Pair draws;
  const std::string purpose = std::string(resampling.purpose) + "/f1/" + std::to_string(c);
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, purpose, static_cast<std::uint64_t>(b));
    const double kept = std::exp(-gamma_draw(stream, 1) / n);
    const double recall = beta_draw(stream, right, n - right);
    const double false_alarms = others * beta_draw(stream, alarms, others - alarms);
    const auto f1_at = [&](double r) { return 2 * n * r / (n + n * r + false_alarms); };
    draws.lower.push_back(f1_at(recall * kept));
    draws.upper.push_back(f1_at(1 - (1 - recall) * kept));
  }
  return std::move(draws).joined(method);
}

// The weighted confusion of one replicate, enough for recall and F1.
struct Weighted {
  std::vector<double> right, actual, predicted;  // [classes]
  explicit Weighted(std::size_t classes) : right(classes), actual(classes), predicted(classes) {}
};

}  // namespace

Confusion confusion_of(int classes, std::span<const int> truth, std::span<const int> predicted) {
  if (truth.size() != predicted.size()) throw BugError("one prediction a row was promised");
  Confusion m;
  m.classes = classes;
  m.right.resize(at(classes));
  m.actual.resize(at(classes));
  m.predicted.resize(at(classes));
  std::map<std::pair<int, int>, std::int64_t> counts;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const int t = truth[i], p = predicted[i];
    if (t < 0 || t >= classes || p < kNoAnswer || p >= classes) throw BugError("no such class");
    ++counts[{t, p}];
    ++m.actual[at(t)];
    if (p != kNoAnswer) ++m.predicted[at(p)];
    if (p == t) ++m.right[at(t)];
  }
  for (const auto& [pair, count] : counts) m.cells.push_back({pair.first, pair.second, count});
  m.rows = static_cast<std::int64_t>(truth.size());
  m.rows_right = std::accumulate(m.right.begin(), m.right.end(), std::int64_t{0});
  return m;
}

double balanced_accuracy(const Confusion& m) {
  double sum = 0, present = 0;
  for (int c = 0; c < m.classes; ++c) {
    if (m.actual[at(c)] == 0) continue;
    sum += static_cast<double>(m.right[at(c)]) / static_cast<double>(m.actual[at(c)]);
    present += 1;
  }
  return present > 0 ? sum / present : std::numeric_limits<double>::quiet_NaN();
}

double f1(const Confusion& m, int c) {
  if (m.actual[at(c)] == 0) return std::numeric_limits<double>::quiet_NaN();
  return 2 * static_cast<double>(m.right[at(c)]) /
         static_cast<double>(m.actual[at(c)] + m.predicted[at(c)]);
}

ConfusionReplicates bootstrap_by_class(const Confusion& m, const Resampling& resampling) {
  constexpr const char* kMethod = "bootstrap by class";
  ConfusionReplicates out;
  out.balanced_accuracy = balanced_by_class(m, resampling, kMethod);
  for (int c = 0; c < m.classes; ++c) out.f1.push_back(f1_by_class(m, c, resampling, kMethod));
  return out;
}

ConfusionReplicates bootstrap_by_cluster(int classes, std::span<const int> truth,
                                         std::span<const int> predicted,
                                         std::span<const std::int64_t> clusters,
                                         const Resampling& resampling) {
  constexpr const char* kMethod = "bootstrap by cluster";
  if (clusters.size() != truth.size()) throw BugError("one cluster a row was promised");
  const Confusion m = confusion_of(classes, truth, predicted);
  const Clusters groups = renumbered(clusters);
  const auto empty = [&] { return join({}, {}, kShare, kMethod); };
  ConfusionReplicates out;
  if (groups.count < 2) {
    out.balanced_accuracy = empty();
    out.f1.assign(at(classes), empty());
    return out;
  }

  // The imaginary cluster is as large as the class's mean cluster; for the balanced accuracy it
  // falls on the class that the fewest clusters show.
  std::set<std::pair<int, std::size_t>> shown;
  for (std::size_t i = 0; i < truth.size(); ++i) shown.insert({truth[i], groups.of_row[i]});
  std::vector<double> clusters_of(at(classes)), extra_rows(at(classes));
  for (const auto& [c, g] : shown) clusters_of[at(c)] += 1;
  int rarest = -1;
  for (int c = 0; c < classes; ++c) {
    if (m.actual[at(c)] == 0) continue;
    extra_rows[at(c)] = static_cast<double>(m.actual[at(c)]) / clusters_of[at(c)];
    if (rarest < 0 || clusters_of[at(c)] < clusters_of[at(rarest)]) rarest = c;
  }

  const auto count = static_cast<double>(groups.count);
  const double spread = std::sqrt((count + 1) / (count - 1));
  Pair balanced;
  std::vector<Pair> scores(at(classes));
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    std::vector<double> weight(groups.count);
    for (double& w : weight) w = gamma_draw(stream, 1);
    const double extra = gamma_draw(stream, 1);
    Weighted w(at(classes));
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double own = weight[groups.of_row[i]];
      w.actual[at(truth[i])] += own;
      if (predicted[i] != kNoAnswer) w.predicted[at(predicted[i])] += own;
      if (predicted[i] == truth[i]) w.right[at(truth[i])] += own;
    }
    double low_sum = 0, high_sum = 0, present = 0;
    for (int c = 0; c < classes; ++c) {
      if (m.actual[at(c)] == 0) continue;
      const double added = extra * extra_rows[at(c)];
      const double r = w.right[at(c)], a = w.actual[at(c)], p = w.predicted[at(c)];
      scores[at(c)].lower.push_back(2 * r / (a + p + added));
      scores[at(c)].upper.push_back(2 * (r + added) / (a + p + 2 * added));
      const double mine = c == rarest ? added : 0;
      low_sum += r / (a + mine);
      high_sum += (r + mine) / (a + mine);
      present += 1;
    }
    balanced.lower.push_back(low_sum / present);
    balanced.upper.push_back(high_sum / present);
  }

  const auto widen = [&](std::vector<double>& draws, double seen) {
    for (double& d : draws) d = std::clamp(seen + spread * (d - seen), 0.0, 1.0);
  };
  widen(balanced.lower, balanced_accuracy(m));
  widen(balanced.upper, balanced_accuracy(m));
  out.balanced_accuracy = std::move(balanced).joined(kMethod);
  for (int c = 0; c < classes; ++c) {
    widen(scores[at(c)].lower, f1(m, c));
    widen(scores[at(c)].upper, f1(m, c));
    out.f1.push_back(std::move(scores[at(c)]).joined(kMethod));
  }
  return out;
}

}  // namespace assay::stats
