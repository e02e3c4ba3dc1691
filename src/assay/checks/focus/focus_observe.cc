// Round 1 of the focus check: where the evidence lies, and what is left without either part.
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/focus_rounds.h"
#include "assay/checks/focus/focus_validity.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/checks/group_columns.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/cover.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/evaluation/region_share.h"
#include "assay/methods/prepared_mask.h"

namespace assay::checks {

namespace {

using Record = Focus::Record;
using Status = Focus::Status;
using methods::PixelMask;

// One picture of round 1 while it is measured.
struct Seen {
  Record* record = nullptr;
  std::size_t slot = 0;
  PixelMask invalid;  // over the model's input
  Shown shown;
};

// What is known before the network runs again.
void set_what_is_known(const Subject& subject, const Focus::Params& params, const Context& context,
                       Seen& seen) {
  Record& record = *seen.record;
  const CleanRecord& clean = context.clean[seen.slot];
  const imaging::Picture& picture = context.pictures[seen.slot];
  record.row = context.rows[seen.slot];
  record.id = clean.id;
  record.cluster = clean.cluster;
  record.label = clean.label;
  record.groups = group_values(subject, params.groups, record.row);
  const auto mask = invalid_pixels(subject, params, record.row, picture.height, picture.width);
  if (!mask) {
    record.status = Status::kNoMask;
    return;
  }
  set_covered_box(subject, picture, record);
  seen.invalid = methods::prepared_mask(subject.classifier, *mask);
  record.height = static_cast<int>(seen.shown.picture.size(2));
  record.width = static_cast<int>(seen.shown.picture.size(3));
  record.invalid = region_grid(seen.invalid, record.height, record.width);
  const auto invalid = std::count(seen.invalid.begin(), seen.invalid.end(), 1);
  record.area = static_cast<double>(invalid) / static_cast<double>(seen.invalid.size());
  if (record.label < 0 || record.label >= subject.classifier.classes()) {
    record.status = Status::kNoLabel;
    return;
  }
  record.predicted = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                      clean.logits.begin());
  record.margin = margin_of(clean.logits, record.label);
  if (!std::isfinite(record.margin))
    record.status = Status::kNonFinite;
  else if (invalid == 0)
    record.status = Status::kEmpty;
  else if (invalid == static_cast<std::ptrdiff_t>(seen.invalid.size()))
    record.status = Status::kFull;
}

Focus::Share share_of(const at::Tensor& map, const Seen& seen) {
  const at::Tensor over = methods::over_pixels(map.to(at::kFloat).unsqueeze(0), seen.record->height,
                                               seen.record->width)[0];
  const auto found = methods::region_share(over, seen.invalid);
  Focus::Share share;
  if (!found) return share;
  share.share = found->share;
  share.shifted = found->shifted;
  return share;
}

void set_cams(const Subject& subject, const std::string& layer, std::vector<Seen>& all) {
  std::vector<Shown> shown;
  for (const Seen& seen : all) shown.push_back(seen.shown);
  const std::uint64_t seed = subject.facts.seed;
  const at::Tensor maps = class_maps(subject.classifier, shown, layer, seed);
  at::Tensor random;
  try {
    random = class_maps(*subject.classifier.randomised(seed), shown, layer, seed);
  } catch (const InputError&) {
    // Quantised weights cannot be shuffled: the finding says that there is no such map.
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    Record& record = *all[i].record;
    const at::Tensor map = maps[static_cast<std::int64_t>(i)].to(at::kFloat).contiguous();
    record.map_height = static_cast<int>(map.size(0));
    record.map_width = static_cast<int>(map.size(1));
    record.map.assign(map.data_ptr<float>(), map.data_ptr<float>() + map.numel());
    record.cam = share_of(map, all[i]);
    if (random.defined())
      record.randomised = share_of(random[static_cast<std::int64_t>(i)], all[i]);
  }
}

void set_occlusion(const Subject& subject, const Focus::Params& params, std::vector<Seen>& all) {
  std::vector<Shown> shown;
  for (const Seen& seen : all) shown.push_back(seen.shown);
  const Settings settings{{"sizes", to_text(params.occlusion_size)}};
  const at::Tensor maps =
      methods::attribution_named("occlusion", "method")
          .explain(question_of(subject.classifier, shown, subject.facts.seed), settings)
          .map;
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].record->occlusion = share_of(maps[static_cast<std::int64_t>(i)], all[i]);
}

void set_inpainted(const Subject& subject, std::vector<Seen>& all) {
  std::vector<methods::MakePicture> pictures;
  for (const Seen& seen : all) {
    pictures.emplace_back([&seen] {
      PixelMask valid = seen.invalid;
      for (std::uint8_t& v : valid) v = !v;
      return methods::imputed(seen.shown.picture, valid);
    });
    pictures.emplace_back([&seen] { return methods::imputed(seen.shown.picture, seen.invalid); });
  }
  const at::Tensor logits = methods::logits_of_pictures(subject.classifier, pictures);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].record->invalid_only = class_said(logits[static_cast<std::int64_t>(2 * i)]);
    all[i].record->inpainted = class_said(logits[static_cast<std::int64_t>(2 * i + 1)]);
  }
}

}  // namespace

std::vector<Focus::Record> observe(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context) {
  const at::Tensor pictures =
      methods::channels_first(subject.classifier, *context.input).to(at::kFloat).contiguous();
  std::vector<Record> records(units.size());
  std::vector<Seen> seen_ones, occluded;
  for (std::size_t i = 0; i < units.size(); ++i) {
    Seen seen;
    seen.record = &records[i];
    seen.slot = context.slot(units[i].row);
    seen.shown.picture = pictures.narrow(0, static_cast<std::int64_t>(seen.slot), 1);
    set_what_is_known(subject, params, context, seen);
    seen.shown.id = records[i].id;
    seen.shown.target = records[i].predicted;
    const bool covers = units[i].key != records[i].id;
    if (covers) records[i].kind = Focus::Kind::kOccluded;
    if (records[i].status == Status::kOk)
      (covers ? occluded : seen_ones).push_back(std::move(seen));
  }
  if (!occluded.empty()) set_occlusion(subject, params, occluded);
  if (seen_ones.empty()) return records;
  std::string why;
  const std::string layer = map_layer(subject.classifier, params.layer, why);
  if (!layer.empty()) set_cams(subject, layer, seen_ones);
  for (const Seen& seen : seen_ones) seen.record->no_map = why;
  set_inpainted(subject, seen_ones);
  return records;
}

}  // namespace assay::checks
