#include "assay/stats/predictions.h"

#include <Eigen/Core>
#include <cmath>
#include <limits>

namespace assay::stats {

int top_class(std::span<const float> scores) {
  std::size_t top = 0;
  for (std::size_t c = 1; c < scores.size(); ++c)
    if (scores[c] > scores[top]) top = c;
  return static_cast<int>(top);
}

struct Softmax::Work {
  Eigen::ArrayXd depth, probability;  // depth: logit minus the largest
  double beta = 1, log_sum = 0;
  bool as_given = false;
};

Softmax::Softmax(const Predictions& predictions)
    : predictions_(predictions), work_(std::make_unique<Work>()) {
  work_->depth.resize(predictions.classes);
  work_->probability.resize(predictions.classes);
}

Softmax::~Softmax() = default;

std::span<const double> Softmax::operator()(std::size_t row, double beta) {
  const auto& scores = predictions_.rows[row];
  Work& w = *work_;
  const std::span<const double> answer(w.probability.data(), scores.size());
  w.as_given = predictions_.scores == Scores::kProbabilities && beta == 1;
  w.beta = beta;
  if (w.as_given) {
    for (std::size_t c = 0; c < scores.size(); ++c) w.probability.data()[c] = scores[c];
    return answer;
  }
  for (std::size_t c = 0; c < scores.size(); ++c) w.depth.data()[c] = scores[c];
  if (predictions_.scores == Scores::kProbabilities) w.depth = w.depth.log();
  w.depth -= w.depth.maxCoeff();
  w.probability = (beta * w.depth).exp();
  const double sum = w.probability.sum();
  w.log_sum = std::log(sum);
  w.probability /= sum;
  return answer;
}

double Softmax::log_probability(int c) const {
  const Work& w = *work_;
  if (w.as_given) return std::log(w.probability[c]);
  const double depth = w.depth[c];
  return depth == -std::numeric_limits<double>::infinity() ? depth : w.beta * depth - w.log_sum;
}

}  // namespace assay::stats
