#include "assay/methods/attribution/rise.h"

#include "assay/base/seed.h"

namespace assay::methods {

namespace {

// [1,1,H,W] in 0–1
at::Tensor mask_of(const Question& question, std::size_t picture, std::int64_t sample,
                   const Rise::Params& params, std::int64_t height, std::int64_t width) {
  Stream stream(question.seed, "rise/" + question.pictures.at(picture),
                static_cast<std::uint64_t>(sample));
  const std::int64_t n = params.cells + 1;  // one more, to be shifted out of
  at::Tensor grid = at::empty({1, 1, n, n});
  for (std::int64_t i = 0; i < n * n; ++i)
    grid.data_ptr<float>()[i] = stream.uniform() < params.visible ? 1.0F : 0.0F;
  const std::int64_t cell_height = (height + params.cells - 1) / params.cells;
  const std::int64_t cell_width = (width + params.cells - 1) / params.cells;
  const at::Tensor large =
      at::upsample_bilinear2d(grid, {n * cell_height, n * cell_width}, /*align_corners=*/false);
  const auto top = static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(cell_height)));
  const auto left = static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(cell_width)));
  return large.slice(2, top, top + height).slice(3, left, left + width);
}

}  // namespace

Attribution Rise::explain(const Question& question, const Params& params) {
  const at::Tensor pictures = channels_first(question.classifier, question.input).to(at::kFloat);
  const std::int64_t height = pictures.size(2), width = pictures.size(3);
  const Score score = score_named(params.score);
  at::Tensor map = at::zeros({pictures.size(0), height, width});
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const at::Tensor picture = pictures.narrow(0, static_cast<std::int64_t>(i), 1);
    const auto mask = [&](std::int64_t sample) {
      return mask_of(question, i, sample, params, height, width);
    };
    const at::Tensor scores = scores_of_pictures(
        question.classifier, params.samples,
        [&](std::int64_t sample) {
          return as_input(question.classifier,
                          (picture * mask(sample)).to(question.input.scalar_type()));
        },
        question.targets[i], score);
    const at::Tensor centred = scores - scores.mean();
    at::Tensor sum = at::zeros({height, width}, at::kDouble);
    for (std::int64_t sample = 0; sample < params.samples; ++sample)
      sum += (mask(sample)[0][0] - params.visible) * centred[sample].item<double>();
    map[static_cast<std::int64_t>(i)].copy_(
        sum / (params.samples * params.visible * (1 - params.visible)));
  }
  return {map, {}, {}};
}

}  // namespace assay::methods
