// The maps that the faithfulness check compares.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/checks/focus/faithfulness_case.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/controls.h"
#include "assay/methods/evaluation/localisation.h"
#include "assay/methods/evaluation/randomisation.h"
#include "assay/methods/evaluation/sensitivity.h"
#include "assay/methods/evaluation/sparseness.h"
#include "assay/network/pass.h"

namespace assay::checks {

namespace {

double number_or_none(const std::optional<double>& number) {
  return number.value_or(MapFigures::kNone);
}

struct Asked {
  at::Tensor picture;
  std::int64_t target = 0;
  std::string name;
};
struct Explained {
  at::Tensor map;       // [h,w], as it came
  at::Tensor channels;  // [C,H,W] or undefined
};

class Explainer {
 public:
  Explainer(const Faithfulness::Params& params, std::uint64_t seed)
      : params_(params),
        seed_(seed),
        method_(methods::attribution_named(params.method, "method")) {}

  // In micro-batches, so that no more than one is in memory with its gradients.
  std::vector<Explained> operator()(const network::Classifier& classifier,
                                    const std::vector<Asked>& asked) const {
    std::vector<Explained> explained;
    const auto rows = static_cast<std::size_t>(classifier.micro_batch());
    for (std::size_t first = 0; first < asked.size(); first += rows) {
      const std::size_t end = std::min(asked.size(), first + rows);
      std::vector<at::Tensor> pictures;
      methods::Question question{classifier, {}, {}, {}, "", {}, seed_};
      for (std::size_t i = first; i < end; ++i) {
        pictures.push_back(asked[i].picture);
        question.targets.push_back(asked[i].target);
        question.pictures.push_back(asked[i].name);
      }
      question.input = methods::as_input(classifier, at::cat(pictures));
      if (method_.info.resolution == methods::Resolution::kLayer) {
        question.layer = params_.layer.empty() ? classifier.last_spatial_value() : params_.layer;
        const std::vector<std::string> wanted{question.layer};
        question.value = classifier.plain_forward(question.input, wanted).values.at(question.layer);
      }
      const methods::Attribution made = method_.explain(question, settings());
      for (std::size_t i = first; i < end; ++i) {
        const auto row = static_cast<std::int64_t>(i - first);
        explained.push_back({made.map[row].to(at::kFloat).clone(),
                             made.channels.defined() ? made.channels[row].clone() : at::Tensor()});
      }
    }
    return explained;
  }

 private:
  Settings settings() const {
    if (params_.method == "integrated_gradients") return {{"baseline", params_.baseline}};
    if (params_.method == "occlusion")
      return {{"cover", params_.baseline}, {"score", std::string("logit")}};
    return {};
  }

  const Faithfulness::Params& params_;
  std::uint64_t seed_;
  const methods::Method& method_;
};

// The maps of one ranker for one picture, over its pixels: everything that is asked for without
// changing the picture much.
struct MapSet {
  at::Tensor own, other, randomised;  // `randomised` undefined where there is no such network
  std::vector<at::Tensor> moved;
};

// The control's map where it is asked for the `draw`-th time. Only the random one heeds it.
at::Tensor control_map(Ranker ranker, const at::Tensor& picture, const FaithfulnessCase& c,
                       std::uint64_t draw, std::uint64_t seed) {
  switch (ranker) {
    case Ranker::kCentre:
      return methods::centre_map(c.height(), c.width());
    case Ranker::kEdges:
      return methods::edge_map(picture[0]);
    default:
      return methods::random_map(c.height(), c.width(),
                                 Stream(seed, "faithfulness.random/" + c.record->id, draw));
  }
}

void set_map_figures(const MapSet& maps, MapFigures& figures) {
  double farthest = -1;
  for (const at::Tensor& moved : maps.moved)
    if (const auto change = methods::relative_change(maps.own, moved))
      farthest = std::max(farthest, *change);
  if (farthest >= 0) figures.max_sensitivity = farthest;
  figures.sparseness = number_or_none(methods::gini(maps.own));
  if (maps.other.defined())
    figures.random_logit_similarity =
        number_or_none(methods::rank_correlation(maps.own, maps.other));
  if (!maps.randomised.defined()) return;
  figures.randomisation_rise = number_or_none(methods::complexity_rise(maps.own, maps.randomised));
  figures.randomisation_similarity =
      number_or_none(methods::rank_correlation(maps.own, maps.randomised));
}

// Of a mask that is empty or full there is none.
void set_localisation(const at::Tensor& map, const methods::PixelMask& object,
                      MapFigures& figures) {
  figures.pointing_game = number_or_none(methods::pointing_game(map, object));
  figures.energy_pointing = number_or_none(methods::energy_pointing(map, object));
  figures.relevance_rank = number_or_none(methods::relevance_rank_accuracy(map, object));
}

// A class other than the target, each equally likely; the target where there is no other.
std::int64_t other_class(std::int64_t target, std::int64_t classes, const std::string& id,
                         std::uint64_t seed) {
  if (classes < 2) return target;
  Stream stream(seed, "faithfulness.other/" + id);
  const auto drawn =
      static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(classes) - 1));
  return drawn + (drawn >= target);
}

std::shared_ptr<const network::Classifier> randomised(const Subject& subject, std::string& why) {
  try {
    return subject.classifier.randomised(subject.facts.seed);
  } catch (const InputError& error) {
    why = error.what();
    return nullptr;
  }
}

}  // namespace

void explain(const Subject& subject, const Faithfulness::Params& params,
             std::vector<FaithfulnessCase>& cases) {
  const std::uint64_t seed = subject.facts.seed;
  const Explainer explainer(params, seed);
  std::vector<Asked> asked, asked_of_random;
  std::vector<std::vector<at::Tensor>> jittered(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    FaithfulnessCase& c = cases[i];
    const std::string& id = c.record->id;
    c.other = other_class(c.target, subject.classifier.classes(), id, seed);
    asked.push_back({c.picture, c.target, id});
    asked.push_back({c.picture, c.other, id});
    asked_of_random.push_back(asked[asked.size() - 2]);
    const double range = (c.picture.max() - c.picture.min()).item<double>();
    for (int s = 0; s < params.samples; ++s) {
      jittered[i].push_back(methods::jittered(
          c.picture, params.radius * range,
          Stream(seed, "faithfulness.jitter/" + id, static_cast<std::uint64_t>(s))));
      asked.push_back({jittered[i].back(), c.target, id});
    }
  }
  const std::vector<Explained> of_model = explainer(subject.classifier, asked);
  std::string why;
  const auto random = randomised(subject, why);
  const std::vector<Explained> of_random =
      random ? explainer(*random, asked_of_random) : std::vector<Explained>();

  const std::size_t each = 2 + static_cast<std::size_t>(params.samples);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    FaithfulnessCase& c = cases[i];
    Faithfulness::Record& record = *c.record;
    const auto over = [&](const Explained& e) {
      return methods::over_pixels(e.map.unsqueeze(0), c.height(), c.width())[0];
    };
    const Explained& own = of_model[i * each];
    record.not_randomised = why;
    record.height = static_cast<int>(own.map.size(0));
    record.width = static_cast<int>(own.map.size(1));
    const at::Tensor kept = own.map.contiguous();
    record.map.assign(kept.data_ptr<float>(), kept.data_ptr<float>() + kept.numel());
    if (!std::all_of(record.map.begin(), record.map.end(),
                     [](float v) { return std::isfinite(v); }))
      record.status = Faithfulness::Status::kNonFinite;
    if (!c.ok()) continue;
    c.channels = own.channels;
    record.figures.resize(kRankers);
    for (std::size_t r = 0; r < kRankers; ++r) {
      const auto ranker = static_cast<Ranker>(r);
      MapSet maps;
      std::uint64_t draw = 0;
      const auto map_of = [&](const Explained* e, const at::Tensor& picture) {
        return ranker == Ranker::kMap ? over(*e) : control_map(ranker, picture, c, draw++, seed);
      };
      maps.own = map_of(&own, c.picture);
      if (c.other != c.target) maps.other = map_of(&of_model[i * each + 1], c.picture);
      for (std::size_t s = 0; s < jittered[i].size(); ++s)
        maps.moved.push_back(map_of(&of_model[i * each + 2 + s], jittered[i][s]));
      if (random) maps.randomised = map_of(&of_random[i], c.picture);
      set_map_figures(maps, record.figures[r]);
      if (!c.object.empty()) set_localisation(maps.own, c.object, record.figures[r]);
      c.maps[r] = maps.own;
      c.rankings[r] = std::make_shared<const methods::Ranking>(methods::ranking(
          maps.own, Stream(seed, "faithfulness.ties/" + record.id, static_cast<std::uint64_t>(r))));
    }
  }
}

}  // namespace assay::checks
