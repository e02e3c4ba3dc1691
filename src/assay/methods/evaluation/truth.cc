#include "assay/methods/evaluation/truth.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

// The margin of each pixel [h,w] float64, 0 where nothing is judged; `judged` says where.
at::Tensor pixel_margins(const at::Tensor& answer, const at::Tensor& mask) {
  const at::Tensor index = mask.clamp_min(0).unsqueeze(0);
  const at::Tensor own = answer.gather(0, index)[0];
  const at::Tensor others = answer.scatter(0, index, -INFINITY);
  return (own - std::get<0>(others.max(0))).to(at::kDouble);
}

void check(const at::Tensor& answers, const std::vector<Truth>& truths) {
  bool fits = answers.size(0) == static_cast<std::int64_t>(truths.size());
  for (const Truth& t : truths)
    fits = fits && (answers.dim() == 2 ? t.label >= 0 : t.mask.defined());
  if (!fits) throw BugError("answers without their truths");
}

std::vector<std::int64_t> labels_of(const std::vector<Truth>& truths) {
  std::vector<std::int64_t> labels;
  for (const Truth& t : truths) labels.push_back(t.label);
  return labels;
}

}  // namespace

at::Tensor fitted(const at::Tensor& mask, const at::Tensor& answer) {
  if (mask.size(0) == answer.size(1) && mask.size(1) == answer.size(2)) return mask;
  return at::upsample_nearest2d(mask.to(at::kFloat).unsqueeze(0).unsqueeze(0),
                                {answer.size(1), answer.size(2)})[0][0]
      .to(at::kLong);
}

at::Tensor answers_of(const network::Classifier& classifier, const at::Tensor& input, bool slopes) {
  if (classifier.output().kind == OutputKind::kSegmentation)
    return classifier.pixel_logits(input, slopes);
  return slopes ? classifier.logits(input) : classifier.forward(input).logits;
}

at::Tensor answers_to_pixels(const network::Classifier& classifier, const at::Tensor& pixels,
                             bool slopes) {
  at::Tensor input = model_input(classifier, pixels);
  if (!slopes && classifier.input_size().uint8)
    input = at::round(input).clamp(0, 255).to(at::kByte);
  return answers_of(classifier, input, slopes);
}

Overlap overlap_of(const at::Tensor& answer, const at::Tensor& truth_mask) {
  const at::Tensor mask = fitted(truth_mask, answer);
  const at::Tensor judged = mask.ge(0), said = answer.argmax(0);
  Overlap overlap;
  for (std::int64_t k = 0; k < answer.size(0); ++k) {
    const at::Tensor truth = mask.eq(k), here = at::logical_and(said.eq(k), judged);
    overlap.truth.push_back(truth.sum().item<std::int64_t>());
    overlap.answer.push_back(here.sum().item<std::int64_t>());
    overlap.both.push_back(at::logical_and(truth, here).sum().item<std::int64_t>());
  }
  return overlap;
}

double mean_iou(const Overlap& o) {
  double sum = 0;
  int classes = 0;
  for (std::size_t k = 0; k < o.truth.size(); ++k) {
    const std::int64_t either = o.truth[k] + o.answer[k] - o.both[k];
    if (either == 0) continue;
    sum += static_cast<double>(o.both[k]) / static_cast<double>(either);
    ++classes;
  }
  return classes > 0 ? sum / classes : 1;
}

Judged judged(const at::Tensor& answers, const std::vector<Truth>& truths) {
  check(answers, truths);
  Judged all;
  const at::NoGradGuard no_grad;
  if (answers.dim() == 2) {
    const at::Tensor margins = scores_of(answers, labels_of(truths), Score::kMargin).contiguous();
    const at::Tensor said = answers.argmax(1);
    for (std::size_t i = 0; i < truths.size(); ++i) {
      all.margin.push_back(margins.data_ptr<double>()[i]);
      all.score.push_back(said[static_cast<std::int64_t>(i)].item<std::int64_t>() ==
                          truths[i].label);
    }
    return all;
  }
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const at::Tensor answer = answers[static_cast<std::int64_t>(i)];
    all.score.push_back(mean_iou(overlap_of(answer, truths[i].mask)));
    const at::Tensor mask = fitted(truths[i].mask, answer);
    const at::Tensor margins = pixel_margins(answer, mask).masked_select(mask.ge(0));
    all.margin.push_back(margins.numel() > 0 ? margins.mean().item<double>() : 0);
  }
  return all;
}

at::Tensor losses_of(const at::Tensor& answers, const std::vector<Truth>& truths, double scale) {
  check(answers, truths);
  if (answers.dim() == 2)
    return at::sigmoid(-scores_of(answers, labels_of(truths), Score::kMargin) / scale);
  std::vector<at::Tensor> losses;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const at::Tensor answer = answers[static_cast<std::int64_t>(i)];
    const at::Tensor mask = fitted(truths[i].mask, answer);
    const at::Tensor wrong = at::sigmoid(-pixel_margins(answer, mask) / scale);
    std::vector<at::Tensor> classes;
    for (std::int64_t k = 0; k < answers.size(1); ++k)
      if (const at::Tensor where = mask.eq(k); where.any().item<bool>())
        classes.push_back(wrong.masked_select(where).mean());
    losses.push_back(classes.empty() ? wrong.sum() * 0 : at::stack(classes).mean());
  }
  return at::stack(losses);
}

Judged judged_inputs(const network::Classifier& classifier, std::size_t count,
                     const std::function<InputWithTruth(std::size_t)>& make) {
  const auto rows = static_cast<std::size_t>(classifier.micro_batch());
  Judged all;
  for (std::size_t first = 0; first < count; first += rows) {
    std::vector<at::Tensor> batch;
    std::vector<Truth> truths;
    for (std::size_t i = first; i < std::min(first + rows, count); ++i) {
      InputWithTruth made = make(i);
      batch.push_back(std::move(made.input));
      truths.push_back(std::move(made.truth));
    }
    while (batch.size() < rows) batch.push_back(batch.back());
    at::Tensor input = at::cat(batch);
    if (classifier.input_size().uint8 && input.scalar_type() != at::kByte)
      input = at::round(input).clamp(0, 255).to(at::kByte);
    const auto kept = static_cast<std::int64_t>(truths.size());
    const Judged part = judged(answers_of(classifier, input).narrow(0, 0, kept), truths);
    all.score.insert(all.score.end(), part.score.begin(), part.score.end());
    all.margin.insert(all.margin.end(), part.margin.begin(), part.margin.end());
  }
  return all;
}

}  // namespace assay::methods
