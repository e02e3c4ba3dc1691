#include "assay/methods/attribution/score_cam.h"

#include "assay/methods/attribution/target.h"

namespace assay::methods {

namespace {

// Rows beyond the pictures asked about are padding and stay without weights.
std::int64_t pictures_of(const Question& question) {
  return static_cast<std::int64_t>(question.targets.size());
}

}  // namespace

at::Tensor ScoreCam::weights(const Question& question) {
  const at::Tensor value = layer_value(question);
  const at::Tensor pictures = channels_first(question.classifier, question.input);
  const std::int64_t channels = value.size(1);
  at::Tensor weights = at::zeros({value.size(0), channels});
  for (std::int64_t i = 0; i < pictures_of(question); ++i) {
    const at::Tensor own = pictures[i].unsqueeze(0).to(at::kFloat);
    const auto seen_through = [&](std::int64_t c) {
      const at::Tensor mask = at::upsample_bilinear2d(value[i][c].unsqueeze(0).unsqueeze(0),
                                                      pictures.sizes().slice(2), true);
      const at::Tensor low = mask.min(), range = mask.max() - low + 1e-8;
      return as_input(question.classifier,
                      (own * ((mask - low) / range)).to(question.input.scalar_type()));
    };
    const at::Tensor scores =
        scores_of_pictures(question.classifier, channels, seen_through,
                           question.targets[static_cast<std::size_t>(i)], Score::kLogit);
    weights[i].copy_(at::softmax(scores, 0));
  }
  return weights;
}

Attribution ScoreCam::explain(const Question& question, const Params&) {
  return {weighted_sum(layer_value(question), weights(question)), {}, {}};
}

at::Tensor AblationCam::weights(const Question& question) {
  const Cells cells(question);
  const at::NoGradGuard no_grad;
  const at::Tensor& value = question.value;
  const std::int64_t channels = cells.of(value).size(1), rows = question.classifier.micro_batch();
  at::Tensor weights = at::zeros({value.size(0), channels});
  for (std::int64_t i = 0; i < pictures_of(question); ++i) {
    const std::vector<std::int64_t> targets(static_cast<std::size_t>(rows),
                                            question.targets[static_cast<std::size_t>(i)]);
    const auto copies = [&](const at::Tensor& x) {
      std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end());
      sizes[0] = rows;
      return x.narrow(0, i, 1).expand(sizes).clone();
    };
    const at::Tensor input = copies(question.input);
    const auto scores = [&](const at::Tensor& activation) {
      return of_targets(question.classifier.logits_from(input, question.layer, activation),
                        targets);
    };
    const at::Tensor whole = scores(copies(value))[0];
    for (std::int64_t first = 0; first < channels; first += rows) {
      const std::int64_t count = std::min(rows, channels - first);
      at::Tensor without = copies(value);
      for (std::int64_t c = 0; c < count; ++c) cells.clear(without, c, first + c);
      const at::Tensor fallen = (whole - scores(without)) / whole;
      weights[i].narrow(0, first, count).copy_(fallen.narrow(0, 0, count));
    }
  }
  return weights;
}

Attribution AblationCam::explain(const Question& question, const Params&) {
  return {weighted_sum(layer_value(question), weights(question)), {}, {}};
}

}  // namespace assay::methods
