// The two rounds of the shortcut search: maps, and patches put into other pictures.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/base/error.h"
#include "assay/checks/drawn_rows.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/shortcut_search.h"
#include "assay/checks/focus/shortcut_search_candidates.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/intervention/transplant.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Record = ShortcutSearch::Record;
using Status = ShortcutSearch::Status;
using Params = ShortcutSearch::Params;

constexpr std::string_view kPatchKey = "patch/";

// What a unit of round 2 puts where, in its key: "patch/CANDIDATE/CLASS/CELLS/ID".
struct Patch {
  std::int64_t candidate = -1;
  int label = -1;
  std::vector<std::uint8_t> cells;
};

std::string key_of(const Transplant& t, const ShortcutSearch::Candidate& candidate,
                   const std::string& id) {
  return std::string(kPatchKey) + std::to_string(t.candidate) + "/" +
         std::to_string(candidate.label) + "/" + hex_of_cells(candidate.cells) + "/" + id;
}

Patch patch_of(const std::string& key) {
  Patch patch;
  std::size_t at = key.find('/');
  const auto next = [&] {
    const std::size_t from = at + 1;
    at = key.find('/', from);
    if (at == std::string::npos) throw BugError("no patch in the unit " + key);
    return key.substr(from, at - from);
  };
  const auto number = [](const std::string& text, auto& value) {
    std::from_chars(text.data(), text.data() + text.size(), value);
  };
  number(next(), patch.candidate);
  number(next(), patch.label);
  patch.cells = cells_of_hex(next());
  return patch;
}

// The positive values of a map [h,w] over the grid, as shares; empty where there are none.
std::vector<float> grid_of(const at::Tensor& map) {
  const at::Tensor positive = at::clamp_min(map.to(at::kDouble), 0);
  const at::Tensor cells =
      map.size(0) > kCells && map.size(1) > kCells
          ? at::adaptive_avg_pool2d(positive.unsqueeze(0).unsqueeze(0), {kCells, kCells})
          : at::upsample_bilinear2d(positive.unsqueeze(0).unsqueeze(0), {kCells, kCells}, false);
  const double sum = cells.sum().item<double>();
  if (!(sum > 0) || !std::isfinite(sum)) return {};
  const at::Tensor shares = (cells / sum).to(at::kFloat).contiguous();
  return {shares.data_ptr<float>(), shares.data_ptr<float>() + shares.numel()};
}

std::vector<Record> mapped(const Subject& subject, const Params& params,
                           std::span<const Unit> units, const Context& context) {
  const network::Classifier& classifier = subject.classifier;
  const at::Tensor pictures =
      methods::channels_first(classifier, *context.input).to(at::kFloat).contiguous();
  std::vector<Record> records(units.size());
  std::vector<Shown> shown;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t slot = context.slot(units[i].row);
    const CleanRecord& clean = context.clean[slot];
    const imaging::Picture& picture = context.pictures[slot];
    Record& record = records[i];
    record.id = clean.id;
    record.cluster = clean.cluster;
    record.picture_height = picture.height;
    record.picture_width = picture.width;
    set_covered_box(subject, picture, record);
    record.predicted = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                        clean.logits.begin());
    record.margin = margin_of(clean.logits, record.predicted);
    if (!std::isfinite(record.margin)) {
      record.status = Status::kNonFinite;
      continue;
    }
    which.push_back(i);
    shown.push_back(
        {pictures.narrow(0, static_cast<std::int64_t>(slot), 1), record.predicted, record.id});
  }
  if (shown.empty()) return records;
  std::string why;
  const std::string layer = map_layer(classifier, params.layer, why);
  if (layer.empty()) throw InputError("", why);
  const at::Tensor maps = class_maps(classifier, shown, layer, subject.facts.seed);
  for (std::size_t k = 0; k < which.size(); ++k) {
    Record& record = records[which[k]];
    const at::Tensor map = maps[static_cast<std::int64_t>(k)].to(at::kFloat).contiguous();
    record.map = grid_of(map);
    if (record.map.empty()) record.status = Status::kNoEvidence;
    record.map_height = static_cast<int>(map.size(0));
    record.map_width = static_cast<int>(map.size(1));
    record.own_map.assign(map.data_ptr<float>(), map.data_ptr<float>() + map.numel());
  }
  return records;
}

methods::PixelMask pixels_of(const std::vector<std::uint8_t>& cells, std::int64_t height,
                             std::int64_t width) {
  methods::PixelMask region(static_cast<std::size_t>(height * width));
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      region[static_cast<std::size_t>(y * width + x)] =
          cells.at(static_cast<std::size_t>(y * kCells / height * kCells + x * kCells / width));
  return region;
}

std::vector<Record> transplanted(const Subject& subject, const Params& params,
                                 std::span<const Unit> units, const Context& context) {
  std::vector<Record> records(units.size());
  std::vector<Patch> patches;
  std::vector<methods::MakePicture> pictures;
  std::vector<std::size_t> made;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    const std::size_t slot = context.slot(unit.row);
    Record& record = records[i];
    patches.push_back(patch_of(unit.key));
    record.id = context.clean[slot].id;
    record.cluster = context.clean[slot].cluster;
    record.transplanted = true;
    record.candidate = patches.back().candidate;
    record.donor = unit.others.at(0);
    record.control = unit.others.at(1);
    const at::Tensor own = prepared_picture(subject, unit.row, context.pictures[slot]);
    const at::Tensor alpha =
        methods::feathered(pixels_of(patches.back().cells, own.size(2), own.size(3)), own.size(2),
                           own.size(3), params.feather_px);
    std::vector<at::Tensor> lenders;
    for (const std::int64_t row : unit.others)
      lenders.push_back(prepared_picture(subject, row, decoded(subject, row)));
    // Where pictures may differ in size, only those of the same can lend.
    if (lenders[0].sizes() != own.sizes() || lenders[1].sizes() != own.sizes()) {
      record.status = Status::kNoEvidence;
      continue;
    }
    for (const at::Tensor& lender : lenders) {
      const at::Tensor picture = methods::transplanted(own, lender, alpha);
      pictures.emplace_back([picture] { return picture; });
    }
    made.push_back(i);
  }
  if (made.empty()) return records;
  const at::Tensor logits = methods::logits_of_pictures(subject.classifier, pictures);
  for (std::size_t k = 0; k < made.size(); ++k) {
    Record& record = records[made[k]];
    const int label = patches[made[k]].label;
    const at::Tensor with_donor = logits[static_cast<std::int64_t>(2 * k)];
    const at::Tensor with_control = logits[static_cast<std::int64_t>(2 * k + 1)];
    record.said_with_donor = class_said(with_donor);
    record.said_with_control = class_said(with_control);
    record.with_donor = margin_of(with_donor, label);
    record.with_control = margin_of(with_control, label);
    if (!std::isfinite(record.with_donor) || !std::isfinite(record.with_control))
      record.status = Status::kNonFinite;
  }
  return records;
}

}  // namespace

std::vector<std::string> ShortcutSearch::keep(const Subject& subject, const Params& params) {
  std::string why;
  if (map_layer(subject.classifier, params.layer, why).empty()) throw InputError("", why);
  return {};
}

std::vector<Unit> ShortcutSearch::units(const Subject& subject, const Params& params,
                                        std::span<const Record> so_far) {
  const auto& rows = subject.data.rows();
  const std::uint64_t seed = subject.facts.seed;
  std::vector<Unit> units;
  if (so_far.empty()) {
    for (const std::int64_t row : drawn_rows(rows.size(), static_cast<std::size_t>(params.pictures),
                                             seed, "shortcut_search.pictures"))
      units.push_back({rows[static_cast<std::size_t>(row)].id, row});
  } else if (std::none_of(so_far.begin(), so_far.end(), [](auto& r) { return r.transplanted; })) {
    const auto candidates = find_candidates(so_far, params, seed);
    for (const Transplant& t : choose_transplants(candidates, so_far, params, seed))
      units.push_back({key_of(t, candidates[static_cast<std::size_t>(t.candidate)],
                              rows[static_cast<std::size_t>(t.recipient)].id),
                       t.recipient,
                       {t.donor, t.control}});
  }
  return units;
}

std::vector<Record> ShortcutSearch::measure(const Subject& subject, const Params& params,
                                            std::span<const Unit> units, const Context& context) {
  return units.front().others.empty() ? mapped(subject, params, units, context)
                                      : transplanted(subject, params, units, context);
}

Cost ShortcutSearch::cost(const Params&, std::string_view unit) {
  return unit.starts_with(kPatchKey) ? Cost{2, 0} : Cost{1, 1};
}

}  // namespace assay::checks
