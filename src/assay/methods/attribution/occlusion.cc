#include "assay/methods/attribution/occlusion.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/methods/attribution/cover.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

// The scores [covers] of one picture covered, and of the clean one. Patches have one size: that of a
// cover which the border cuts reaches further in, and shows the picture there.
struct Scores {
  double clean = 0;
  at::Tensor covered;  // float64
};
Scores scores_of_covers(const Question& question, const at::Tensor& picture, std::int64_t target,
                        Score score, const Showing& shows, std::int64_t window,
                        const std::vector<Cover>& all) {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  const at::Tensor input = as_input(question.classifier, picture);
  const at::Tensor clean = question.classifier.forward(input).logits;
  std::vector<network::Place> places;
  for (const Cover& c : all)
    places.push_back({std::min(c.top, height - window), std::min(c.left, width - window)});
  std::vector<bool> unchanged(all.size());
  const auto pixels = [&](std::size_t i) {
    const network::Place& at = places[i];
    const Cover& c = all[i];
    const at::Tensor shown = shows(c);
    unchanged[i] = at::equal(shown, hidden_by(c, picture));
    at::Tensor made = hidden_by({at.top, at.left, window, window}, picture).clone();
    hidden_by({c.top - at.top, c.left - at.left, c.height, c.width}, made).copy_(shown);
    return made;
  };
  at::Tensor logits =
      question.classifier.patched_logits(input, {window, window}, places, pixels).clone();
  // What changes no pixel changes nothing, to the last bit.
  for (std::size_t i = 0; i < all.size(); ++i)
    if (unchanged[i]) logits[static_cast<std::int64_t>(i)].copy_(clean[0]);
  const std::vector<std::int64_t> targets(all.size(), target);
  return {scores_of(clean, {&target, 1}, score)[0].item<double>(),
          scores_of(logits, targets, score)};
}

// Of one picture [1,C,H,W] as the model takes it and one size of cover: [H,W] float64.
at::Tensor map_of(const Question& question, const at::Tensor& picture, std::int64_t target,
                  Score score, const Showing& shows, std::int64_t window, std::int64_t stride) {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  const std::vector<Cover> all = covers_of(height, width, window, stride);
  const Scores scores = scores_of_covers(question, picture, target, score, shows, window, all);
  const double* covered = scores.covered.data_ptr<double>();
  at::Tensor lost = at::zeros({height, width}, at::kDouble), times = lost.clone();
  for (std::size_t i = 0; i < all.size(); ++i) {
    hidden_by(all[i], lost) += scores.clean - covered[i];
    hidden_by(all[i], times) += 1;
  }
  return lost / times;
}

// From one cover of this size to the next.
std::int64_t stride_of(const Occlusion::Params& params, std::int64_t window) {
  if (params.stride_px == 0) return std::max<std::int64_t>(1, window / 2);
  if (params.stride_px > window)
    throw InputError("stride_px", std::to_string(params.stride_px) +
                                      " px leaves pixels between covers of " +
                                      std::to_string(window) + " px uncovered");
  return params.stride_px;
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
    const auto side = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(shorter)));
    // Shares that round to one size count once.
    if (std::find(sides.begin(), sides.end(), side) == sides.end()) sides.push_back(side);
    from = end + 1;
  }
  return sides;
}

Attribution Occlusion::explain(const Question& question, const Params& params) {
  const at::Tensor pictures = channels_first(question.classifier, question.input);
  const Score score = score_named(params.score);
  const auto sides = windows(params, pictures.size(2), pictures.size(3));
  for (const std::int64_t window : sides) stride_of(params, window);  // refused before any pass
  const at::Tensor map = at::zeros({pictures.size(0), pictures.size(2), pictures.size(3)});
  Attribution made{map, {}, {}};
  for (const std::int64_t window : sides)
    if (sides.size() > 1)
      made.parts.push_back({std::to_string(window) + "px", at::zeros_like(map)});
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const Showing shows = showing(question, row, params.cover);
    at::Tensor sum = at::zeros({pictures.size(2), pictures.size(3)}, at::kDouble);
    for (std::size_t s = 0; s < sides.size(); ++s) {
      const at::Tensor one = map_of(question, pictures.narrow(0, row, 1), question.targets[i],
                                    score, shows, sides[s], stride_of(params, sides[s]));
      sum += one;
      if (!made.parts.empty()) made.parts[s].map[row].copy_(one);
    }
    map[row].copy_(sum / static_cast<double>(sides.size()));
  }
  return made;
}

}  // namespace assay::methods
