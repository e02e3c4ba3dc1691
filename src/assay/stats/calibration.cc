#include "assay/stats/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::stats {

namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

BrierParts brier_parts(const CalibrationMeasures& m) {
  BrierParts parts;
  const auto n = static_cast<double>(m.size());
  for (int c = 0; c < m.classes; ++c) {
    const double base = m.frequency[at(c)];
    parts.uncertainty += base * (1 - base);
    for (int b = 0; b < m.bins; ++b) {
      const Cell& cell = m.classwise[at(c * m.bins + b)];
      if (cell.count == 0) continue;
      const double rate = cell.hits / cell.count;
      parts.reliability += cell.gap() * cell.gap() / cell.count / n;
      parts.resolution += cell.count * (rate - base) * (rate - base) / n;
      parts.within_bin_variance += (cell.squares - cell.forecast * cell.forecast / cell.count) / n;
      parts.within_bin_covariance += 2 * (cell.hit_forecast - cell.forecast * rate) / n;
    }
  }
  return parts;
}

}  // namespace

int equal_width_bin(double probability, int bins) {
  int bin = std::clamp(static_cast<int>(std::ceil(probability * bins)) - 1, 0, bins - 1);
  // The product rounds; the edges k/bins decide.
  while (bin > 0 && probability <= bin / static_cast<double>(bins)) --bin;
  while (bin < bins - 1 && probability > (bin + 1) / static_cast<double>(bins)) ++bin;
  return bin;
}

std::vector<int> equal_width_bins(std::span<const double> confidence, int bins) {
  std::vector<int> bin;
  bin.reserve(confidence.size());
  for (const double c : confidence) bin.push_back(equal_width_bin(c, bins));
  return bin;
}

std::vector<int> equal_mass_parts(std::span<const double> confidence, int parts) {
  std::vector<std::size_t> order(confidence.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return confidence[a] < confidence[b]; });
  const std::size_t each = order.size() / at(parts), longer = order.size() % at(parts);
  std::vector<int> part(order.size());
  std::size_t next = 0;
  for (int p = 0; p < parts; ++p)
    for (std::size_t i = 0; i < each + (at(p) < longer ? 1 : 0); ++i) part[order[next++]] = p;
  return part;
}

std::vector<Cell> cells_of(const TopLabel& top, std::span<const int> bin, int bins) {
  std::vector<Cell> cells(at(bins));
  for (std::size_t i = 0; i < bin.size(); ++i)
    cells[at(bin[i])].add(top.confidence[i], top.hit[i] != 0);
  return cells;
}

double expected_error(std::span<const Cell> cells) {
  double gaps = 0, rows = 0;
  for (const Cell& c : cells) {
    gaps += std::abs(c.gap());
    rows += c.count;
  }
  return rows > 0 ? gaps / rows : 0;
}

double maximum_error(std::span<const Cell> cells) {
  double largest = 0;
  for (const Cell& c : cells)
    if (c.count > 0) largest = std::max(largest, std::abs(c.gap()) / c.count);
  return largest;
}

double overconfidence_error(std::span<const Cell> cells) {
  double sum = 0, rows = 0;
  for (const Cell& c : cells) {
    if (c.count > 0) sum += c.forecast / c.count * std::max(-c.gap(), 0.0);
    rows += c.count;
  }
  return rows > 0 ? sum / rows : 0;
}

CalibrationMeasures measure_calibration(const Predictions& predictions, int bins) {
  CalibrationMeasures m;
  m.bins = bins;
  m.classes = predictions.classes;
  m.classwise.resize(at(predictions.classes) * at(bins));
  m.frequency.resize(at(predictions.classes));
  const std::size_t n = predictions.size();
  Softmax softmax(predictions);
  double excess = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto p = softmax(i);
    const int label = predictions.labels[i], top = top_class(predictions.rows[i]);
    double loss = 0;
    for (int c = 0; c < predictions.classes; ++c) {
      const bool is_label = c == label;
      const double error = p[at(c)] - (is_label ? 1 : 0);
      loss += error * error;
      m.classwise[at(c) * at(bins) + at(equal_width_bin(p[at(c)], bins))].add(p[at(c)], is_label);
    }
    m.frequency[at(label)] += 1;
    m.top.confidence.push_back(p[at(top)]);
    m.top.hit.push_back(top == label);
    m.brier.push_back(loss);
    m.nll.push_back(-softmax.log_probability(label));
    excess += p[at(top)] - (top == label ? 1 : 0);
  }
  m.width_bin = equal_width_bins(m.top.confidence, bins);
  m.mass_bin = equal_mass_parts(m.top.confidence, bins);
  m.width = cells_of(m.top, m.width_bin, bins);
  m.mass = cells_of(m.top, m.mass_bin, bins);
  if (n == 0) return m;
  for (double& f : m.frequency) f /= static_cast<double>(n);

  m.ece = expected_error(m.width);
  m.ece_adaptive = expected_error(m.mass);
  m.mce = maximum_error(m.width);
  m.classwise_ece =
      expected_error(m.classwise);  // every class's cells hold all n rows: the mean over classes
  m.overconfidence = excess / static_cast<double>(n);
  m.brier_mean = mean_of(m.brier);
  m.nll_mean = mean_of(m.nll);
  m.parts = brier_parts(m);
  return m;
}

BrierInfluence brier_influence(const Predictions& predictions, const CalibrationMeasures& m) {
  BrierInfluence out;
  Softmax softmax(predictions);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto p = softmax(i);
    double reliability = 0, resolution = 0, variance = 0, covariance = 0;
    for (int c = 0; c < predictions.classes; ++c) {
      const Cell& cell = m.class_cell(c, p[at(c)]);
      const double y = c == predictions.labels[i] ? 1 : 0;
      const double gap = cell.gap() / cell.count, rate = cell.hits / cell.count;
      const double mean = cell.forecast / cell.count, base = m.frequency[at(c)];
      // d/dε of sum gap²/count and of sum count (rate - base)², one row more.
      reliability += 2 * gap * (y - p[at(c)]) - gap * gap;
      resolution += (rate - base) * (rate - base) + 2 * (rate - base) * (y - rate);
      variance += (p[at(c)] - mean) * (p[at(c)] - mean);
      covariance += 2 * (p[at(c)] - mean) * (y - rate);
    }
    out.reliability.push_back(reliability);
    out.resolution.push_back(resolution);
    out.within_bin_variance.push_back(variance);
    out.within_bin_covariance.push_back(covariance);
  }
  const auto n = static_cast<double>(predictions.size());
  for (const Cell& cell : m.classwise)
    if (cell.count > 1)
      out.resolution_bias +=
          cell.hits * (cell.count - cell.hits) / cell.count / (cell.count - 1) / n;
  return out;
}

}  // namespace assay::stats
