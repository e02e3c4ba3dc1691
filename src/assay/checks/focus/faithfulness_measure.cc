// What the faithfulness check runs: explanations first, then all changed pictures together.
#include <algorithm>
#include <cmath>
#include <memory>

#include "assay/base/seed.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/faithfulness_case.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/attribution/baseline.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/evaluation/completeness.h"
#include "assay/methods/evaluation/infidelity.h"
#include "assay/methods/prepared_mask.h"

namespace assay::checks {

namespace {

using Case = FaithfulnessCase;
using methods::Order;

double probability(const float* logits, std::int64_t classes, std::int64_t target) {
  const float top = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (std::int64_t k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(logits[k]) - top);
  return std::exp(static_cast<double>(logits[target]) - top) / sum;
}

enum class Fill { kBaseline, kInpainted };

// All changed copies of one case, and what they said.
class ChangedCopies {
 public:
  // Adds them to `pictures`, which must not outlive this. The case must stay where it is.
  ChangedCopies(const Case& c, const Faithfulness::Params& params, std::uint64_t seed,
                std::vector<methods::MakePicture>& pictures)
      : case_(c), steps_(params.steps) {
    Stream stream(seed, "faithfulness.squares/" + c.record->id);
    for (int i = 0; i < params.squares; ++i)
      squares_.push_back(methods::random_square(c.height(), c.width(), stream));
    baseline_ = pictures.size();
    pictures.emplace_back([&c] { return c.baseline; });
    first_square_ = pictures.size();
    for (const methods::PixelMask& square : squares_)
      pictures.emplace_back(
          [&] { return methods::replaced(case_.picture, square, case_.baseline); });
    for (std::size_t r = 0; r < kRankers; ++r)
      for (const Fill fill : {Fill::kBaseline, Fill::kInpainted})
        for (const Order order : {Order::kMostRelevantFirst, Order::kLeastRelevantFirst}) {
          first_of_curve_.push_back(pictures.size());
          for (int step = 1; step < steps_; ++step)
            pictures.emplace_back(
                [this, r, fill, order, step] { return copy(r, fill, order, step); });
        }
  }
  ChangedCopies(const ChangedCopies&) = delete;

  // `logits` [n,K] float32 of all pictures.
  void read(const at::Tensor& logits) {
    const double whole = case_.record->probability;
    const std::int64_t classes = logits.size(1);
    const auto row = [&](std::size_t i) {
      return logits.data_ptr<float>() + static_cast<std::int64_t>(i) * classes;
    };
    const auto said = [&](std::size_t i) { return probability(row(i), classes, case_.target); };
    const double blank = said(baseline_);
    std::vector<double> drops;
    for (std::size_t i = 0; i < squares_.size(); ++i)
      drops.push_back(case_.logit - row(first_square_ + i)[case_.target]);
    const double rise = case_.logit - row(baseline_)[case_.target];
    const std::size_t inner = static_cast<std::size_t>(steps_) - 1;
    for (std::size_t r = 0; r < kRankers; ++r) {
      MapFigures& figures = case_.record->figures[r];
      const auto curve = [&](std::size_t which) {
        std::vector<double> points;
        for (std::size_t i = 0; i < inner; ++i)
          points.push_back(said(first_of_curve_[4 * r + which] + i));
        return points;
      };
      figures.deletion = curve(0);
      figures.insertion = curve(1);
      std::reverse(figures.insertion.begin(), figures.insertion.end());
      figures.deletion.insert(figures.deletion.begin(), whole);
      figures.deletion.push_back(blank);
      figures.insertion.insert(figures.insertion.begin(), blank);
      figures.insertion.push_back(whole);
      figures.most_first = curve(2);
      figures.least_first = curve(3);
      figures.infidelity =
          methods::scaled_infidelity(foretold(r), drops).value_or(MapFigures::kNone);
      if (static_cast<Ranker>(r) == Ranker::kMap)
        figures.completeness_gap =
            methods::completeness_gap(case_.maps[r], rise).value_or(MapFigures::kNone);
    }
  }

 private:
  at::Tensor copy(std::size_t ranker, Fill fill, Order order, int step) const {
    const methods::PixelMask mask =
        methods::removed(*case_.rankings[ranker], order, static_cast<double>(step) / steps_);
    return fill == Fill::kInpainted ? methods::imputed(case_.picture, mask)
                                    : methods::replaced(case_.picture, mask, case_.baseline);
  }

  std::vector<double> foretold(std::size_t ranker) const {
    const bool slopes =
        static_cast<Ranker>(ranker) == Ranker::kMap && case_.slopes && case_.channels.defined();
    const at::Tensor change = (case_.picture - case_.baseline)[0];
    std::vector<double> drops;
    for (const methods::PixelMask& square : squares_)
      drops.push_back(slopes ? methods::foretold_by_slopes(case_.channels, change, square)
                             : methods::foretold_by_shares(case_.maps[ranker], square));
    return drops;
  }

  const Case& case_;
  int steps_;
  std::vector<methods::PixelMask> squares_;
  std::size_t baseline_ = 0, first_square_ = 0;
  std::vector<std::size_t> first_of_curve_;  // [ranker][fill][order]
};

void set_what_is_known(const CleanRecord& clean, const std::string& target,
                       Faithfulness::Record& record) {
  record.id = clean.id;
  record.cluster = clean.cluster;
  record.label = clean.label;
  const auto top = std::max_element(clean.logits.begin(), clean.logits.end());
  record.target = target == "label" ? clean.label : static_cast<int>(top - clean.logits.begin());
  // -infinity for another class is a probability of 0.
  const bool usable = std::none_of(clean.logits.begin(), clean.logits.end(), [](float z) {
    return std::isnan(z) || (std::isinf(z) && z > 0);
  });
  if (!usable ||
      (record.target >= 0 && !std::isfinite(clean.logits[static_cast<std::size_t>(record.target)])))
    record.status = Faithfulness::Status::kNonFinite;
  else if (record.target < 0)
    record.status = Faithfulness::Status::kNoTarget;
}

}  // namespace

std::vector<Faithfulness::Record> Faithfulness::measure(const Subject& subject,
                                                        const Params& params,
                                                        std::span<const Unit> units,
                                                        const Context& context) {
  const network::Classifier& classifier = subject.classifier;
  const at::Tensor pictures =
      methods::channels_first(classifier, *context.input).to(at::kFloat).contiguous();
  std::vector<Record> records(units.size());
  std::vector<Case> cases;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t slot = context.slot(units[i].row);
    const CleanRecord& clean = context.clean[slot];
    Record& record = records[i];
    set_what_is_known(clean, params.target, record);
    if (record.status != Status::kOk) continue;
    set_covered_box(subject, context.pictures[slot], record);
    Case c;
    c.record = &record;
    c.picture = pictures.narrow(0, static_cast<std::int64_t>(slot), 1);
    c.target = record.target;
    c.baseline = methods::baseline_of({classifier, c.picture, {c.target}, {}, {}, {}, 0}, c.picture,
                                      params.baseline);
    c.logit = clean.logits[static_cast<std::size_t>(record.target)];
    c.slopes = methods::meaning_of(params.method) == methods::Meaning::kSlope;
    if (const auto mask =
            subject.data.mask(static_cast<std::size_t>(units[i].row), context.pictures[slot].height,
                              context.pictures[slot].width))
      c.object = methods::prepared_mask(classifier, *mask);
    record.probability = probability(clean.logits.data(),
                                     static_cast<std::int64_t>(clean.logits.size()), record.target);
    cases.push_back(std::move(c));
  }
  if (cases.empty()) return records;
  explain(subject, params, cases);

  std::vector<methods::MakePicture> changed;
  std::vector<std::unique_ptr<ChangedCopies>> copies;
  for (const Case& c : cases)
    if (c.ok())
      copies.push_back(std::make_unique<ChangedCopies>(c, params, subject.facts.seed, changed));
  if (changed.empty()) return records;
  const at::Tensor logits =
      methods::logits_of_pictures(classifier, changed).to(at::kFloat).contiguous();
  for (const auto& copy : copies) copy->read(logits);
  return records;
}

}  // namespace assay::checks
