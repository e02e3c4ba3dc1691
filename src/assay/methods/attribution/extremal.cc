#include "assay/methods/attribution/extremal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/layer.h"
#include "assay/methods/attribution/smallest_region.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The question about one picture alone.
Question one_of(const Question& question, std::size_t picture) {
  const auto row = static_cast<std::int64_t>(picture);
  Question own = question;
  own.input = question.input.narrow(0, row, 1);
  own.targets = {question.targets[picture]};
  own.pictures.clear();
  if (picture < question.pictures.size()) own.pictures = {question.pictures[picture]};
  if (own.value.defined()) own.value = question.value.narrow(0, row, 1);
  return own;
}

// The map of the method called `name`, at the input's size: [H,W] float32.
at::Tensor ranking_of(Question question, const std::string& name) {
  const Method& method = attribution_named(name, "map");
  if (method.info.resolution == Resolution::kLayer && !question.value.defined()) {
    question.layer = default_layer(question.classifier, picture_size(question));
    const std::vector<std::string> keep{question.layer};
    question.value =
        question.classifier.plain_forward(question.input, keep).values.at(question.layer);
  }
  const at::Tensor map = method.explain(question, {}).map.narrow(0, 0, 1).unsqueeze(0);
  const auto size = channels_first(question.classifier, question.input).sizes().slice(2);
  return map.sizes().slice(2) == size
             ? map[0][0]
             : at::upsample_bilinear2d(map, size, /*align_corners=*/false)[0][0];
}

struct Regions {
  double sufficient = kNone, necessary = kNone;  // shares of the pixels
  double seen_probability = kNone, left_probability = kNone;
  at::Tensor enough, needed;  // [H,W] float32, 0 or 1
};

Regions regions_of(const Question& question, const at::Tensor& ranking,
                   const Extremal::Params& params) {
  const CoveredPicture covered(question, ranking, params.cover);
  const std::int64_t target = question.targets[0], all = covered.pixels();
  const auto scores = [&](const std::vector<std::int64_t>& sizes, bool covers, Score score) {
    return scores_of_pictures(
        question.classifier, static_cast<std::int64_t>(sizes.size()),
        [&](std::int64_t i) {
          const at::Tensor region = covered.highest(sizes[static_cast<std::size_t>(i)]);
          return covered.seen(covers ? at::logical_not(region) : region);
        },
        target, score);
  };
  const Score score = params.keep > 0 ? Score::kProbability : Score::kMargin;
  const at::Tensor ends = scores({all, 0}, /*covers=*/false, score);
  const double whole = ends[0].item<double>(), nothing = ends[1].item<double>();
  const auto kept = [&](double value) {
    return params.keep > 0 ? value >= params.keep * whole : value > 0;
  };
  const auto kept_at = [&](const std::vector<std::int64_t>& sizes, bool covers) {
    const at::Tensor values = scores(sizes, covers, score);
    std::vector<bool> answers;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      answers.push_back(kept(values[static_cast<std::int64_t>(i)].item<double>()));
    return answers;
  };
  Regions found;
  found.enough = at::zeros(ranking.sizes());
  found.needed = at::zeros(ranking.sizes());
  if (!kept(whole)) return found;
  const auto share = [&](std::int64_t k) {
    return static_cast<double>(k) / static_cast<double>(all);
  };
  std::int64_t enough = 0;
  if (!kept(nothing)) {
    enough = first_crossing(0, all, [&](const auto& sizes) { return kept_at(sizes, false); });
    const std::int64_t needed = first_crossing(0, all, [&](const auto& sizes) {
      std::vector<bool> lost = kept_at(sizes, true);
      lost.flip();
      return lost;
    });
    found.necessary = share(needed);
    found.needed = covered.highest(needed).to(at::kFloat);
    found.left_probability = scores({needed}, true, Score::kProbability)[0].item<double>();
  }
  found.sufficient = share(enough);
  found.enough = covered.highest(enough).to(at::kFloat);
  found.seen_probability = scores({enough}, false, Score::kProbability)[0].item<double>();
  return found;
}

}  // namespace

Attribution Extremal::explain(const Question& question, const Params& params) {
  const auto size = channels_first(question.classifier, question.input).sizes();
  const at::Tensor none = at::zeros({size[0], size[2], size[3]});
  Attribution made{none, {}, {}};
  made.parts = {
      {"sufficient", none.clone()}, {"necessary", none.clone()}, {"ranking", none.clone()}};
  const std::vector<double> unknown(question.targets.size(), kNone);
  made.figures = {{"sufficient_area", unknown},
                  {"sufficient_probability", unknown},
                  {"necessary_area", unknown},
                  {"necessary_probability", unknown}};
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const Question own = one_of(question, i);
    const at::Tensor ranking = ranking_of(own, params.map);
    made.parts[2].map[row].copy_(ranking);
    if (!at::isfinite(ranking).all().item<bool>()) {
      made.map[row].fill_(kNone);
      continue;
    }
    const Regions regions = regions_of(own, ranking, params);
    made.map[row].copy_((regions.enough + regions.needed) / 2);
    made.parts[0].map[row].copy_(regions.enough);
    made.parts[1].map[row].copy_(regions.needed);
    const double figures[] = {regions.sufficient, regions.seen_probability, regions.necessary,
                              regions.left_probability};
    for (std::size_t f = 0; f < made.figures.size(); ++f) made.figures[f].values[i] = figures[f];
  }
  return made;
}

}  // namespace assay::methods
