// Which pictures are attacked, and one unit of them.
#include <algorithm>
#include <cmath>
#include <memory>

#include "assay/base/seed.h"
#include "assay/checks/drawn_rows.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/robustness/robustness_attacks.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/attack/attacked.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/stats/interval.h"
#include "assay/stats/special.h"

namespace assay::checks {

namespace {

using Params = Robustness::Params;
using Record = Robustness::Record;
using Outcome = Robustness::Outcome;
using methods::Target;

constexpr std::size_t kTogether = 16;  // pictures of a unit
constexpr double kCertainty = 0.999;   // of a certified radius

std::shared_ptr<const network::Classifier> surrogate_of(const Subject& subject,
                                                        const Params& params) {
  if (params.surrogate.empty()) return nullptr;
  return subject.others->open(params.surrogate, subject.classifier);
}

// Whether rounding is on the way of a gradient.
bool rounds(const network::Classifier& classifier) {
  return std::any_of(classifier.graph().nodes().begin(), classifier.graph().nodes().end(),
                     [](const network::Node& n) {
                       return n.op.find("Quantize") != std::string::npos ||
                              n.op.starts_with("QLinear") || n.op.starts_with("ConvInteger") ||
                              n.op.starts_with("MatMulInteger") || n.op == "Round";
                     });
}

class UnderAttack {
 public:
  UnderAttack(const Subject& subject, const Params& params, const Unit& unit)
      : params_(params),
        seed_(subject.facts.seed),
        norm_(methods::norm_named(params.norm)),
        sizes_(attack_sizes(params)) {
    std::vector<std::int64_t> rows = unit.others;
    for (const std::int64_t row : rows) {
      const auto at = static_cast<std::size_t>(row);
      const InputDescription& input = subject.classifier.input();
      const imaging::Picture picture = subject.data.picture(
          at, subject.data.bytes(at), {input.upright, input.channels == Channels::kGray});
      const at::Tensor pixels =
          methods::shown_pixels(subject.classifier, picture, subject.data.rows()[at].id);
      channels_ = static_cast<int>(pixels.size(1));
      height_ = static_cast<int>(pixels.size(2));
      width_ = static_cast<int>(pixels.size(3));
      pictures_.emplace_back(pixels.data_ptr<float>(), pixels.data_ptr<float>() + pixels.numel());
      labels_.push_back(methods::row_truth(subject.classifier, subject.data, row, picture).label);
    }
    victim_ = methods::victim_of(subject.classifier, channels_, height_, width_);
    if (const auto surrogate = surrogate_of(subject, params)) {
      surrogate_ = surrogate;
      other_ = methods::victim_of(*surrogate, channels_, height_, width_);
    }
    std::vector<const methods::Pixels*> shown;
    for (const methods::Pixels& p : pictures_) shown.push_back(&p);
    logits_ = methods::logits_of_points(*victim_, shown);
    record_.kind = Robustness::Kind::kAttacked;
    record_.rows = std::move(rows);
    record_.channels = channels_;
    record_.height = height_;
    record_.width = width_;
    record_.straight_through = rounds(subject.classifier);
    strongest_.resize(pictures_.size());
    strongest_eps_.assign(pictures_.size(), 0);
  }

  Record run() && {
    for (const Assault& assault : assaults_of(params_)) record_.outcomes.push_back(of(assault));
    nearest();
    certify();
    const auto shown = std::min(static_cast<std::size_t>(params_.shown), pictures_.size());
    for (std::size_t k = 0; k < shown; ++k) {
      record_.before.push_back(pictures_[k]);
      record_.after.push_back(std::move(strongest_[k]));
      record_.after_eps.push_back(strongest_eps_[k]);
    }
    return std::move(record_);
  }

 private:
  Target target(std::size_t k, double eps) const {
    return {methods::Ball(pictures_[k], norm_, eps),
            channels_,
            height_,
            width_,
            labels_[k],
            -1,
            logits_[k],
            static_cast<std::uint64_t>(record_.rows[k])};
  }

  Outcome of(const Assault& assault) {
    const std::size_t count = pictures_.size();
    Outcome outcome;
    outcome.fooled.assign(sizes_.size() * count, 0);
    outcome.decision.assign(sizes_.size() * count, -1);
    outcome.evaluations.assign(sizes_.size() * count, 0);
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      if (!runs_at(assault, s, sizes_.size())) continue;
      std::vector<std::size_t> standing;
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t before = (s - 1) * count + k;
        if (s > 0 && assault.nested() && outcome.fooled[before] != 0) {
          outcome.fooled[s * count + k] = 1;
          outcome.decision[s * count + k] = outcome.decision[before];
        } else {
          standing.push_back(k);
        }
      }
      const double eps =
          assault.role == Assault::Role::kSaturated
              ? methods::Norm::kLinf == norm_
                    ? std::max(saturating_eps(norm_, pictures_[0].size()), sizes_.back().eps)
                    : saturating_eps(norm_, pictures_[0].size())
              : sizes_[s].eps;
      for (const methods::Attack& attack : assault.attacks)
        standing = stage(assault, attack, standing, s, eps, outcome);
    }
    return outcome;
  }

  // One attack on those that stand; gives those that still do.
  std::vector<std::size_t> stage(const Assault& assault, const methods::Attack& attack,
                                 const std::vector<std::size_t>& standing, std::size_t s,
                                 double eps, Outcome& outcome) {
    std::vector<Target> targets;
    for (const std::size_t k : standing) targets.push_back(target(k, eps));
    const bool transferred = assault.role == Assault::Role::kTransfer;
    std::vector<methods::Attacked> found = methods::attacked(
        transferred ? *other_ : *victim_, targets, attack,
        attack.last || attack.name == "fgsm" ? methods::Counts::kLast : methods::Counts::kFirst,
        seed_);
    if (transferred) judge(targets, found);
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < standing.size(); ++i) {
      const std::size_t place = s * pictures_.size() + standing[i];
      outcome.evaluations[place] += found[i].gradients + found[i].queries;
      outcome.gradients += found[i].gradients;
      outcome.zero_slopes += found[i].zero_slopes;
      if (!found[i].fooled) {
        left.push_back(standing[i]);
        continue;
      }
      outcome.fooled[place] = 1;
      outcome.decision[place] = found[i].decision;
      remember(assault, standing[i], eps, std::move(found[i].pixels));
    }
    return left;
  }

  // What was made against another model, before this one.
  void judge(const std::vector<Target>& targets, std::vector<methods::Attacked>& found) const {
    std::vector<const methods::Pixels*> shown;
    for (const methods::Attacked& f : found) shown.push_back(&f.pixels);
    const auto logits = methods::logits_of_points(*victim_, shown);
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i].fooled = methods::excess(logits[i], targets[i].label) > 0;
      found[i].decision = methods::decision_of(logits[i]);
    }
  }

  // The smallest that fooled, for the report.
  void remember(const Assault& assault, std::size_t k, double eps, methods::Pixels pixels) {
    if (assault.role == Assault::Role::kSaturated) return;
    if (!strongest_[k].empty() && strongest_eps_[k] <= eps) return;
    strongest_[k] = std::move(pixels);
    strongest_eps_[k] = eps;
  }

  void nearest() {
    if (params_.nearest.empty()) return;
    const methods::Attack attack = methods::attacks_named(params_.nearest, norm_, "").front();
    std::vector<Target> targets;
    for (std::size_t k = 0; k < pictures_.size(); ++k) targets.push_back(target(k, INFINITY));
    for (const auto& found :
         methods::attacked(*victim_, targets, attack, methods::Counts::kNearest, seed_))
      record_.nearest.push_back(found.fooled ? found.distance : INFINITY);
  }

  // The radius inside of which a majority of answers under noise cannot change: σ Φ⁻¹(p), p a lower bound on the label's share at
  // 99.9 % (cohen2019, with the label for the class that is certified).
  void certify() {
    if (!(params_.smoothing > 0)) return;
    for (std::size_t k = 0; k < pictures_.size(); ++k) {
      std::int64_t held = 0;
      std::vector<methods::Pixels> noisy(static_cast<std::size_t>(victim_->rows()));
      for (int first = 0; first < params_.smoothing_samples; first += victim_->rows()) {
        const int count = std::min(victim_->rows(), params_.smoothing_samples - first);
        std::vector<const methods::Pixels*> shown;
        for (int i = 0; i < count; ++i) {
          methods::Pixels& x = noisy[static_cast<std::size_t>(i)];
          x.resize(pictures_[k].size());
          Stream stream(seed_, "robustness/smoothing/" + std::to_string(first + i),
                        static_cast<std::uint64_t>(record_.rows[k]));
          stream.fill_normal(x);
          for (std::size_t p = 0; p < x.size(); ++p)
            x[p] = pictures_[k][p] + static_cast<float>(params_.smoothing) * x[p];
          shown.push_back(&x);
        }
        for (const auto& logits : methods::logits_of_points(*victim_, shown))
          held += methods::decision_of(logits) == labels_[k];
      }
      const double least =
          stats::clopper_pearson_lower({held, params_.smoothing_samples}, kCertainty);
      record_.radius.push_back(
          least > 0.5 ? params_.smoothing * stats::quantile(stats::Normal{}, least) : -1);
    }
  }

  const Params& params_;
  std::uint64_t seed_;
  methods::Norm norm_;
  std::vector<AttackSize> sizes_;
  int channels_ = 0, height_ = 0, width_ = 0;
  std::vector<methods::Pixels> pictures_, strongest_;
  std::vector<double> strongest_eps_;
  std::vector<int> labels_;
  std::vector<std::vector<double>> logits_;
  std::shared_ptr<const network::Classifier> surrogate_;
  std::unique_ptr<methods::Victim> victim_, other_;
  Record record_;
};

}  // namespace

std::vector<Unit> Robustness::units(const Subject& subject, const Params& params,
                                    std::span<const Record> so_far) {
  assaults_of(params);
  attack_sizes(params);
  group_columns(subject, params.groups);
  if (methods::segments(subject.classifier))
    throw InputError("checks.robustness", "a model that segments has no one class to be attacked");
  if (subject.classifier.classes() < 2)
    throw InputError("checks.robustness", "a model of one class cannot be wrong");
  const auto surrogate = surrogate_of(subject, params);
  std::vector<Unit> units;
  if (so_far.empty()) {
    std::vector<std::int64_t> labelled;
    for (std::size_t row = 0; row < subject.data.size(); ++row)
      if (const int label = subject.data.rows()[row].label;
          label >= 0 && label < subject.classifier.classes())
        labelled.push_back(static_cast<std::int64_t>(row));
    for (const std::int64_t k : drawn_rows(labelled.size(), static_cast<std::size_t>(params.images),
                                           subject.facts.seed, "robustness")) {
      const std::int64_t row = labelled[static_cast<std::size_t>(k)];
      units.push_back({"drawn/" + subject.data.rows()[static_cast<std::size_t>(row)].id, row});
    }
    return units;
  }
  if (std::any_of(so_far.begin(), so_far.end(),
                  [](const Record& r) { return r.kind == Kind::kAttacked; }))
    return {};
  std::vector<std::int64_t> right;
  for (const Record& r : so_far)
    if (r.finite && r.clean == r.label) right.push_back(r.row);
  for (std::size_t first = 0; first < right.size(); first += kTogether) {
    Unit unit;
    unit.others.assign(
        right.begin() + static_cast<std::ptrdiff_t>(first),
        right.begin() + static_cast<std::ptrdiff_t>(std::min(first + kTogether, right.size())));
    unit.row = unit.others.front();
    // The other model is part of what is measured: its bytes are in the key.
    unit.key = "attacked/" + (surrogate ? surrogate->sha256() + "/" : std::string()) +
               subject.data.rows()[static_cast<std::size_t>(unit.row)].id;
    units.push_back(std::move(unit));
  }
  return units;
}

std::vector<Record> Robustness::measure(const Subject& subject, const Params& params,
                                        std::span<const Unit> units, const Context& context) {
  std::vector<Record> records;
  for (const Unit& unit : units) {
    if (unit.key.starts_with("attacked/")) {
      records.push_back(UnderAttack(subject, params, unit).run());
      continue;
    }
    const CleanRecord& clean = context.clean[context.slot(unit.row)];
    Record record;
    record.id = clean.id;
    record.cluster = clean.cluster;
    record.label = clean.label;
    record.finite = std::all_of(clean.logits.begin(), clean.logits.end(),
                                [](float z) { return std::isfinite(z); });
    if (record.finite)
      record.clean = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                      clean.logits.begin());
    record.groups = group_values(subject, params.groups, unit.row);
    records.push_back(std::move(record));
  }
  return records;
}

Cost Robustness::cost(const Params& params, std::string_view unit) {
  if (!unit.starts_with("attacked/")) return {};
  Cost cost;
  const auto sizes = static_cast<std::int64_t>(attack_sizes(params).size());
  const auto of = [](const methods::Attack& a) -> Cost {
    const std::int64_t points = std::int64_t{a.steps} * (a.name == "bim" ? 2 : a.restarts);
    if (!a.needs_slopes()) return {points, 0};
    const std::int64_t aims = a.name == "apgd_t" || a.name == "fab" ? a.targets : 1,
                       each = (a.name == "fab" ? 2 : 1) * points + a.restarts;
    return {aims * each + 16, aims * each};
  };
  for (const Assault& assault : assaults_of(params)) {
    const bool once =
        assault.role == Assault::Role::kScores || assault.role == Assault::Role::kSaturated;
    for (const methods::Attack& attack : assault.attacks) {
      const Cost one = of(attack);
      cost.forwards += (once ? 1 : sizes) * (one.forwards + 8);
      cost.backwards += (once ? 1 : sizes) * one.backwards;
    }
  }
  if (!params.nearest.empty()) {
    const Cost one =
        of(methods::attacks_named(params.nearest, methods::norm_named(params.norm), "").front());
    cost.forwards += one.forwards + 16;
    cost.backwards += one.backwards;
  }
  if (params.smoothing > 0) cost.forwards += params.smoothing_samples;
  constexpr auto kAll = static_cast<std::int64_t>(kTogether);
  return {kAll * (cost.forwards + 2), kAll * cost.backwards};
}

}  // namespace assay::checks
