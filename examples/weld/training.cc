#include "training.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "../training/descent.h"
#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace weld {

namespace {

constexpr std::int64_t kHalfBatch = 32;
constexpr double kPeakRate = 0.1;
constexpr double kWarmUp = 0.2;  // share of the steps
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

at::Tensor loss_of(Task task, Parameters& parameters, const Batch& batch, DropoutDraw draw) {
  const at::Tensor logits = forward_training(task, parameters, batch.pictures, draw);
  const at::Tensor weights =
      task == Task::kSegment ? at::tensor({1.0f, kDefectWeight}) : at::Tensor();
  return at::cross_entropy_loss(logits, batch.targets, weights);
}

}  // namespace

Parameters train(const TrainingSet& set, const Training& wanted, const Report& report) {
  const std::int64_t steps = set.count / (2 * kHalfBatch);
  if (steps < 1)
    throw assay::InputError(
        "", "got " + std::to_string(set.count) + " pictures to train on, wanted 64 or more");
  training::Descent descent(make_parameters(wanted.task, wanted.seed));
  std::uint64_t half_batches = 0;
  for (int epoch = 0; epoch < wanted.epochs; ++epoch) {
    const std::vector<Sample> samples = shuffled_samples(set.count, wanted.seed, epoch);
    double loss = 0;
    for (std::int64_t i = 0; i < steps; ++i) {
      const double progress =
          (epoch + static_cast<double>(i) / static_cast<double>(steps)) / wanted.epochs;
      const auto loss_of_half = [&](Parameters& parameters, int half) {
        const std::span own(samples.data() + (2 * i + half) * kHalfBatch, kHalfBatch);
        return loss_of(wanted.task, parameters, make_batch(set, wanted.task, own),
                       {wanted.seed, half_batches + static_cast<std::uint64_t>(half)});
      };
      loss += descent.step(loss_of_half, training::learning_rate(progress, kPeakRate, kWarmUp));
      half_batches += 2;
    }
    report(epoch + 1, loss / static_cast<double>(steps));
  }
  return descent.finished();
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
