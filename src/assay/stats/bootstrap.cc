#include "assay/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
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

std::vector<Atom> atoms_of_clusters(std::span<const double> values, const Clusters& clusters) {
  std::vector<Atom> atoms(clusters.count);
  for (std::size_t i = 0; i < values.size(); ++i) {
    Atom& a = atoms[clusters.of_row[i]];
    a.sum += values[i];
    a.rows += 1;
  }
  return atoms;
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
  if (by_cluster && clusters.size() != values.size())
    throw BugError("one cluster a value was promised");
  const std::string method = by_cluster ? "bootstrap by cluster" : "bootstrap";
  const auto atoms =
      by_cluster ? atoms_of_clusters(values, renumbered(clusters)) : atoms_of_rows(values);
  if (atoms.empty() || (by_cluster && atoms.size() < 2)) return join({}, {}, range, method);

  double sum = 0, rows = 0, shapes = 0;
  for (const Atom& a : atoms) {
    sum += a.sum;
    rows += a.rows;
    shapes += a.shape;
  }
  const double mean = sum / rows, imaginary_rows = rows / shapes;
  const double spread = by_cluster ? std::sqrt((shapes + 1) / (shapes - 1)) : 1;
  std::vector<double> lower, upper;
  for (int b = 0; b < resampling.replicates; ++b) {
    Stream stream(resampling.seed, resampling.purpose, static_cast<std::uint64_t>(b));
    double weighted = 0, weight = 0;
    for (const Atom& a : atoms) {
      const double w = gamma_draw(stream, a.shape) / a.shape;
      weighted += w * a.sum;
      weight += w * a.rows;
    }
    const double extra = gamma_draw(stream, 1) * imaginary_rows;
    const auto with = [&](double value) {
      return mean + spread * ((weighted + extra * value) / (weight + extra) - mean);
    };
    lower.push_back(with(range.low));
    upper.push_back(with(range.high));
  }
  return join(std::move(lower), std::move(upper), range, method);
}

}  // namespace assay::stats
