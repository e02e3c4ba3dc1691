// The two rounds of the study of errors: all errors, then the worst ones.
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/misclassified.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/attribution/smallest_region.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/ranking.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::checks {

namespace {

using Record = Misclassified::Record;
using Status = Misclassified::Status;
using Params = Misclassified::Params;

constexpr std::string_view kStudy = "study/";  // the keys of round 2 begin so

std::shared_ptr<const network::Classifier> second_of(const Subject& subject, const Params& params) {
  if (params.second_model.empty()) return nullptr;
  return subject.others->open(params.second_model, subject.classifier);
}

void set_what_is_known(const CleanRecord& clean, int classes, Record& record) {
  record.id = clean.id;
  record.cluster = clean.cluster;
  record.label = clean.label;
  if (clean.label < 0 || clean.label >= classes) {
    record.status = Status::kNoLabel;
    return;
  }
  record.predicted = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                      clean.logits.begin());
  record.margin = margin_of(clean.logits, record.label);
  if (!std::isfinite(record.margin)) record.status = Status::kNonFinite;
}

Misclassified::Map map_of(const at::Tensor& map) {
  const at::Tensor kept = map.to(at::kFloat).contiguous();
  return {static_cast<int>(kept.size(0)),
          static_cast<int>(kept.size(1)),
          {kept.data_ptr<float>(), kept.data_ptr<float>() + kept.numel()}};
}

// The smallest number of the ranking's pixels whose covering makes `is` true of the score of `target`;
// sizes rise by a quarter from one in a thousand until it is, and the last step is searched.
Misclassified::Found smallest(const methods::CoveredPicture& covered,
                              const network::Classifier& classifier, std::int64_t target,
                              const std::function<bool(double)>& is) {
  const std::int64_t all = covered.pixels();
  const auto answers = [&](const std::vector<std::int64_t>& sizes) {
    const at::Tensor margins = methods::scores_of_pictures(
        classifier, static_cast<std::int64_t>(sizes.size()),
        [&](std::int64_t i) {
          return covered.seen(at::logical_not(covered.highest(sizes[static_cast<std::size_t>(i)])));
        },
        target, methods::Score::kMargin);
    std::vector<bool> found;
    for (std::int64_t i = 0; i < margins.size(0); ++i)
      found.push_back(is(margins[i].item<double>()));
    return found;
  };
  std::vector<std::int64_t> sizes;
  for (double share = 0.001; share < 1; share *= 1.25) {
    const auto k = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(all)));
    if (sizes.empty() || k > sizes.back()) sizes.push_back(k);
  }
  if (sizes.back() < all) sizes.push_back(all);
  Misclassified::Found found;
  for (std::size_t first = 0; first < sizes.size(); first += 8) {
    const std::vector<std::int64_t> some(
        sizes.begin() + static_cast<std::ptrdiff_t>(first),
        sizes.begin() + static_cast<std::ptrdiff_t>(std::min(first + 8, sizes.size())));
    const auto there = answers(some);
    const auto at = std::find(there.begin(), there.end(), true) - there.begin();
    if (at == static_cast<std::ptrdiff_t>(there.size())) continue;
    const std::size_t index = first + static_cast<std::size_t>(at);
    const std::int64_t k =
        methods::first_crossing(index == 0 ? 0 : sizes[index - 1], sizes[index], answers);
    found.area = static_cast<double>(k) / static_cast<double>(all);
    const at::Tensor region = covered.highest(k).to(at::kByte).contiguous();
    found.cells =
        region_grid({region.data_ptr<std::uint8_t>(), static_cast<std::size_t>(region.numel())},
                    static_cast<int>(region.size(0)), static_cast<int>(region.size(1)));
    const at::Tensor picture = covered.seen(at::logical_not(covered.highest(k)));
    found.said = class_said(classifier.forward(picture).logits[0]);
    break;
  }
  return found;
}

void study(const Subject& subject, const Params& params, const std::string& layer,
           const at::Tensor& picture, Record& record) {
  const network::Classifier& classifier = subject.classifier;
  const std::vector<Shown> both{{picture, record.predicted, record.id},
                                {picture, record.label, record.id}};
  const at::Tensor maps = class_maps(classifier, both, layer, subject.facts.seed).to(at::kFloat);
  record.of_predicted = map_of(maps[0]);
  record.of_label = map_of(maps[1]);
  const at::Tensor ranking =
      methods::over_pixels((maps[0] - maps[1]).unsqueeze(0), picture.size(2), picture.size(3))[0];
  if (!at::isfinite(ranking).all().item<bool>()) {
    record.status = Status::kNonFinite;
    return;
  }
  const methods::CoveredPicture covered(
      question_of(classifier, {both.data(), 1}, subject.facts.seed), ranking, params.cover);
  record.restored =
      smallest(covered, classifier, record.label, [](double margin) { return margin > 0; });
  record.lost =
      smallest(covered, classifier, record.predicted, [](double margin) { return margin < 0; });
}

void set_second(const Subject& subject, const network::Classifier& second,
                const at::Tensor& picture, Record& record) {
  Shown shown{picture, -1, record.id};
  const methods::Question question = question_of(second, {&shown, 1}, subject.facts.seed);
  record.second_predicted = shown.target = class_said(second.forward(question.input).logits[0]);
  if (shown.target < 0) return;
  const std::string layer = map_layer(second, "", record.second_no_map);
  if (!layer.empty())
    record.of_second = map_of(class_maps(second, {&shown, 1}, layer, subject.facts.seed)[0]);
}

}  // namespace

std::vector<std::string> Misclassified::keep(const Subject& subject, const Params& params) {
  std::string why;
  if (map_layer(subject.classifier, params.layer, why).empty()) throw InputError("", why);
  second_of(subject, params);
  return {};
}

std::vector<Unit> Misclassified::units(const Subject& subject, const Params& params,
                                       std::span<const Record> so_far) {
  const auto& rows = subject.data.rows();
  std::vector<Unit> units;
  if (so_far.empty()) {
    for (std::size_t row = 0; row < rows.size(); ++row)
      units.push_back({rows[row].id, static_cast<std::int64_t>(row)});
    return units;
  }
  std::vector<const Record*> errors;
  for (const Record& r : so_far) {
    if (r.studied) return {};
    if (r.status == Status::kOk && r.predicted != r.label) errors.push_back(&r);
  }
  std::stable_sort(errors.begin(), errors.end(),
                   [](auto* a, auto* b) { return a->margin < b->margin; });
  errors.resize(std::min(errors.size(), static_cast<std::size_t>(params.worst)));
  if (errors.empty()) return {};
  // The other model is part of what is measured: its bytes are in the key.
  const auto second = second_of(subject, params);
  for (const Record* r : errors)
    units.push_back({std::string(kStudy) + (second ? second->sha256() + "/" : "") + r->id, r->row});
  return units;
}

std::vector<Record> Misclassified::measure(const Subject& subject, const Params& params,
                                           std::span<const Unit> units, const Context& context) {
  const network::Classifier& classifier = subject.classifier;
  const bool studying = units.front().key != context.clean[context.slot(units.front().row)].id;
  std::vector<Record> records(units.size());
  std::string why;
  const std::string layer = studying ? map_layer(classifier, params.layer, why) : "";
  const auto second = studying ? second_of(subject, params) : nullptr;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t slot = context.slot(units[i].row);
    Record& record = records[i];
    set_what_is_known(context.clean[slot], classifier.classes(), record);
    if (!studying) continue;
    record.studied = true;
    const imaging::Picture& decoded = context.pictures[slot];
    set_covered_box(subject, decoded, record);
    const at::Tensor picture = prepared_picture(subject, units[i].row, decoded);
    study(subject, params, layer, picture, record);
    if (second) set_second(subject, *second, picture, record);
  }
  return records;
}

Cost Misclassified::cost(const Params& params, std::string_view unit) {
  // Two searches of up to 32 sizes, and of some 8 × 6 between two.
  if (unit.starts_with(kStudy)) return {170 + 2 * !params.second_model.empty(), 3};
  return {0, 0};
}

}  // namespace assay::checks
