// The number that a map explains, and many passes for it.
//
// A method that changes its picture many times (occlusion, Score-CAM, RISE) hands the changed
// copies over one by one: they run in micro-batches by the inference executor.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

enum class Score {
  kLogit,
  kProbability,  // softmax over the classes
  kMargin,       // the logit less the largest of the other classes'
};
inline constexpr std::string_view kScores = "logit|probability|margin";
Score score_named(std::string_view name);

// The targets as [rows] int64; padding rows have class 0.
at::Tensor target_indices(std::span<const std::int64_t> targets, std::int64_t rows);
// logits [N,K] of the rows' targets: [N].
at::Tensor of_targets(const at::Tensor& logits, std::span<const std::int64_t> targets);
// [N] float64
at::Tensor scores_of(const at::Tensor& logits, std::span<const std::int64_t> targets, Score score);

// The scores [count] float64 of the pictures `picture(i)` ([1,…] as the model takes it), i below
// `count`, all for one target. Cost: `count` forwards, in micro-batches.
at::Tensor scores_of_pictures(const network::Classifier& classifier, std::int64_t count,
                              const std::function<at::Tensor(std::int64_t)>& picture,
                              std::int64_t target, Score score);

// The input as [N,C,H,W], whatever the model's layout; a view. And back.
at::Tensor channels_first(const network::Classifier& classifier, const at::Tensor& input);
at::Tensor as_input(const network::Classifier& classifier, const at::Tensor& pictures);

}  // namespace assay::methods
