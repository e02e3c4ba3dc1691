// One picture under every intervention.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/checks/group_columns.h"
#include "assay/checks/sensitivity/effect.h"
#include "assay/checks/sensitivity/effect_interventions.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/scene/shifted_picture.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/intervention/transplant.h"
#include "assay/methods/prepared_mask.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Record = Effect::Record;
using methods::PixelMask;

constexpr double kBlurShare = 0.1;  // of the shorter side
constexpr std::size_t kTries = 20;  // draws for a donor of another cluster

struct Asked {
  const Subject& subject;
  const Effect::Params& params;
  const std::vector<Intervention>& interventions;
  const Unit& unit;
  const Context& context;
  at::Tensor input;
  Record& record;

  void told(std::size_t k, const Said& said, std::size_t at) const {
    record.asked[k] = 1;
    record.margins[k] = said.margin[at];
    record.decisions[k] = said.decision[at];
    record.finite &= std::isfinite(said.margin[at]);
  }
};

// The picture itself, and in the first round with factors set.
void set_factors(const Asked& a) {
  const auto names = factors_of(a.interventions);
  const imaging::Scene scene(
      names, {imaging::border_named(a.params.border), a.params.fill, a.subject.facts.seed});
  std::vector<double> nominal;
  for (const auto* f : scene.factors()) nominal.push_back(f->nominal);
  std::vector<double> theta = nominal;
  std::vector<std::size_t> which;
  for (std::size_t k = 0; k < a.interventions.size(); ++k) {
    if (a.interventions[k].factors.empty() || a.record.second) continue;
    which.push_back(k);
    std::vector<double> row = nominal;
    for (const auto& [name, value] : a.interventions[k].factors)
      row[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())] =
          value;
    theta.insert(theta.end(), row.begin(), row.end());
  }
  const auto rows = static_cast<std::int64_t>(which.size() + 1);
  const std::vector<std::uint64_t> draws(which.size() + 1,
                                         hash_name(fmt::format("effect/{}", a.unit.row)));
  const RawView raw(a.subject, a.unit, a.context, scene);
  const at::Tensor logits = methods::shifted_logits(
      a.subject.classifier, a.input, scene,
      at::tensor(theta, at::kDouble).view({rows, static_cast<std::int64_t>(names.size())}), draws,
      raw.get());
  const Said said = said_of(logits, a.record.reference());
  a.record.nominal = said.margin[0];
  a.record.finite &= std::isfinite(said.margin[0]);
  for (std::size_t i = 0; i < which.size(); ++i) a.told(which[i], said, i + 1);
}

at::Tensor without(const Asked& a, const Intervention& what, const at::Tensor& picture,
                   const PixelMask& region) {
  const auto& classifier = a.subject.classifier;
  switch (what.by) {
    case By::kInpaint:
      return methods::imputed(picture, region);
    case By::kGrey: {
      const at::Tensor grey = at::full_like(methods::pixels_of_input(classifier, a.input), 0.5);
      return methods::replaced(
          picture, region,
          methods::channels_first(classifier, methods::model_input(classifier, grey)));
    }
    case By::kBlur: {
      const at::Tensor pixels = methods::pixels_of_input(classifier, a.input);
      const auto shorter = static_cast<double>(std::min(pixels.size(2), pixels.size(3)));
      const std::uint64_t draw[] = {0};
      const at::Tensor blurred = imaging::Scene({"gaussian_blur"}, {})(
          pixels.clamp(0, 1), at::full({1, 1}, std::min(30.0, kBlurShare * shorter), at::kDouble),
          draw);
      return methods::replaced(
          picture, region,
          methods::channels_first(classifier, methods::model_input(classifier, blurred)));
    }
    case By::kOther: {
      const std::int64_t row = a.unit.others.at(0);
      const at::Tensor donor = prepared_picture(a.subject, row, decoded(a.subject, row));
      if (donor.sizes() != picture.sizes()) return {};
      return methods::transplanted(
          picture, donor,
          methods::feathered(region, picture.size(2), picture.size(3), a.params.feather_px));
    }
  }
  throw BugError("no such replacement");
}

void replace_regions(const Asked& a, const imaging::Picture& picture) {
  const auto mask =
      a.subject.data.mask(static_cast<std::size_t>(a.unit.row), picture.height, picture.width);
  a.record.has_mask = mask.has_value();
  const PixelMask marked = mask ? methods::prepared_mask(a.subject.classifier, *mask) : PixelMask{};
  const at::Tensor own = prepared_picture(a.subject, a.unit.row, picture);
  std::vector<methods::MakePicture> pictures;
  std::vector<std::size_t> which;
  for (std::size_t k = 0; k < a.interventions.size(); ++k) {
    const Intervention& what = a.interventions[k];
    if (what.part == Part::kNone || what.needs_donor() != a.record.second ||
        (what.needs_mask() && !mask))
      continue;
    const PixelMask region = pixels_of_part(what, marked, a.record.height, a.record.width);
    const auto inside = static_cast<std::size_t>(std::count(region.begin(), region.end(), 1));
    // Nothing to replace, or nothing left to in-paint from.
    if (inside == 0 || (inside == region.size() && what.by == By::kInpaint)) continue;
    const at::Tensor changed = without(a, what, own, region);
    if (!changed.defined()) continue;
    a.record.regions[k] = region_grid(region, a.record.height, a.record.width);
    pictures.emplace_back([changed] { return changed; });
    which.push_back(k);
  }
  if (which.empty()) return;
  const Said said =
      said_of(methods::logits_of_pictures(a.subject.classifier, pictures), a.record.reference());
  for (std::size_t i = 0; i < which.size(); ++i) a.told(which[i], said, i);
}

}  // namespace

std::vector<Unit> Effect::units(const Subject& subject, const Params& params,
                                std::span<const Record> so_far) {
  const auto interventions = interventions_of(params.interventions);
  const auto& rows = subject.data.rows();
  group_columns(subject, params.groups);
  if (so_far.empty()) {
    const bool masks =
        std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.mask.empty(); });
    for (const Intervention& i : interventions)
      if (i.needs_mask() && !masks)
        throw InputError("checks.effect.interventions." + i.name,
                         "no row has a mask: give them (a manifest's column \"mask\", data.masks "
                         "or data.annotations), or a box");
    return asked_units(subject, "own/", all_rows(subject));
  }
  const bool donors = std::any_of(interventions.begin(), interventions.end(),
                                  [](const auto& i) { return i.needs_donor(); });
  if (!donors || std::any_of(so_far.begin(), so_far.end(), [](const auto& r) { return r.second; }))
    return {};
  std::vector<const Record*> usable;
  for (const Record& r : so_far)
    if (r.finite) usable.push_back(&r);
  std::vector<Unit> units;
  for (const Record* r : usable) {
    Stream stream(subject.facts.seed, "effect/donor", hash_name(r->id));
    for (std::size_t k = 0; k < kTries && usable.size() > 1; ++k) {
      const Record* other = usable[stream.below(usable.size())];
      if (other == r || (!r->cluster.empty() && other->cluster == r->cluster)) continue;
      units.push_back({"other/" + r->id, r->row, {other->row}});
      break;
    }
  }
  return units;
}

std::vector<Record> Effect::measure(const Subject& subject, const Params& params,
                                    std::span<const Unit> units, const Context& context) {
  const auto interventions = interventions_of(params.interventions);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    record.second = !unit.others.empty();
    record.donor = record.second ? unit.others.front() : -1;
    record.groups = group_values(subject, params.groups, unit.row);
    record.asked.assign(interventions.size(), 0);
    record.margins.assign(interventions.size(), 0);
    record.decisions.assign(interventions.size(), -1);
    record.regions.assign(interventions.size(), {});
    if (record.finite) {
      const Asked asked{subject, params, interventions, unit, context, input_of(unit, context),
                        record};
      set_factors(asked);
      replace_regions(asked, context.pictures[context.slot(unit.row)]);
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost Effect::cost(const Params& params, std::string_view unit) {
  const auto interventions = interventions_of(params.interventions);
  std::int64_t factors = 1, regions = 0, donors = 0;
  for (const Intervention& i : interventions)
    (i.part == Part::kNone ? factors : i.needs_donor() ? donors : regions) += 1;
  const auto whole = [](std::int64_t calls) { return (calls + 7) / 8 * 8; };
  if (unit.starts_with("other/")) return {8 + whole(donors), 0};
  return {whole(factors) + whole(regions), 0};
}

}  // namespace assay::checks
