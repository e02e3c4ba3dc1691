#include "assay/methods/attribution/integrated_gradients.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/base/error.h"
#include "assay/methods/attribution/input_gradient.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/pass.h"
#include "assay/stats/quadrature.h"

namespace assay::methods {

namespace {

constexpr int kMostSteps = 4096;
// Straight-through gradients are no derivative, and their integral no rise, however fine the steps.
constexpr double kHelps = 0.8;
constexpr int kMostInVain = 2;

stats::Quadrature rule_of(const std::string& name, int steps) {
  return name == "trapezoid" ? stats::trapezoid(steps) : stats::gauss_legendre(steps);
}

// The mean gradient along the path, [1,C,H,W]; the points of one picture share micro-batches.
at::Tensor mean_gradient(const network::Classifier& classifier, const at::Tensor& from,
                         const at::Tensor& rise, std::int64_t target,
                         const stats::Quadrature& rule) {
  const auto rows = static_cast<std::size_t>(classifier.micro_batch());
  at::Tensor sum = at::zeros(rise.sizes(), at::kDouble);
  for (std::size_t first = 0; first < rule.nodes.size(); first += rows) {
    // The kernels see whole micro-batches; points beyond the last weigh nothing.
    at::Tensor nodes = at::zeros({static_cast<std::int64_t>(rows)}), weights = nodes.clone();
    for (std::size_t s = first; s < std::min(rule.nodes.size(), first + rows); ++s) {
      nodes.data_ptr<float>()[s - first] = static_cast<float>(rule.nodes[s]);
      weights.data_ptr<float>()[s - first] = static_cast<float>(rule.weights[s]);
    }
    const at::Tensor points = from + rise * nodes.reshape({-1, 1, 1, 1});
    const std::vector<std::int64_t> targets(rows, target);
    const at::Tensor gradients = input_gradient(classifier, as_input(classifier, points), targets);
    sum += at::mv(gradients.flatten(1).t(), weights).reshape(sum.sizes());
  }
  return sum;
}

// What each map should sum to, [N] float64: both ends in one pass.
at::Tensor rises(const network::Classifier& classifier, const at::Tensor& pictures,
                 const at::Tensor& baselines, const std::vector<std::int64_t>& targets) {
  const auto count = static_cast<std::int64_t>(targets.size());
  const at::Tensor ends = at::cat({pictures.narrow(0, 0, count), baselines.narrow(0, 0, count)});
  std::vector<std::int64_t> twice = targets;
  twice.insert(twice.end(), targets.begin(), targets.end());
  const at::Tensor logits =
      scores_of(classifier.forward(as_input(classifier, ends)).logits, twice, Score::kLogit);
  return logits.narrow(0, 0, count) - logits.narrow(0, count, count);
}

}  // namespace

Attribution IntegratedGradients::explain(const Question& question, const Params& params) {
  const network::Classifier& classifier = question.classifier;
  const at::Tensor pictures = channels_first(classifier, question.input).to(at::kFloat);
  const at::Tensor baselines = baseline_of(question, pictures, params.baseline);
  const at::Tensor promised = rises(classifier, pictures, baselines, question.targets);
  at::Tensor channels = at::zeros_like(pictures);
  std::vector<double> gaps(static_cast<std::size_t>(pictures.size(0)), 0);
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const at::Tensor from = baselines.narrow(0, row, 1);
    const at::Tensor rise = pictures.narrow(0, row, 1) - from;
    const double total = promised[row].item<double>();
    double smallest = std::numeric_limits<double>::infinity();
    int in_vain = 0;  // doublings in a row that hardly helped
    for (int steps = params.steps;; steps = std::min(2 * steps, kMostSteps)) {
      const at::Tensor own = rise * mean_gradient(classifier, from, rise, question.targets[i],
                                                  rule_of(params.rule, steps));
      gaps[i] = std::abs(own.sum().item<double>() - total) / std::max(std::abs(total), 1e-12);
      channels[row].copy_(own[0]);
      in_vain = gaps[i] < kHelps * smallest ? 0 : in_vain + 1;
      smallest = std::min(smallest, gaps[i]);
      if (!(params.tolerance > 0) || !(gaps[i] > params.tolerance) || steps == kMostSteps ||
          in_vain == kMostInVain)
        break;
    }
  }
  Attribution attribution = of_channels(channels);
  attribution.gaps = std::move(gaps);
  return attribution;
}

}  // namespace assay::methods
