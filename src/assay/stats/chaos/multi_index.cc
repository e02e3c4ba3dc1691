#include "assay/stats/chaos/multi_index.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

// Depth first over the factors, as long as the norm allows it.
class Enumeration {
 public:
  Enumeration(std::size_t factors, const Truncation& truncation)
      : truncation_(truncation),
        index_(factors, 0),
        // Room for the rounding of roots: (2, 1) at q = 0.5 has the norm 5.83, (4, 0) has 4.
        limit_(std::pow(truncation.degree, truncation.q) * (1 + 1e-9)) {}

  std::vector<MultiIndex> all() {
    descend(0, 0, 0);
    std::sort(found_.begin(), found_.end(), [](const MultiIndex& a, const MultiIndex& b) {
      const int of_a = std::accumulate(a.begin(), a.end(), 0),
                of_b = std::accumulate(b.begin(), b.end(), 0);
      return of_a != of_b ? of_a < of_b : a > b;
    });
    return std::move(found_);
  }

 private:
  void descend(std::size_t factor, double norm, int interaction) {
    if (factor == index_.size()) {
      if (found_.size() == truncation_.most_terms)
        throw InputError("", "a basis of degree " + std::to_string(truncation_.degree) + " in " +
                                 std::to_string(index_.size()) + " factors has more than " +
                                 std::to_string(truncation_.most_terms) + " terms");
      found_.push_back(index_);
      return;
    }
    int most = truncation_.degree;
    if (!truncation_.degree_limits.empty())
      most = std::min(most, truncation_.degree_limits[factor]);
    for (int degree = 0; degree <= most; ++degree) {
      const double with = norm + (degree == 0 ? 0 : std::pow(degree, truncation_.q));
      if (with > limit_) break;
      if (degree > 0 && truncation_.interaction > 0 && interaction == truncation_.interaction)
        break;
      index_[factor] = static_cast<std::uint8_t>(degree);
      descend(factor + 1, with, interaction + (degree > 0));
    }
    index_[factor] = 0;
  }

  const Truncation& truncation_;
  MultiIndex index_;
  double limit_;
  std::vector<MultiIndex> found_;
};

}  // namespace

std::vector<MultiIndex> multi_indices(std::size_t factors, const Truncation& truncation) {
  if (truncation.degree < 0 || truncation.degree > 255)
    throw BugError("a basis' degree lies in 0 to 255");
  if (!(truncation.q > 0 && truncation.q <= 1)) throw BugError("q of a basis lies in (0, 1]");
  if (!truncation.degree_limits.empty() && truncation.degree_limits.size() != factors)
    throw BugError("one degree limit a factor");
  return Enumeration(factors, truncation).all();
}

std::uint64_t factors_of(const MultiIndex& index) {
  if (index.size() > 64) throw InputError("", "more than 64 factors in one expansion");
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < index.size(); ++i)
    if (index[i] > 0) bits |= std::uint64_t{1} << i;
  return bits;
}

}  // namespace assay::stats
