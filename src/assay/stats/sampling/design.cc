#include "assay/stats/sampling/design.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <openturns/Sample.hxx>
#include <openturns/SobolSequence.hxx>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {

namespace {

using Index = Eigen::Index;
using Matrix = Eigen::MatrixXd;

constexpr double kTwoTo32 = 4294967296.0;

std::uint32_t reversed(std::uint32_t x) {
  x = (x >> 16) | (x << 16);
  x = ((x & 0x00ff00ff) << 8) | ((x & 0xff00ff00) >> 8);
  x = ((x & 0x0f0f0f0f) << 4) | ((x & 0xf0f0f0f0) >> 4);
  x = ((x & 0x33333333) << 2) | ((x & 0xcccccccc) >> 2);
  return ((x & 0x55555555) << 1) | ((x & 0xaaaaaaaa) >> 1);
}

// Each bit is flipped as a hash of the higher bits says: a nested uniform scrambling. The constants are
// Burley's (2020), section 4.
std::uint32_t scrambled(std::uint32_t x, std::uint32_t seed) {
  x = reversed(x);
  x ^= x * 0x3d20adea;
  x += seed;
  x *= (seed >> 16) | 1;
  x ^= x * 0x05526c56;
  x ^= x * 0x53a22864;
  return reversed(x);
}

// In place: a Fisher–Yates shuffle.
void shuffle(std::vector<Index>& order, Stream& stream) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
}

constexpr int kHalfPower = 10;  // p = 20

double inverse_power(double squared_distance) {
  double x = 1 / std::max(squared_distance, 1e-300), result = 1;
  for (int k = 0; k < kHalfPower; ++k) result *= x;
  return result;
}

// The sum over the other points of distance^-p from `at`, were that point i.
double pull(const Matrix& design, Index i, const Eigen::RowVectorXd& at, Index but) {
  double sum = 0;
  for (Index j = 0; j < design.rows(); ++j)
    if (j != i && j != but) sum += inverse_power((design.row(j) - at).squaredNorm());
  return sum;
}

}  // namespace

Matrix independent(Index points, Index factors, const Draws& draws) {
  Matrix design(points, factors);
  Stream stream(draws.seed, draws.purpose);
  for (Index i = 0; i < points; ++i)
    for (Index f = 0; f < factors; ++f) design(i, f) = stream.uniform();
  return design;
}

Matrix scrambled_sobol(Index points, Index factors, const Draws& draws) {
  if (points < 1 || factors < 1 || factors > 1000) throw BugError("a Sobol' design of this size");
  Matrix design = Matrix::Zero(points, factors);
  // OpenTURNS' sequence leaves the origin out, without which the first 2^k points are no net.
  OT::SobolSequence sequence(static_cast<OT::UnsignedInteger>(factors));
  if (points > 1) {
    const OT::Sample rest = sequence.generate(static_cast<OT::UnsignedInteger>(points - 1));
    for (Index i = 1; i < points; ++i)
      for (Index f = 0; f < factors; ++f)
        design(i, f) =
            rest(static_cast<OT::UnsignedInteger>(i - 1), static_cast<OT::UnsignedInteger>(f));
  }
  for (Index f = 0; f < factors; ++f) {
    Stream stream(draws.seed, draws.purpose, static_cast<std::uint64_t>(f));
    const auto seed = static_cast<std::uint32_t>(stream());
    for (Index i = 0; i < points; ++i) {
      const auto x = scrambled(static_cast<std::uint32_t>(design(i, f) * kTwoTo32), seed);
      design(i, f) = (x + stream.uniform()) / kTwoTo32;
    }
  }
  return design;
}

Matrix latin_hypercube(Index points, Index factors, const Draws& draws) {
  Matrix design(points, factors);
  std::vector<Index> order(static_cast<std::size_t>(points));
  for (Index f = 0; f < factors; ++f) {
    Stream stream(draws.seed, draws.purpose, static_cast<std::uint64_t>(f));
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, stream);
    for (Index i = 0; i < points; ++i)
      design(i, f) = (static_cast<double>(order[static_cast<std::size_t>(i)]) + stream.uniform()) /
                     static_cast<double>(points);
  }
  return design;
}

double phi_p(const Matrix& design) {
  double sum = 0;
  for (Index i = 0; i < design.rows(); ++i)
    for (Index j = 0; j < i; ++j)
      sum += inverse_power((design.row(i) - design.row(j)).squaredNorm());
  return std::pow(sum, 1.0 / (2 * kHalfPower));
}

Matrix optimised_hypercube(Index points, Index factors, const Draws& draws) {
  Matrix design = latin_hypercube(points, factors, draws);
  if (points < 3 || factors < 2) return design;
  Stream stream(draws.seed, std::string(draws.purpose) + "/exchange");
  const auto any = [&](Index below) {
    return static_cast<Index>(stream.below(static_cast<std::uint64_t>(below)));
  };
  Matrix best = design;
  double phi = phi_p(design), best_phi = phi, threshold = 0.005 * phi;
  const Index tries = std::min<Index>(50, std::max<Index>(5, points / 5));
  constexpr int kOuter = 30, kInner = 20;
  for (int outer = 0; outer < kOuter; ++outer) {
    const double before = best_phi;
    int accepted = 0, improved = 0;
    for (int inner = 0; inner < kInner; ++inner) {
      // The best of some exchanges along one axis.
      const Index axis = any(factors);
      double sum = std::pow(phi, 2.0 * kHalfPower),
             best_sum = std::numeric_limits<double>::infinity();
      Index a = -1, b = -1;
      for (Index t = 0; t < tries; ++t) {
        const Index i = any(points), j = any(points);
        if (i == j) continue;
        Eigen::RowVectorXd at_i = design.row(i), at_j = design.row(j);
        const double old = pull(design, i, at_i, j) + pull(design, j, at_j, i);
        std::swap(at_i(axis), at_j(axis));
        const double changed = sum - old + pull(design, i, at_i, j) + pull(design, j, at_j, i);
        if (changed < best_sum) {
          best_sum = changed;
          a = i;
          b = j;
        }
      }
      if (a < 0) continue;
      const double tried = std::pow(std::max(best_sum, 0.0), 1.0 / (2 * kHalfPower));
      if (tried - phi > threshold * stream.uniform()) continue;
      std::swap(design(a, axis), design(b, axis));
      phi = tried;
      ++accepted;
      if (phi < best_phi) {
        best = design;
        best_phi = phi;
        ++improved;
      }
    }
    // Warmer while nothing is accepted, cooler while much is (jin2005ese, section 3.2).
    const double share = static_cast<double>(accepted) / kInner;
    if (best_phi < before)
      threshold *= share > 0.1 && improved < accepted ? 0.8 : share > 0.1 ? 1.0 : 1 / 0.8;
    else
      threshold *= share < 0.1 ? 1 / 0.7 : 0.9;
  }
  return best;
}

std::vector<Index> d_optimal_subset(const Matrix& psi, Index count) {
  std::vector<Index> left(static_cast<std::size_t>(psi.rows())), chosen;
  std::iota(left.begin(), left.end(), 0);
  while (static_cast<Index>(chosen.size()) < std::min(count, psi.rows())) {
    const Matrix rest = psi(left, Eigen::all).transpose();
    const Eigen::ColPivHouseholderQR<Matrix> qr(rest);
    const auto& order = qr.colsPermutation().indices();
    const Index take = std::min(
        {count - static_cast<Index>(chosen.size()), qr.rank(), static_cast<Index>(left.size())});
    if (take == 0) break;
    std::vector<char> taken(left.size(), 0);
    for (Index k = 0; k < take; ++k) {
      const auto at = static_cast<std::size_t>(order(k));
      chosen.push_back(left[at]);
      taken[at] = 1;
    }
    std::vector<Index> remaining;
    for (std::size_t k = 0; k < left.size(); ++k)
      if (!taken[k]) remaining.push_back(left[k]);
    left = std::move(remaining);
  }
  return chosen;
}

}  // namespace assay::stats
