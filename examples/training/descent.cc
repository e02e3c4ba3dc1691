#include "descent.h"

#include <algorithm>
#include <future>

#include "assay/network/gradient.h"

namespace training {

namespace {

constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 5e-4;

}  // namespace

Descent::Descent(const Parameters& parameters) {
  for (const auto& [name, tensor] : parameters) {
    if (!is_learned(name)) continue;
    learned_.push_back(tensor);
    velocity_.push_back(at::zeros_like(tensor));
  }
  for (Half& half : halves_)
    for (const auto& [name, tensor] : parameters) {
      half.parameters[name] =
          is_learned(name) ? tensor.detach().requires_grad_(true) : tensor.clone();
      if (is_learned(name)) half.learned.push_back(half.parameters[name]);
    }
}

double Descent::step(const Loss& loss, double rate) {
  struct Done {
    double loss;
    std::vector<at::Tensor> gradients;  // as `learned_`
  };
  const auto done = [&](int which) -> Done {
    at::set_num_threads(1);
    Half& half = halves_[static_cast<std::size_t>(which)];
    const at::Tensor own = loss(half.parameters, which);
    return {own.item<double>(), assay::network::gradients(own, half.learned)};
  };
  auto other = std::async(std::launch::async, done, 1);
  const Done a = done(0), b = other.get();
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < learned_.size(); ++i) {
    at::Tensor gradient = (a.gradients[i] + b.gradients[i]).mul_(0.5);
    if (learned_[i].dim() > 1) gradient.add_(learned_[i], kWeightDecay);
    velocity_[i].mul_(kMomentum).add_(gradient);
    learned_[i].sub_(gradient.add_(velocity_[i], kMomentum), rate);
  }
  return (a.loss + b.loss) / 2;
}

Parameters Descent::finished() const {
  // The running statistics are linear in the batches' own, so the two halves' mean is that of all
  // batches.
  Parameters all;
  for (const auto& [name, tensor] : halves_[0].parameters)
    all[name] = is_learned(name) ? tensor.detach() : (tensor + halves_[1].parameters.at(name)) / 2;
  return all;
}

double learning_rate(double progress, double peak, double warm_up) {
  return peak * std::min(progress / warm_up, (1 - progress) / (1 - warm_up));
}

}  // namespace training
