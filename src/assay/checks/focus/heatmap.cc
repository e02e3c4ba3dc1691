#include "assay/checks/focus/heatmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "assay/base/seed.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/layer.h"
#include "assay/network/torch.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

std::string layer_name(const Subject& subject, const Heatmap::Params& params) {
  return params.layer.empty() ? methods::default_layer(subject.classifier)
                              : subject.classifier.value_named(params.layer);
}

std::string class_name(const Heatmap::Result& result, int index) {
  return index >= 0 && index < static_cast<int>(result.labels.size()) ? result.labels[index] : "?";
}

// The map after its ReLU, with its status; a non-finite map is kept as it is, to be looked at, not
// shown as evidence.
void set_map(const float* values, Heatmap::Record& record) {
  const std::size_t size = static_cast<std::size_t>(record.height) * record.width;
  record.map.assign(values, values + size);
  bool finite = true, evidence = false;
  for (float& v : record.map) {
    finite = finite && std::isfinite(v);
    if (v < 0) v = 0;
    evidence = evidence || v > 0;
  }
  record.status = !finite ? MapStatus::kNonFinite : evidence ? MapStatus::kOk : MapStatus::kZero;
}

void set_prediction(const CleanRecord& clean, Heatmap::Record& record) {
  const auto& z = clean.logits;
  const auto top = std::max_element(z.begin(), z.end());
  record.predicted = static_cast<int>(top - z.begin());
  double sum = 0;
  for (const float v : z) sum += std::exp(static_cast<double>(v) - *top);
  record.confidence = 1 / sum;
  if (clean.label >= 0)
    record.label_probability = std::exp(static_cast<double>(z[clean.label]) - *top) / sum;
}

// Takes up to `count` of the candidates in their order, each picture once over all groups.
Heatmap::Result::Group group(const std::string& title, const std::string& id,
                             std::vector<const Heatmap::Record*> candidates, int count,
                             std::set<std::int64_t>& taken) {
  Heatmap::Result::Group g{title, id, {}};
  for (const auto* record : candidates) {
    if (static_cast<int>(g.shown.size()) == count) break;
    if (taken.insert(record->row).second) g.shown.push_back(*record);
  }
  return g;
}

std::vector<Heatmap::Result::Group> choose(std::span<const Heatmap::Record> records, int count,
                                           const Facts& facts) {
  using Candidates = std::vector<const Heatmap::Record*>;
  Candidates errors, all;
  for (const auto& r : records) {
    if (r.status == MapStatus::kNoTarget) continue;
    all.push_back(&r);
    if (r.label >= 0 && r.predicted != r.label) errors.push_back(&r);
  }
  Candidates confident = errors, broken;
  std::stable_sort(confident.begin(), confident.end(),
                   [](auto* a, auto* b) { return a->confidence > b->confidence; });
  std::stable_sort(errors.begin(), errors.end(),
                   [](auto* a, auto* b) { return a->label_probability < b->label_probability; });
  for (const auto* r : all)
    if (r->status != MapStatus::kOk) broken.push_back(r);
  Stream stream(facts.seed, "heatmap.sample");
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[stream.below(i)]);
  std::set<std::int64_t> taken;
  return {group("Most confident errors", "confident-error", confident, count, taken),
          group("Errors that gave the right class the least probability", "worst-error", errors,
                count, taken),
          group("Maps without evidence", "empty", broken, count, taken),
          group("A random sample", "sample", all, count, taken)};
}

}  // namespace

std::vector<std::string> Heatmap::keep(const Subject& subject, const Params& params) {
  return {layer_name(subject, params)};
}

std::vector<Unit> Heatmap::units(const Subject& subject, const Params&,
                                 std::span<const Record> so_far) {
  std::vector<Unit> units;
  if (!so_far.empty()) return units;
  const auto rows = static_cast<std::int64_t>(subject.data.rows().size());
  for (std::int64_t row = 0; row < rows; ++row) units.push_back({subject.data.rows()[row].id, row});
  return units;
}

std::vector<Heatmap::Record> Heatmap::measure(const Subject& subject, const Params& params,
                                              std::span<const Unit> units, const Context& context) {
  std::vector<Record> records;
  std::vector<std::int64_t> targets(context.rows.size(), 0);
  for (const auto& unit : units) {
    const std::size_t slot = context.slot(unit.row);
    const CleanRecord& clean = context.clean[slot];
    Record record;
    record.id = clean.id;
    record.label = clean.label;
    set_prediction(clean, record);
    record.target = params.target == "label" ? clean.label : record.predicted;
    if (record.target < 0) record.status = MapStatus::kNoTarget;
    targets[slot] = std::max(record.target, 0);
    set_covered_box(subject, context.pictures[slot], record);
    records.push_back(std::move(record));
  }
  // Finding the default layer of an attention network takes passes of its own: where only one value
  // was kept, it is that.
  const std::string layer = params.layer.empty() && context.values.size() == 1
                                ? context.values.begin()->first
                                : layer_name(subject, params);
  const methods::Question question{subject.classifier,        *context.input,    targets, {}, layer,
                                   *context.values.at(layer), subject.facts.seed};
  const at::Tensor maps =
      methods::attribution_named(params.method, "method").explain(question, {}).map;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = records[i];
    if (record.status == MapStatus::kNoTarget) continue;
    record.height = static_cast<int>(maps.size(1));
    record.width = static_cast<int>(maps.size(2));
    const auto slot = static_cast<std::int64_t>(context.slot(units[i].row));
    set_map(maps.data_ptr<float>() + slot * record.height * record.width, record);
  }
  return records;
}

Heatmap::Result Heatmap::summarise(std::span<const Record> records, const Params& params,
                                   const Facts& facts) {
  Result result;
  result.params = params;
  result.labels = facts.labels;
  bool same_size = true;
  const Record* first = nullptr;
  for (const auto& r : records) {
    if (r.status == MapStatus::kNoTarget) {
      ++result.no_target;
      continue;
    }
    ++result.maps;
    result.zero += r.status == MapStatus::kZero;
    result.nonfinite += r.status == MapStatus::kNonFinite;
    if (!first) first = &r;
    same_size = same_size && r.height == first->height && r.width == first->width;
  }
  if (first && same_size) {
    result.shape = {result.maps, first->height, first->width};
    for (const auto& r : records) {
      if (r.status == MapStatus::kNoTarget) continue;
      result.all.insert(result.all.end(), r.map.begin(), r.map.end());
      result.rows.push_back(static_cast<float>(r.row));
      result.targets.push_back(static_cast<float>(r.target));
    }
  }
  result.groups = choose(records, params.exhibits, facts);
  return result;
}

std::vector<Finding> Heatmap::findings(const Result& result) {
  if (result.maps == 0) {
    const std::string why = "no picture had a class to explain";
    return {stats::undefined("zero_maps", why), stats::undefined("nonfinite_maps", why)};
  }
  return {stats::proportion("zero_maps", result.zero, result.maps),
          stats::proportion("nonfinite_maps", result.nonfinite, result.maps)};
}

Section Heatmap::present(const Result& result) {
  Section section;
  const auto method = methods::attribution_named(result.params.method, "method").info.title;
  section.answer = fmt::format(
      "{} maps by {} for the {} class. {} of them hold no evidence at all{}.", result.maps, method,
      result.params.target == "label" ? "labelled" : "predicted", result.zero,
      result.nonfinite ? fmt::format(" and {} are not finite", result.nonfinite) : "");
  if (result.nonfinite > 0)
    section.warnings.push_back(
        fmt::format("{} maps are not finite: the network's gradients overflow", result.nonfinite));
  if (result.no_target > 0)
    section.notes.push_back(
        fmt::format("{} pictures have no label and so no class to explain", result.no_target));
  section.notes.push_back(
      "Colours run from 0 to each map's own maximum, which the scale names: compare places within "
      "a picture, and magnitudes by the scales.");
  for (const auto& group : result.groups) {
    ExhibitGroup shown{group.title, {}};
    for (const auto& r : group.shown) {
      Exhibit exhibit;
      exhibit.id = fmt::format("{}-{}", group.id, shown.exhibits.size() + 1);
      exhibit.row = r.row;
      exhibit.caption =
          fmt::format("{}: {} {:.3f}", r.id, class_name(result, r.predicted), r.confidence);
      if (r.label >= 0 && r.label != r.predicted)
        exhibit.caption +=
            fmt::format(", labelled {} {:.3f}", class_name(result, r.label), r.label_probability);
      if (r.status == MapStatus::kZero) exhibit.caption += " (no evidence)";
      if (r.status == MapStatus::kNonFinite) exhibit.caption += " (map not finite)";
      if (r.status == MapStatus::kOk)
        exhibit.overlay = Overlay{r.height, r.width, r.map, 0, {r.left, r.top, r.right, r.bottom}};
      shown.exhibits.push_back(std::move(exhibit));
    }
    if (!shown.exhibits.empty()) section.exhibits.push_back(std::move(shown));
  }
  if (!result.shape.empty()) {
    section.arrays.push_back({"maps", result.shape, result.all});
    section.arrays.push_back({"rows", {result.maps}, result.rows});
    section.arrays.push_back({"targets", {result.maps}, result.targets});
  }
  return section;
}

}  // namespace assay::checks
