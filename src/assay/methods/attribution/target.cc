#include "assay/methods/attribution/target.h"

#include <algorithm>
#include <limits>

#include "assay/base/error.h"
#include "assay/network/pass.h"

namespace assay::methods {

at::Tensor target_indices(std::span<const std::int64_t> targets, std::int64_t rows) {
  if (static_cast<std::int64_t>(targets.size()) > rows) throw BugError("more targets than rows");
  at::Tensor chosen = at::zeros({rows}, at::kLong);
  std::copy(targets.begin(), targets.end(), chosen.data_ptr<std::int64_t>());
  return chosen;
}

Score score_named(std::string_view name) {
  if (name == "logit") return Score::kLogit;
  if (name == "probability") return Score::kProbability;
  if (name == "margin") return Score::kMargin;
  throw BugError("no score " + std::string(name));
}

at::Tensor of_targets(const at::Tensor& logits, std::span<const std::int64_t> targets) {
  return logits.gather(1, target_indices(targets, logits.size(0)).unsqueeze(1)).squeeze(1);
}

at::Tensor scores_of(const at::Tensor& logits, std::span<const std::int64_t> targets, Score score) {
  const at::Tensor z = logits.to(at::kDouble),
                   chosen = target_indices(targets, z.size(0)).unsqueeze(1);
  const at::Tensor own = z.gather(1, chosen);
  switch (score) {
    case Score::kLogit:
      return own.squeeze(1);
    case Score::kProbability:
      return at::softmax(z, 1).gather(1, chosen).squeeze(1);
    case Score::kMargin:
      break;
  }
  if (z.size(1) < 2) return own.squeeze(1);
  const at::Tensor others =
      z.scatter(1, chosen, -std::numeric_limits<double>::infinity()).amax({1});
  return own.squeeze(1) - others;
}

at::Tensor scores_of_pictures(const network::Classifier& classifier, std::int64_t count,
                              const std::function<at::Tensor(std::int64_t)>& picture,
                              std::int64_t target, Score score) {
  const std::int64_t rows = classifier.micro_batch();
  at::Tensor scores = at::empty({count}, at::kDouble);
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t end = std::min(count, first + rows);
    std::vector<at::Tensor> pictures;
    for (std::int64_t i = first; i < end; ++i) pictures.push_back(picture(i));
    const std::vector<std::int64_t> targets(static_cast<std::size_t>(end - first), target);
    scores.narrow(0, first, end - first)
        .copy_(scores_of(classifier.forward(at::cat(pictures)).logits, targets, score));
  }
  return scores;
}

at::Tensor channels_first(const network::Classifier& classifier, const at::Tensor& input) {
  return classifier.input().layout == Layout::kNhwc ? input.permute({0, 3, 1, 2}) : input;
}

at::Tensor as_input(const network::Classifier& classifier, const at::Tensor& pictures) {
  return classifier.input().layout == Layout::kNhwc ? pictures.permute({0, 2, 3, 1}).contiguous()
                                                    : pictures.contiguous();
}

}  // namespace assay::methods
