#include "assay/stats/temperature.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "assay/base/seed.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"

namespace assay::stats {

namespace {

constexpr double kSmallestBeta = 1e-4, kLargestBeta = 1e4;

// Derivatives of one row's loss -ln softmax(β z)_label in β. Logits enter as depths below the
// largest one.
class RowLoss {
 public:
  explicit RowLoss(const Predictions& predictions)
      : predictions_(predictions), depth_(predictions.classes), weight_(predictions.classes) {}

  struct Slopes {
    double first, second;
    bool top_is_label = false;
  };
  Slopes operator()(std::size_t row, double beta) {
    const auto& scores = predictions_.rows[row];
    for (std::size_t c = 0; c < scores.size(); ++c) depth_.data()[c] = scores[c];
    if (predictions_.scores == Scores::kProbabilities) depth_ = depth_.log();
    // A depth of -infinity weighs nothing, but 0 × infinity is no number.
    depth_ = (depth_ - depth_.maxCoeff()).max(-1e7);
    if (beta == 0)
      weight_.setOnes();
    else
      weight_ = (beta * depth_).exp();
    const double sum = weight_.sum();
    weight_ *= depth_;
    const double mean = weight_.sum() / sum;
    weight_ *= depth_;
    const double square = weight_.sum() / sum;
    const double label = depth_[predictions_.labels[row]];
    return {mean - label, std::max(0.0, square - mean * mean), label == 0};
  }

 private:
  const Predictions& predictions_;
  Eigen::ArrayXd depth_, weight_;
};

struct BetaFit {
  double beta = 1;
  std::string problem;
};

constexpr const char* kZero = "every label is its row's top class: the best temperature is 0";
constexpr const char* kInfinite =
    "the labels fit best without any confidence: the best temperature is infinite";

struct Sum {
  double first = 0, second = 0;
  bool separable = true;  // every label is its row's top class
  void add(const RowLoss::Slopes& s) {
    first += s.first;
    second += s.second;
    separable = separable && s.top_is_label;
  }
};

// The rows that a fit sees: all, or all but those of one fold.
struct Subset {
  std::span<const int> fold;
  int left_out = -1;
  bool operator()(std::size_t row) const { return fold.empty() || fold[row] != left_out; }
};

// The sums of several subsets at one β, in one pass.
std::vector<Sum> sums_at(const Predictions& predictions, const std::vector<Subset>& subsets,
                         double beta) {
  RowLoss loss(predictions);
  std::vector<Sum> sums(subsets.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (std::none_of(subsets.begin(), subsets.end(), [&](const Subset& s) { return s(i); }))
      continue;
    const auto slopes = loss(i, beta);
    for (std::size_t k = 0; k < subsets.size(); ++k)
      if (subsets[k](i)) sums[k].add(slopes);
  }
  return sums;
}

// Newton's method from `beta`, where the sums are `sum`.
BetaFit descend(const Predictions& predictions, const Subset& subset, double beta, Sum sum) {
  double low = 0, high = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 200; ++step) {
    if (sum.first == 0) return {beta, ""};
    (sum.first < 0 ? low : high) = beta;
    double next = sum.second > 0 ? beta - sum.first / sum.second : (sum.first < 0 ? high : low);
    if (std::abs(next - beta) <= 1e-9 * beta)
      return {next, ""};  // the next step would be its square
    next = std::clamp(next, beta / 8, beta * 8);
    if (next <= low || next >= high) next = (low + high) / 2;
    if (next > kLargestBeta) return {1, kZero};
    if (next < kSmallestBeta) return {1, kInfinite};
    beta = next;
    sum = sums_at(predictions, {subset}, beta).front();
  }
  return {1, "the fit did not settle"};
}

std::vector<BetaFit> fit_betas(const Predictions& predictions, const std::vector<Subset>& subsets,
                               double start) {
  // The loss falls for ever where every label is on top, and rises from the start where its slope
  // at 0 is not negative; between the two there is one minimum.
  const auto at_zero = sums_at(predictions, subsets, 0),
             at_start = sums_at(predictions, subsets, start);
  std::vector<BetaFit> fits;
  for (std::size_t k = 0; k < subsets.size(); ++k) {
    if (at_zero[k].second == 0)
      fits.push_back({1, "the scores of a row's classes are all equal"});
    else if (at_zero[k].first >= 0)
      fits.push_back({1, kInfinite});
    else if (at_zero[k].separable)
      fits.push_back({1, kZero});
    else
      fits.push_back(descend(predictions, subsets[k], start, at_start[k]));
  }
  return fits;
}

// Where to start from: the fit of every k-th row where there are many, which saves passes over all
// of them.
double start_for(const Predictions& predictions) {
  constexpr std::size_t kMany = 10000, kSample = 2000;
  if (predictions.size() < kMany) return 1;
  Predictions sample;
  sample.classes = predictions.classes;
  sample.scores = predictions.scores;
  const std::size_t step = predictions.size() / kSample;
  for (std::size_t i = 0; i < predictions.size(); i += step) {
    sample.rows.push_back(predictions.rows[i]);
    sample.labels.push_back(predictions.labels[i]);
  }
  const BetaFit fit = fit_betas(sample, {Subset{}}, 1).front();
  return fit.problem.empty() ? fit.beta : 1;
}

std::string impossible(const Predictions& predictions) {
  if (predictions.size() < 2) return "fewer than two rows";
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const float score = predictions.rows[i][static_cast<std::size_t>(predictions.labels[i])];
    const bool zero =
        predictions.scores == Scores::kProbabilities ? !(score > 0) : std::isinf(score);
    if (zero) return "a label has probability 0, which no temperature mends";
  }
  return "";
}

// Each row's fold; whole clusters, as equal in number as can be. Empty: fewer units than twice the
// folds.
std::vector<int> folds_of(const Predictions& predictions, const Folds& folds) {
  Clusters units;
  if (predictions.clusters.empty()) {
    units.count = predictions.size();
    units.of_row.resize(units.count);
    std::iota(units.of_row.begin(), units.of_row.end(), std::size_t{0});
  } else {
    units = renumbered(predictions.clusters);
  }
  if (units.count < 2 * static_cast<std::size_t>(folds.count)) return {};
  std::vector<std::size_t> order(units.count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Stream stream(folds.seed, "temperature/folds");
  for (std::size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[stream.below(i + 1)]);
  std::vector<int> of_unit(units.count);
  for (std::size_t i = 0; i < order.size(); ++i)
    of_unit[order[i]] = static_cast<int>(i % static_cast<std::size_t>(folds.count));
  std::vector<int> of_row;
  for (const std::size_t u : units.of_row) of_row.push_back(of_unit[u]);
  return of_row;
}

}  // namespace

TemperatureFit fit_temperature(const Predictions& predictions) {
  TemperatureFit out;
  out.problem = impossible(predictions);
  if (!out.ok()) return out;
  const BetaFit fit = fit_betas(predictions, {Subset{}}, start_for(predictions)).front();
  out.problem = fit.problem;
  if (!out.ok()) return out;
  out.temperature = 1 / fit.beta;

  // Sandwich: the mean slope's standard error over the mean curvature, and dT = T² dβ.
  RowLoss loss(predictions);
  std::vector<double> slopes;
  double curvature = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto s = loss(i, fit.beta);
    slopes.push_back(s.first);
    curvature += s.second;
  }
  curvature /= static_cast<double>(predictions.size());
  const MeanError slope = mean_error(slopes, predictions.clusters);
  out.standard_error = slope.standard_error / curvature * out.temperature * out.temperature;
  out.degrees_of_freedom = slope.degrees_of_freedom;
  return out;
}

CrossValidated cross_validate(const Predictions& predictions, const TemperatureFit& all,
                              const Folds& folds) {
  CrossValidated out;
  out.problem = all.problem;
  if (!out.ok()) return out;
  const std::vector<int> fold = folds_of(predictions, folds);
  if (fold.empty()) {
    out.problem = "too few rows, or clusters, for " + std::to_string(folds.count) + " folds";
    return out;
  }
  std::vector<Subset> training;
  for (int f = 0; f < folds.count; ++f) training.push_back({fold, f});
  const auto fits = fit_betas(predictions, training, 1 / all.temperature);
  for (std::size_t f = 0; f < fits.size(); ++f) {
    if (!fits[f].problem.empty()) {
      out.problem = "without fold " + std::to_string(f) + ": " + fits[f].problem;
      return out;
    }
    out.temperature.push_back(1 / fits[f].beta);
  }
  Softmax softmax(predictions);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto p = softmax(i, fits[static_cast<std::size_t>(fold[i])].beta);
    const int top = top_class(predictions.rows[i]);
    out.top.confidence.push_back(p[static_cast<std::size_t>(top)]);
    out.top.hit.push_back(top == predictions.labels[i]);
    out.nll.push_back(-softmax.log_probability(predictions.labels[i]));
  }
  return out;
}

}  // namespace assay::stats
