#include "training.h"

#include <algorithm>
#include <array>
#include <future>
#include <span>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/network/gradient.h"
#include "assay/network/torch.h"

namespace weld {

namespace {

constexpr std::int64_t kHalfBatch = 32;
constexpr double kPeakRate = 0.1;
constexpr double kWarmUp = 0.2;  // share of the steps
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 5e-4;
constexpr double kGainSpread = 0.1;
constexpr float kDefectWeight = 3;  // of a defect's pixel in the loss: there are few

std::vector<Sample> shuffled_samples(std::int64_t count, std::uint64_t seed, int epoch) {
  assay::Stream stream(seed, "weld epoch", static_cast<std::uint64_t>(epoch));
  std::vector<Sample> samples(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = {static_cast<std::int64_t>(i),
                  static_cast<float>(1 + kGainSpread * (2 * stream.uniform() - 1))};
  for (std::uint64_t i = samples.size(); i > 1; --i)
    std::swap(samples[i - 1], samples[stream.below(i)]);
  return samples;
}

// One of the two threads that share each batch out. The learned tensors' memory is shared; where
// their gradients gather and the running statistics are its own.
struct Worker {
  Task task;
  Parameters parameters;
  std::vector<at::Tensor> learned;

  struct Step {
    double loss;
    std::vector<at::Tensor> gradients;  // as `learned`
  };
  Step step(const TrainingSet& set, std::span<const Sample> samples, DropoutDraw draw) {
    at::set_num_threads(1);
    const Batch batch = make_batch(set, task, samples);
    const at::Tensor logits = forward_training(task, parameters, batch.pictures, draw);
    const at::Tensor weights =
        task == Task::kSegment ? at::tensor({1.0f, kDefectWeight}) : at::Tensor();
    const at::Tensor loss = at::cross_entropy_loss(logits, batch.targets, weights);
    return {loss.item<double>(), assay::network::gradients(loss, learned)};
  }
};

class Trainer {
 public:
  Trainer(Task task, const Parameters& parameters, std::uint64_t seed) : seed_(seed) {
    for (const auto& [name, tensor] : parameters) {
      if (!is_learned(name)) continue;
      learned_.push_back(tensor);
      velocity_.push_back(at::zeros_like(tensor));
    }
    for (Worker& worker : workers_) {
      worker.task = task;
      for (const auto& [name, tensor] : parameters) {
        worker.parameters[name] =
            is_learned(name) ? tensor.detach().requires_grad_(true) : tensor.clone();
        if (is_learned(name)) worker.learned.push_back(worker.parameters[name]);
      }
    }
  }

  // One step down the gradient of a batch of two halves; the mean loss.
  double step(const TrainingSet& set, std::span<const Sample> samples, double rate) {
    const auto half = samples.size() / 2;
    const std::uint64_t number = 2 * steps_++;
    auto other = std::async(std::launch::async, [&] {
      return workers_[1].step(set, samples.subspan(half), {seed_, number + 1});
    });
    const Worker::Step a = workers_[0].step(set, samples.first(half), {seed_, number});
    const Worker::Step b = other.get();
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < learned_.size(); ++i) {
      at::Tensor gradient = (a.gradients[i] + b.gradients[i]).mul_(0.5);
      if (learned_[i].dim() > 1) gradient.add_(learned_[i], kWeightDecay);
      velocity_[i].mul_(kMomentum).add_(gradient);
      learned_[i].sub_(gradient.add_(velocity_[i], kMomentum), rate);
    }
    return (a.loss + b.loss) / 2;
  }

  // The running statistics are linear in the batches' own, so the two workers' mean is that of all
  // batches.
  Parameters finished() const {
    Parameters all;
    for (const auto& [name, tensor] : workers_[0].parameters)
      all[name] =
          is_learned(name) ? tensor.detach() : (tensor + workers_[1].parameters.at(name)) / 2;
    return all;
  }

 private:
  std::uint64_t seed_, steps_ = 0;
  std::vector<at::Tensor> learned_, velocity_;
  std::array<Worker, 2> workers_;
};

// Rises linearly to the peak, then falls linearly to zero; `progress` in [0,1).
double learning_rate(double progress) {
  return kPeakRate * std::min(progress / kWarmUp, (1 - progress) / (1 - kWarmUp));
}

}  // namespace

Parameters train(const TrainingSet& set, const Training& training, const Report& report) {
  const std::int64_t steps = set.count / (2 * kHalfBatch);
  if (steps < 1)
    throw assay::InputError(
        "", "got " + std::to_string(set.count) + " pictures to train on, wanted 64 or more");
  Trainer trainer(training.task, make_parameters(training.task, training.seed), training.seed);
  for (int epoch = 0; epoch < training.epochs; ++epoch) {
    const std::vector<Sample> samples = shuffled_samples(set.count, training.seed, epoch);
    double loss = 0;
    for (std::int64_t i = 0; i < steps; ++i) {
      const double progress =
          (epoch + static_cast<double>(i) / static_cast<double>(steps)) / training.epochs;
      const std::span batch(samples.data() + i * 2 * kHalfBatch, 2 * kHalfBatch);
      loss += trainer.step(set, batch, learning_rate(progress));
    }
    report(epoch + 1, loss / static_cast<double>(steps));
  }
  return trainer.finished();
}

Score score(Task task, const Parameters& parameters, const TrainingSet& set) {
  const at::NoGradGuard no_grad;
  std::vector<Sample> samples(static_cast<std::size_t>(set.count));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i].picture = static_cast<std::int64_t>(i);
  Score score;
  for (std::size_t i = 0; i < samples.size(); i += 64) {
    const Batch batch = make_batch(
        set, task, std::span(samples).subspan(i, std::min<std::size_t>(64, samples.size() - i)));
    const at::Tensor answers = forward(task, parameters, batch.pictures).argmax(1);
    score.pictures += batch.targets.numel();
    score.right += answers.eq(batch.targets).sum().item<std::int64_t>();
    score.both += answers.mul(batch.targets).sum().item<std::int64_t>();
    score.either += answers.add(batch.targets).gt(0).sum().item<std::int64_t>();
  }
  return score;
}

}  // namespace weld
