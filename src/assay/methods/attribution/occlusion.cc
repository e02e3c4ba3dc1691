#include "assay/methods/attribution/occlusion.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

// Where covers begin along a side: at multiples of the stride, until one reaches the border.
std::vector<std::int64_t> starts(std::int64_t side, std::int64_t window, std::int64_t stride) {
  std::vector<std::int64_t> all = {0};
  while (all.back() + window < side) all.push_back(all.back() + stride);
  return all;
}

struct Cover {
  std::int64_t top, left, height, width;
};

std::vector<Cover> covers(std::int64_t height, std::int64_t width, std::int64_t window,
                          std::int64_t stride) {
  std::vector<Cover> all;
  for (const std::int64_t y : starts(height, window, stride))
    for (const std::int64_t x : starts(width, window, stride))
      all.push_back({y, x, std::min(window, height - y), std::min(window, width - x)});
  return all;
}

at::Tensor part(const at::Tensor& pixels, const Cover& c) {
  return pixels.slice(-2, c.top, c.top + c.height).slice(-1, c.left, c.left + c.width);
}

// Of one picture [1,C,H,W] and one size of cover: [H,W] float64.
at::Tensor map_of(const Question& question, const at::Tensor& picture, const at::Tensor& covering,
                  std::int64_t target, Score score, std::int64_t window, std::int64_t stride) {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  const std::vector<Cover> all = covers(height, width, window, stride);
  // The first pass is the whole picture's.
  const auto changed = [&](std::int64_t i) {
    at::Tensor copy = picture.clone();
    if (i > 0) {
      const Cover& c = all[static_cast<std::size_t>(i - 1)];
      part(copy, c).copy_(part(covering, c));
    }
    return as_input(question.classifier, copy.to(question.input.scalar_type()));
  };
  const at::Tensor scores = scores_of_pictures(
      question.classifier, static_cast<std::int64_t>(all.size()) + 1, changed, target, score);
  const double* s = scores.data_ptr<double>();
  at::Tensor lost = at::zeros({height, width}, at::kDouble), times = lost.clone();
  for (std::size_t i = 0; i < all.size(); ++i) {
    part(lost, all[i]) += s[0] - s[i + 1];
    part(times, all[i]) += 1;
  }
  return lost / times;
}

}  // namespace

std::vector<std::int64_t> Occlusion::windows(const Params& params, std::int64_t height,
                                             std::int64_t width) {
  const std::int64_t shorter = std::min(height, width);
  if (params.window_px > 0) {
    if (params.window_px > shorter)
      throw InputError("window_px", std::to_string(params.window_px) +
                                        " px is larger than the model's input of " +
                                        std::to_string(width) + "x" + std::to_string(height));
    return {params.window_px};
  }
  std::vector<std::int64_t> sides;
  for (std::size_t from = 0; from <= params.sizes.size();) {
    const std::size_t end = std::min(params.sizes.find(',', from), params.sizes.size());
    const std::string text = params.sizes.substr(from, end - from);
    char* rest = nullptr;
    const double share = std::strtod(text.c_str(), &rest);
    if (text.empty() || *rest != '\0' || !(share > 0 && share <= 1))
      throw InputError("sizes", "\"" + text +
                                    "\" is no share of the picture's side; wanted numbers above 0 "
                                    "and at most 1, such as 0.1,0.2,0.3");
    sides.push_back(std::max<std::int64_t>(1, std::llround(share * static_cast<double>(shorter))));
    from = end + 1;
  }
  return sides;
}

Attribution Occlusion::explain(const Question& question, const Params& params) {
  const at::Tensor pictures = channels_first(question.classifier, question.input).to(at::kFloat);
  const at::Tensor covering = baseline_of(question.classifier, pictures, params.cover);
  const Score score = score_named(params.score);
  const auto sides = windows(params, pictures.size(2), pictures.size(3));
  at::Tensor map = at::zeros({pictures.size(0), pictures.size(2), pictures.size(3)});
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    at::Tensor sum = at::zeros({pictures.size(2), pictures.size(3)}, at::kDouble);
    for (const std::int64_t window : sides) {
      const std::int64_t stride =
          params.stride_px > 0 ? params.stride_px : std::max<std::int64_t>(1, window / 2);
      if (stride > window)
        throw InputError("stride_px", std::to_string(stride) +
                                          " px leaves pixels between covers of " +
                                          std::to_string(window) + " px uncovered");
      sum += map_of(question, pictures.narrow(0, row, 1), covering.narrow(0, row, 1),
                    question.targets[i], score, window, stride);
    }
    map[row].copy_(sum / static_cast<double>(sides.size()));
  }
  return {map, {}, {}};
}

}  // namespace assay::methods
