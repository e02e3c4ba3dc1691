#include "assay/checks/focus/power.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/stats/interval.h"
#include "assay/stats/permutation.h"
#include "assay/stats/special.h"

namespace assay::checks {

namespace {

constexpr double kLevel = 0.05, kPower = 0.9, kConfidence = 0.95;
constexpr const char* kFresh = "focus.power.fresh";  // purpose of what did not find the strength
constexpr int kDraws = 199;                          // signs a test
constexpr std::size_t kMany = 512;  // clusters, from which on the signs' normal limit will do
constexpr std::size_t kFewest = 5;  // clusters: 2^-5 is the first below kLevel

// One reply as three logits: enough to know its margin whatever is added to two of them.
struct Reply {
  double label = 0, donor = 0;
  double other = -std::numeric_limits<double>::infinity();

  double margin(double to_label, double to_donor) const {
    return label + to_label - std::max(donor + to_donor, other);
  }
};

Reply reply_of(const std::vector<float>& logits, const Swap& swap) {
  Reply reply;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const double z = logits[k];
    if (static_cast<int>(k) == swap.label)
      reply.label = z;
    else if (static_cast<int>(k) == swap.donor_label)
      reply.donor = z;
    else
      reply.other = std::max(reply.other, z);
  }
  return reply;
}

class Simulator {
 public:
  // Simulators of different purposes share no draw.
  Simulator(std::span<const Swap> swaps, const PowerOptions& options, std::string purpose)
      : options_(options), purpose_(std::move(purpose)) {
    std::unordered_map<std::int64_t, std::size_t> places;
    for (const Swap& swap : swaps) {
      if (swap.label < 0 || swap.donor_label < 0 || swap.label == swap.donor_label)
        throw BugError("two classes a swap were promised");
      pairs_.push_back({reply_of(swap.same, swap), reply_of(swap.different, swap),
                        places.try_emplace(swap.cluster, places.size()).first->second});
    }
    clusters_ = places.size();
    for (int i = 0; i < options.simulations; ++i) {
      Stream stream(options.seed, purpose_ + ".exchange", static_cast<std::uint64_t>(i));
      std::vector<char> exchanged(clusters_);
      for (char& e : exchanged) e = static_cast<char>(stream() & 1);
      exchanged_.push_back(std::move(exchanged));
    }
  }

  std::size_t clusters() const { return clusters_; }

  // How many simulations notice a shortcut of this strength.
  int detected(double strength) const {
    int count = 0;
    for (std::size_t i = 0; i < exchanged_.size(); ++i) count += notices(i, strength);
    return count;
  }

  // The mean effect, over simulations and pictures.
  double effect(double strength) const {
    double sum = 0;
    for (const auto& exchanged : exchanged_)
      for (const double e : effects(exchanged, strength)) sum += e;
    return sum / static_cast<double>(exchanged_.size());
  }

  // Twice the largest |margin|: a shortcut that large rules every picture.
  double largest() const {
    double size = 1e-6;
    for (const Pair& p : pairs_)
      for (const Reply* r : {&p.same, &p.different})
        size = std::max(size, std::abs(r->margin(0, 0)));
    return 2 * size;
  }

 private:
  struct Pair {
    Reply same, different;
    std::size_t cluster = 0;
  };

  // Mean over pictures as sums by cluster: what the test looks at.
  std::vector<double> effects(const std::vector<char>& exchanged, double strength) const {
    std::vector<double> sums(clusters_, 0);
    for (const Pair& p : pairs_) {
      const bool turn = exchanged[p.cluster] != 0;
      const Reply& same = turn ? p.different : p.same;
      const Reply& different = turn ? p.same : p.different;
      sums[p.cluster] += (same.margin(strength, 0) - different.margin(0, strength)) /
                         static_cast<double>(pairs_.size());
    }
    return sums;
  }

  bool notices(std::size_t simulation, double strength) const {
    const std::vector<double> sums = effects(exchanged_[simulation], strength);
    if (clusters_ > kMany) {
      double sum = 0, squares = 0;
      for (const double s : sums) {
        sum += s;
        squares += s * s;
      }
      return squares > 0 && stats::cdf(stats::Normal{}, -sum / std::sqrt(squares)) <= kLevel;
    }
    const std::string purpose = purpose_ + ".signs/" + std::to_string(simulation);
    return stats::sign_flip_p(sums, {}, {kDraws, options_.seed, purpose}) <= kLevel;
  }

  PowerOptions options_;
  std::string purpose_;
  std::vector<Pair> pairs_;
  std::size_t clusters_ = 0;
  std::vector<std::vector<char>> exchanged_;  // [simulation][cluster]
};

}  // namespace

double detected_share(std::span<const Swap> swaps, double strength, const PowerOptions& options) {
  return static_cast<double>(Simulator(swaps, options, kFresh).detected(strength)) /
         options.simulations;
}

std::optional<Power> power(std::span<const Swap> swaps, const PowerOptions& options) {
  if (options.simulations < 1) throw BugError("at least one simulation was promised");
  const Simulator simulator(swaps, options, "focus.power.search");
  if (simulator.clusters() < kFewest) return {};
  const auto enough = [&](double strength) {
    const int detected = simulator.detected(strength);
    return stats::clopper_pearson_lower({detected, options.simulations}, kConfidence) >= kPower;
  };
  double high = simulator.largest();
  if (!enough(high)) return {};
  double low = high;
  while (low > 1e-9 * high && enough(low / 4)) low /= 4;
  high = low;
  low /= 4;
  for (int i = 0; i < 9; ++i) {  // to 1 %
    const double middle = (low + high) / 2;
    (enough(middle) ? high : low) = middle;
  }
  Power found;
  found.strength = high;
  found.reliance = simulator.effect(high) - simulator.effect(0);
  const Simulator fresh(swaps, options, kFresh);
  found.detected = static_cast<double>(fresh.detected(high)) / options.simulations;
  found.false_alarms = static_cast<double>(fresh.detected(0)) / options.simulations;
  found.simulations = options.simulations;
  return found;
}

}  // namespace assay::checks
