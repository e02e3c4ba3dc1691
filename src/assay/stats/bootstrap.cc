#include "assay/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

constexpr std::size_t kMostAtoms = 4096;

// What gets one weight: a row, a cluster, or neighbours in value.
struct Atom {
  double sum = 0, rows = 0;
  double shape = 1;  // of the gamma weight: how many independent units it stands for
};

std::vector<Atom> atoms_of_rows(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t count = std::min(sorted.size(), kMostAtoms);
  std::vector<Atom> atoms(count, Atom{0, 0, 0});
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    Atom& a = atoms[i * count / sorted.size()];
    a.sum += sorted[i];
    a.rows += 1;
    a.shape += 1;
  }
  return atoms;
}

std::vector<Atom> atoms_of_clusters(std::span<const double> values,
                                    std::span<const std::int64_t> numbers) {
  if (numbers.size() != values.size()) throw BugError("one cluster a value was promised");
  const Clusters clusters = renumbered(numbers);
  std::vector<Atom> atoms(clusters.count);
  for (std::size_t i = 0; i < values.size(); ++i) {
    Atom& a = atoms[clusters.of_row[i]];
    a.sum += values[i];
    a.rows += 1;
  }
  return atoms;
}

std::vector<Atom> atoms_of(std::span<const double> values, std::span<const std::int64_t> clusters) {
  return clusters.empty() ? atoms_of_rows(values) : atoms_of_clusters(values, clusters);
}

Atom total(const std::vector<Atom>& atoms) {
  Atom all{0, 0, 0};
  for (const Atom& a : atoms) {
    all.sum += a.sum;
    all.rows += a.rows;
    all.shape += a.shape;
  }
  return all;
}

// The atoms' sum and rows with random weights of mean 1.
struct Weighed {
  double sum = 0, rows = 0;
};
Weighed weighed(const std::vector<Atom>& atoms, Stream& stream) {
  Weighed drawn;
  for (const Atom& a : atoms) {
    const double w = gamma_draw(stream, a.shape) / a.shape;
    drawn.sum += w * a.sum;
    drawn.rows += w * a.rows;
  }
  return drawn;
}

std::string method_of(std::span<const std::int64_t> clusters) {
  return clusters.empty() ? "bootstrap" : "bootstrap by cluster";
}

}  // namespace

double gamma_draw(Stream& stream, double shape) {
  if (!(shape > 0)) return 0;
  if (shape == 1) return -std::log1p(-stream.uniform());
  if (shape < 1) {
    const double whole = gamma_draw(stream, shape + 1);
    return whole * std::pow(1 - stream.uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - stream.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double beta_draw(Stream& stream, double a, double b) {
  if (!(a > 0)) return 0;
  if (!(b > 0)) return 1;
  const double x = gamma_draw(stream, a), y = gamma_draw(stream, b);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

Replicates join(std::vector<double> for_lower, std::vector<double> for_upper, const Span& range,
                std::string method) {
  if (for_lower.size() != for_upper.size())
    throw BugError("as many draws for both bounds were promised");
  std::sort(for_lower.begin(), for_lower.end());
  std::sort(for_upper.begin(), for_upper.end());
  Replicates joined;
  joined.low = range.low;
  joined.high = range.high;
  joined.method = std::move(method);
  joined.values = std::move(for_lower);
  const std::size_t half = joined.values.size() / 2;
  for (std::size_t i = half; i < joined.values.size(); ++i) {
    joined.values[i] = for_upper[i];
    // The halves meet in order where the draws do; rounding and unlike noise must not undo it.
    if (i > 0) joined.values[i] = std::max(joined.values[i], joined.values[i - 1]);
  }
  return joined;
}

Clusters renumbered(std::span<const std::int64_t> clusters) {
  Clusters out;
  std::unordered_map<std::int64_t, std::size_t> place;
  out.of_row.reserve(clusters.size());
  for (const std::int64_t c : clusters)
    out.of_row.push_back(place.try_emplace(c, place.size()).first->second);
  out.count = place.size();
  return out;
}

Replicates bounded_mean(std::span<const double> values, std::span<const std::int64_t> clusters,
                        const Span& range, const Resampling& resampling) {
  const bool by_cluster = !clusters.empty();
  const std::string method = method_of(clusters);
  const auto atoms = atoms_of(values, clusters);
  if (atoms.empty() || (by_cluster && atoms.size() < 2)) return join({}, {}, range, method);

  const auto [sum, rows, shapes] = total(atoms);
  const double mean = sum / rows, imaginary_rows = rows / shapes;
  const double spread = by_cluster ? std::sqrt((shapes + 1) / (shapes - 1)) : 1;
  std::vector<double> lower, upper;
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    const auto [weighted, weight] = weighed(atoms, stream);
    const double extra = gamma_draw(stream, 1) * imaginary_rows;
    const auto with = [&](double value) {
      return mean + spread * ((weighted + extra * value) / (weight + extra) - mean);
    };
    lower.push_back(with(range.low));
    upper.push_back(with(range.high));
  }
  return join(std::move(lower), std::move(upper), range, method);
}

Replicates unbounded_mean(std::span<const double> values, std::span<const std::int64_t> clusters,
                          const Resampling& resampling) {
  const Span range{-std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::infinity()};
  const auto atoms = atoms_of(values, clusters);
  if (atoms.size() < 2) return join({}, {}, range, method_of(clusters));
  const Atom all = total(atoms);
  const double mean = all.sum / all.rows, freedom = all.shape - 1;
  const double spread = std::sqrt((all.shape + 1) / freedom);
  std::vector<double> draws;
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    const auto [weighted, weight] = weighed(atoms, stream);
    const double chi_squared = 2 * gamma_draw(stream, freedom / 2);
    draws.push_back(mean + spread * std::sqrt(freedom / chi_squared) * (weighted / weight - mean));
  }
  return join(draws, draws, range, method_of(clusters));
}

}  // namespace assay::stats
