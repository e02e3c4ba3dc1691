#include "assay/stats/calibration_evidence.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <unordered_map>

#include "assay/base/error.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

constexpr double kAllowedErrors =
    3;                     // standard errors by which a bin's gap may differ from its true one
constexpr int kGrid = 32;  // shares of the true error that are tried for the upper bounds

double rows_of(std::span<const Cell> cells) {
  double rows = 0;
  for (const Cell& c : cells) rows += c.count;
  return rows;
}

// A cell that holds rows, with what is known of its noise; sums over rows, not yet divided.
struct Gap {
  std::size_t cell = 0;
  double size = 0, sign = 1;  // |sum of y - p|
  double error = 0;           // standard error of the sum
  double extra = 0;           // variance beyond the model's own: the shape of the gamma noise
  double nearest() const { return std::max(0.0, size - kAllowedErrors * error); }
  double farthest() const { return size + kAllowedErrors * error; }
  double shared(double t) const { return std::clamp(t * error, nearest(), farthest()); }
};

std::vector<Gap> gaps_of(std::span<const Cell> cells, double spread) {
  std::vector<Gap> gaps;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& c = cells[i];
    if (c.count == 0) continue;
    const double null = std::max(0.0, c.null_variance()), seen = std::max(0.0, c.spread());
    gaps.push_back({i, std::abs(c.gap()), c.gap() > 0 ? 1.0 : -1.0,
                    spread * std::sqrt(std::max(null, seen)), std::max(0.0, seen - null)});
  }
  return gaps;
}

// [gaps × draws]: what chance adds to each gap.
std::vector<float> noise_of(std::span<const Cell> cells, const std::vector<Gap>& gaps,
                            const NullHits& null, double spread, const Resampling& resampling) {
  std::vector<float> noise;
  noise.reserve(gaps.size() * at(null.draws));
  for (const Gap& g : gaps) {
    Stream stream(resampling.seed, resampling.purpose, g.cell);
    for (const float hits : null.cell(g.cell)) {
      double e = hits - cells[g.cell].forecast;
      if (g.extra > 0) e -= g.sign * (gamma_draw(stream, g.extra) - g.extra);
      noise.push_back(static_cast<float>(spread * e));
    }
  }
  return noise;
}

// sum of |offset + noise| for every draw, sorted.
std::vector<double> folded_sums(const std::vector<float>& noise, std::span<const double> offset,
                                std::span<const double> imaginary) {
  std::vector<double> sums;
  for (const double i : imaginary) sums.push_back(-i);
  const float* e = noise.data();
  for (const double o : offset)
    for (double& sum : sums) sum += std::abs(o + *e++);
  std::sort(sums.begin(), sums.end());
  return sums;
}

}  // namespace

TopLabelNull resample_hits(const TopLabel& top, std::span<const int> width_bin,
                           std::span<const int> mass_bin, int bins, const Resampling& resampling) {
  const auto draws = at(resampling.replicates);
  const NullHits none{resampling.replicates, std::vector<float>(draws * at(bins))};
  TopLabelNull null{none, none};
  for (std::size_t i = 0; i < top.confidence.size(); ++i) {
    Stream stream(resampling.seed, resampling.purpose, i);
    const auto width = null.width.cell(at(width_bin[i])), mass = null.mass.cell(at(mass_bin[i]));
    for (std::size_t d = 0; d < draws; ++d) {
      const float hit = stream.uniform() < top.confidence[i] ? 1 : 0;
      width[d] += hit;
      mass[d] += hit;
    }
  }
  return null;
}

NullHits resample_labels(const Predictions& predictions, int bins, const Resampling& resampling) {
  // Beyond a cache's size every draw waits for memory; 2^25 numbers are 128 MB.
  constexpr std::size_t kMostNumbers = std::size_t{1} << 25, kCached = std::size_t{1} << 20;
  constexpr std::size_t kMostScattered = std::size_t{1} << 24;
  const std::size_t cells = at(predictions.classes) * at(bins);
  std::size_t most = kMostNumbers / cells;
  if (at(resampling.replicates) * cells > kCached)
    most = std::min(most, kMostScattered / std::max<std::size_t>(1, predictions.size()));
  const int draws =
      std::min(resampling.replicates, static_cast<int>(std::max<std::size_t>(most, 99)));
  NullHits null{draws, std::vector<float>(at(draws) * cells)};
  Softmax softmax(predictions);
  std::vector<double> below(at(predictions.classes));
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto p = softmax(i);
    const auto top = at(top_class(predictions.rows[i]));
    const auto hits_of = [&](std::size_t c) {
      return null.cell(c * at(bins) + at(equal_width_bin(p[c], bins)));
    };
    // The top class first, since most draws end there; then the others in order.
    double sum = p[top];
    for (std::size_t c = 0; c < p.size(); ++c) {
      if (c != top) sum += p[c];
      below[c] = sum;
    }
    const auto top_hits = hits_of(top);
    Stream stream(resampling.seed, resampling.purpose, i);
    for (std::size_t d = 0; d < at(draws); ++d) {
      const double u = stream.uniform();
      // The sum of float probabilities may fall short of 1: what is left over goes to the top
      // class.
      if (u < p[top] || u >= sum) {
        top_hits[d] += 1;
        continue;
      }
      const auto other = std::upper_bound(below.begin(), below.end(), u) - below.begin();
      hits_of(static_cast<std::size_t>(other))[d] += 1;
    }
  }
  return null;
}

std::vector<double> null_errors(std::span<const Cell> cells, const NullHits& null) {
  const double rows = rows_of(cells);
  std::vector<double> errors(at(null.draws));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].count == 0) continue;
    const auto hits = null.cell(i);
    for (std::size_t d = 0; d < errors.size(); ++d)
      errors[d] += std::abs(hits[d] - cells[i].forecast) / rows;
  }
  return errors;
}

double analytic_null_error(std::span<const Cell> cells) {
  double sum = 0;
  for (const Cell& c : cells)
    sum += std::sqrt(2 / std::numbers::pi * std::max(0.0, c.null_variance()));
  return sum / rows_of(cells);
}

Dependence dependence_of(const TopLabel& top, std::span<const int> bin, int bins,
                         std::span<const std::int64_t> clusters) {
  if (clusters.empty()) {
    const auto rows = static_cast<double>(bin.size());
    return {rows, rows, 1};
  }
  const Clusters groups = renumbered(clusters);
  std::unordered_map<std::size_t, std::size_t> place;  // of (cluster, bin)
  std::vector<double> sums;
  double rows = 0;
  for (std::size_t i = 0; i < bin.size(); ++i) {
    const double gap = (top.hit[i] ? 1 : 0) - top.confidence[i];
    const auto [found, fresh] =
        place.try_emplace(groups.of_row[i] * at(bins) + at(bin[i]), sums.size());
    if (fresh) sums.push_back(0);
    sums[found->second] += gap;
    rows += gap * gap;
  }
  double together = 0;
  for (const double s : sums) together += s * s;
  return {static_cast<double>(bin.size()), static_cast<double>(groups.count),
          rows > 0 ? std::max(1.0, together / rows) : 1};
}

Replicates expected_error_replicates(std::span<const Cell> cells, const NullHits& null,
                                     const Dependence& dependence, const Resampling& resampling) {
  const std::string method = dependence.units < dependence.rows
                                 ? "bias-corrected resampling by cluster"
                                 : "bias-corrected resampling";
  const double rows = rows_of(cells);
  if (rows == 0 || dependence.units < 2) return join({}, {}, {0, 1}, method);
  const double spread = std::sqrt(dependence.design_effect);
  const auto gaps = gaps_of(cells, spread);
  const auto noise = noise_of(cells, gaps, null, spread, resampling);
  double total = 0, reach = 0;
  for (const Gap& g : gaps) {
    total += g.size;
    if (g.error > 0) reach = std::max(reach, g.farthest() / g.error);
  }
  std::vector<double> offset(gaps.size());
  const auto draws = at(null.draws);

  std::vector<double> none(draws, 0.0);
  double nearest = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    offset[i] = gaps[i].sign * gaps[i].nearest();
    nearest += gaps[i].nearest();
  }
  std::vector<double> lower = folded_sums(noise, offset, none);
  for (double& l : lower) l = (total + nearest - l) / rows;

  // An imaginary row moves a top-label gap by 1; a label moved to another class moves two gaps.
  const double moved = (rows > dependence.rows ? 2 : 1) * dependence.rows / dependence.units;
  std::vector<double> imaginary;
  for (std::size_t d = 0; d < draws; ++d) {
    Stream stream(resampling.seed, std::string(resampling.purpose) + "/imaginary", d);
    imaginary.push_back(gamma_draw(stream, 1) * moved);
  }
  // Draw j's bound is the largest share whose sums' j-th smallest from above stays within the
  // total.
  std::vector<double> share(kGrid);
  std::vector<std::vector<double>> sums(kGrid);
  for (int g = 0; g < kGrid; ++g) {
    const double part = g / (kGrid - 1.0), t = reach * part * part;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      offset[i] = gaps[i].sign * gaps[i].shared(t);
      share[at(g)] += gaps[i].shared(t);
    }
    sums[at(g)] = folded_sums(noise, offset, imaginary);
  }
  std::vector<double> upper;
  for (std::size_t d = 0; d < draws; ++d) {
    const std::size_t rank = draws - 1 - d;
    int g = kGrid - 1;
    while (g >= 0 && sums[at(g)][rank] > total) --g;
    double theta = share.front();
    if (g == kGrid - 1) {
      theta = share.back() + total - sums.back()[rank];
    } else if (g >= 0) {
      const double low = sums[at(g)][rank], high = sums[at(g + 1)][rank];
      theta = share[at(g)] + (total - low) / (high - low) * (share[at(g + 1)] - share[at(g)]);
    }
    upper.push_back(theta / rows);
  }
  return join(std::move(lower), std::move(upper), {0, 1}, method);
}

Replicates maximum_error_replicates(std::span<const Cell> cells, const Dependence& dependence) {
  constexpr int kLevels = 399;
  double filled = 0;
  for (const Cell& c : cells) filled += c.count > 0;
  std::vector<double> lower, upper;
  for (int level = 1; level <= kLevels && filled > 0 && dependence.units > 1; ++level) {
    const double q = level / (kLevels + 1.0);
    double low = 0, high = 0;
    for (const Cell& c : cells) {
      if (c.count == 0) continue;
      const double n = c.count / dependence.design_effect, k = c.hits / dependence.design_effect;
      const double mean = c.forecast / c.count;
      const auto at_least = [&](double alpha) {
        return k > 0 ? quantile(Beta{k, n - k + 1}, alpha) : 0;
      };
      const auto at_most = [&](double alpha) {
        return k < n ? quantile(Beta{k + 1, n - k}, 1 - alpha) : 1;
      };
      if (q < 0.5) {
        const double alpha = q / (2 * filled);
        low = std::max({low, at_least(alpha) - mean, mean - at_most(alpha)});
      } else {
        high = std::max({high, at_most(1 - q) - mean, mean - at_least(1 - q)});
      }
    }
    lower.push_back(q < 0.5 ? low : 1);
    upper.push_back(q < 0.5 ? 0 : high);
  }
  return join(std::move(lower), std::move(upper), {0, 1}, "Clopper-Pearson over all bins");
}

MeanError excess_error(std::span<const Cell> cells, std::span<const double> null,
                       const Dependence& dependence) {
  const double rows = rows_of(cells);
  const double mean =
      std::accumulate(null.begin(), null.end(), 0.0) / static_cast<double>(null.size());
  double draws = 0;
  for (const double e : null) draws += (e - mean) * (e - mean);
  const auto count = static_cast<double>(null.size());
  const double of_mean = draws / (count - 1) / count;
  double variance = 0;
  for (const Gap& g : gaps_of(cells, std::sqrt(dependence.design_effect)))
    variance += g.error * g.error;
  return {expected_error(cells) - mean, std::sqrt(variance / (rows * rows) + of_mean),
          std::max(1.0, dependence.units - 1)};
}

Replicates reliability_replicates(const CalibrationMeasures& m, const NullHits& null,
                                  const MeanError& influence, const Dependence& dependence) {
  const auto rows = static_cast<double>(m.size());
  constexpr Span kRange{0, 2};
  const std::string method = "bias-corrected resampling";
  if (rows == 0 || dependence.units < 2) return join({}, {}, kRange, method);
  double own = 0, seen = 0;
  for (const Cell& c : m.classwise) {
    if (c.count == 0) continue;
    own += std::max(0.0, c.null_variance()) / c.count;
    seen += std::max(0.0, c.spread()) / c.count;
  }
  const double spread =
      std::sqrt(dependence.design_effect * std::max(1.0, own > 0 ? seen / own : 1));
  const double root = std::sqrt(m.parts.reliability);
  std::vector<double> squares(at(null.draws));
  for (std::size_t i = 0; i < m.classwise.size(); ++i) {
    const Cell& c = m.classwise[i];
    if (c.count == 0) continue;
    const auto hits = null.cell(i);
    for (std::size_t d = 0; d < squares.size(); ++d) {
      const double e = hits[d] - c.forecast;
      squares[d] += e * e / c.count;
    }
  }
  std::vector<double> lower, upper;
  for (std::size_t d = 0; d < squares.size(); ++d) {
    const double left = std::max(0.0, root - spread * std::sqrt(squares[d] / rows));
    lower.push_back(left * left);
    const double q = static_cast<double>(d + 1) / (null.draws + 1.0);
    upper.push_back(m.parts.reliability +
                    influence.standard_error * quantile(StudentT{influence.degrees_of_freedom}, q));
  }
  return join(std::move(lower), std::move(upper), kRange, method);
}

std::vector<Band> consistency_bands(std::span<const Cell> cells, const NullHits& null,
                                    double level) {
  std::vector<Band> bands;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::vector<double> rates;
    if (cells[i].count > 0)
      for (const float hits : null.cell(i)) rates.push_back(hits / cells[i].count);
    std::sort(rates.begin(), rates.end());
    if (rates.empty()) {
      bands.push_back({0, 0});
      continue;
    }
    const double last = static_cast<double>(rates.size()) - 1;
    const auto low = static_cast<std::size_t>(std::floor((1 - level) / 2 * last));
    const auto high = static_cast<std::size_t>(std::ceil((1 + level) / 2 * last));
    bands.push_back({rates[low], rates[high]});
  }
  return bands;
}

}  // namespace assay::stats
