#include "assay/methods/attribution/extremal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

#include "assay/imaging/inpaint.h"
#include "assay/methods/attribution/baseline.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/layer.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kAskedAtOnce = 8;

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

// One picture, parts of it covered.
class Covered {
 public:
  Covered(const Question& question, const at::Tensor& ranking, const Extremal::Params& params)
      : classifier_(question.classifier),
        type_(question.input.scalar_type()),
        picture_(channels_first(classifier_, question.input).to(at::kFloat)),
        inpaint_(params.cover == "inpaint") {
    // With nothing known to fill in from, the picture's mean colour.
    cover_ = baseline_of(question, picture_, inpaint_ ? "mean" : params.cover);
    const at::Tensor order =
        std::get<1>(at::sort(ranking.flatten(), /*stable=*/true, /*dim=*/0, /*descending=*/true));
    place_ = at::empty_like(order);
    place_.scatter_(0, order, at::arange(order.numel(), at::kLong));
    place_ = place_.reshape(ranking.sizes());
  }

  std::int64_t pixels() const { return place_.numel(); }
  at::Tensor highest(std::int64_t k) const { return at::lt(place_, k); }  // [H,W] bool
  // As the model takes it.
  at::Tensor seen(const at::Tensor& visible) const {
    const at::Tensor& rest = inpaint_ && visible.any().item<bool>() ? filled_in(visible) : cover_;
    return as_input(classifier_, at::where(visible, picture_, rest).to(type_));
  }

 private:
  at::Tensor filled_in(const at::Tensor& visible) const {
    at::Tensor planes = picture_[0].clone(at::MemoryFormat::Contiguous);
    const at::Tensor missing = at::logical_not(visible).to(at::kByte).contiguous();
    imaging::inpaint({planes.data_ptr<float>(), static_cast<std::size_t>(planes.numel())},
                     static_cast<int>(planes.size(0)), static_cast<int>(planes.size(1)),
                     static_cast<int>(planes.size(2)),
                     {missing.data_ptr<std::uint8_t>(), static_cast<std::size_t>(missing.numel())});
    return planes.unsqueeze(0);
  }

  const network::Classifier& classifier_;
  at::ScalarType type_;
  at::Tensor picture_, cover_;  // [1,C,H,W]
  bool inpaint_;
  at::Tensor place_;  // [H,W] of each pixel in the ranking, 0 the highest
};

// A k above `low` and at most `high` that `is` what it is at `high`, but is not at k − 1.
std::int64_t crossing(
    std::int64_t low, std::int64_t high,
    const std::function<std::vector<bool>(const std::vector<std::int64_t>&)>& is) {
  while (high - low > 1) {
    std::vector<std::int64_t> asked;
    for (std::int64_t i = 1; i <= kAskedAtOnce; ++i) {
      const std::int64_t k = low + (high - low) * i / (kAskedAtOnce + 1);
      if (k > low && (asked.empty() || k > asked.back())) asked.push_back(k);
    }
    if (asked.empty()) asked.push_back(low + 1);
    const std::vector<bool> answers = is(asked);
    const auto first = std::find(answers.begin(), answers.end(), true) - answers.begin();
    if (first > 0) low = asked[static_cast<std::size_t>(first) - 1];
    if (first < static_cast<std::ptrdiff_t>(asked.size()))
      high = asked[static_cast<std::size_t>(first)];
  }
  return high;
}

struct Regions {
  double sufficient = kNone, necessary = kNone;  // shares of the pixels
  double seen_probability = kNone, left_probability = kNone;
  at::Tensor enough, needed;  // [H,W] float32, 0 or 1
};

Regions regions_of(const Question& question, const at::Tensor& ranking,
                   const Extremal::Params& params) {
  const Covered covered(question, ranking, params);
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
    enough = crossing(0, all, [&](const auto& sizes) { return kept_at(sizes, false); });
    const std::int64_t needed = crossing(0, all, [&](const auto& sizes) {
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
