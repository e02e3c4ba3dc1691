#include "assay/stats/predictions.h"

#include <cmath>
#include <limits>

namespace assay::stats {

int top_class(std::span<const float> scores) {
  std::size_t top = 0;
  for (std::size_t c = 1; c < scores.size(); ++c)
    if (scores[c] > scores[top]) top = c;
  return static_cast<int>(top);
}

Softmax::Softmax(const Predictions& predictions)
    : predictions_(predictions), depth_(predictions.classes), probability_(predictions.classes) {}

std::span<const double> Softmax::operator()(std::size_t row, double beta) {
  const auto& scores = predictions_.rows[row];
  const auto n = static_cast<std::size_t>(predictions_.classes);
  as_given_ = predictions_.scores == Scores::kProbabilities && beta == 1;
  beta_ = beta;
  if (as_given_) {
    for (std::size_t c = 0; c < n; ++c) probability_[static_cast<Eigen::Index>(c)] = scores[c];
    return {probability_.data(), n};
  }
  for (std::size_t c = 0; c < n; ++c) depth_[static_cast<Eigen::Index>(c)] = scores[c];
  if (predictions_.scores == Scores::kProbabilities) depth_ = depth_.log();
  depth_ -= depth_.maxCoeff();
  probability_ = (beta * depth_).exp();
  const double sum = probability_.sum();
  log_sum_ = std::log(sum);
  probability_ /= sum;
  return {probability_.data(), n};
}

double Softmax::log_probability(int c) const {
  if (as_given_) return std::log(probability_[c]);
  return depth_[c] == -std::numeric_limits<double>::infinity() ? depth_[c]
                                                               : beta_ * depth_[c] - log_sum_;
}

}  // namespace assay::stats
