#include "assay/stats/sampled_prediction.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

std::size_t top_of(std::span<const double> p) {
  return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

double mean_of(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

// Of the mean of `values`.
double error_of_mean(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(sum / (n - 1) / n);
}

std::size_t samples_of(std::span<const double> probabilities, int classes) {
  const auto k = static_cast<std::size_t>(classes);
  if (classes < 1 || probabilities.empty() || probabilities.size() % k != 0)
    throw BugError("samples of predictions that are not whole rows");
  return probabilities.size() / k;
}

}  // namespace

double entropy(std::span<const double> p) {
  double sum = 0;
  for (const double v : p)
    if (v > 0) sum -= v * std::log(v);
  return sum;
}

SampledPrediction summarise_samples(std::span<const double> probabilities, int classes) {
  const std::size_t samples = samples_of(probabilities, classes),
                    k = static_cast<std::size_t>(classes);
  const auto n = static_cast<double>(samples);
  const auto row = [&](std::size_t s) { return probabilities.subspan(s * k, k); };
  SampledPrediction all;
  all.samples = static_cast<std::int64_t>(samples);
  all.mean.assign(k, 0);
  all.deviation.assign(k, 0);
  std::vector<std::int64_t> votes(k, 0);
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t c = 0; c < k; ++c) all.mean[c] += row(s)[c] / n;
    all.expected_entropy += entropy(row(s)) / n;
    ++votes[top_of(row(s))];
  }
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t c = 0; c < k; ++c)
      all.deviation[c] += (row(s)[c] - all.mean[c]) * (row(s)[c] - all.mean[c]) / n;
  for (double& d : all.deviation) d = std::sqrt(d);
  all.predictive_entropy = entropy(all.mean);
  all.mutual_information = all.predictive_entropy - all.expected_entropy;
  all.decision = static_cast<int>(top_of(all.mean));
  all.confidence = all.mean[static_cast<std::size_t>(all.decision)];
  double second = k > 1 ? 0 : -INFINITY;
  for (std::size_t c = 0; c < k; ++c)
    if (static_cast<int>(c) != all.decision) second = std::max(second, all.mean[c]);
  all.margin = k > 1 ? all.confidence - second : all.confidence;
  all.variation_ratio = 1 - static_cast<double>(*std::max_element(votes.begin(), votes.end())) / n;
  all.disagreement = 1 - static_cast<double>(votes[static_cast<std::size_t>(all.decision)]) / n;
  if (samples > 1) {
    for (const double d : all.deviation)
      all.standard_error = std::max(all.standard_error, d / std::sqrt(n - 1));
    // Σ p log(p / p̄) of each sample: its mean is the mutual information, its spread that of the influence.
    std::vector<double> divergence;
    for (std::size_t s = 0; s < samples; ++s) {
      double sum = 0;
      for (std::size_t c = 0; c < k; ++c)
        if (row(s)[c] > 0) sum += row(s)[c] * std::log(row(s)[c] / all.mean[c]);
      divergence.push_back(sum);
    }
    all.information_error = error_of_mean(divergence);
  }
  return all;
}

ClassCovariance class_covariance(std::span<const double> probabilities, int classes) {
  const std::size_t samples = samples_of(probabilities, classes),
                    k = static_cast<std::size_t>(classes);
  const auto n = static_cast<double>(samples);
  std::vector<double> mean(k, 0);
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t c = 0; c < k; ++c) mean[c] += probabilities[s * k + c] / n;
  ClassCovariance all;
  all.epistemic.assign(k * k, 0);
  all.aleatoric.assign(k * k, 0);
  for (std::size_t s = 0; s < samples; ++s) {
    const auto p = probabilities.subspan(s * k, k);
    for (std::size_t a = 0; a < k; ++a) {
      all.aleatoric[a * k + a] += p[a] / n;
      for (std::size_t b = 0; b < k; ++b) {
        all.epistemic[a * k + b] += (p[a] - mean[a]) * (p[b] - mean[b]) / n;
        all.aleatoric[a * k + b] -= p[a] * p[b] / n;
      }
    }
  }
  return all;
}

Directions leading_directions(const ClassCovariance& covariance, int classes, int count) {
  const Eigen::Map<const Eigen::MatrixXd> matrix(covariance.epistemic.data(), classes, classes);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
  Directions all;
  for (int i = 0; i < std::min(count, classes); ++i) {
    Eigen::VectorXd v = solver.eigenvectors().col(classes - 1 - i);
    Eigen::Index most = 0;
    v.cwiseAbs().maxCoeff(&most);
    if (v(most) < 0) v = -v;
    all.variance.push_back(std::max(0.0, solver.eigenvalues()(classes - 1 - i)));
    all.direction.emplace_back(v.data(), v.data() + v.size());
  }
  return all;
}

}  // namespace assay::stats
