// Round 2 of the focus check: invalid pixels of other pictures in the place of a picture's own.
#include <algorithm>
#include <limits>

#include "assay/base/error.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/focus/focus_rounds.h"
#include "assay/checks/focus/focus_validity.h"
#include "assay/checks/focus/region_grid.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/intervention/transplant.h"
#include "assay/methods/prepared_mask.h"

namespace assay::checks {

namespace {

using Record = Focus::Record;
using Status = Focus::Status;
using methods::PixelMask;

// A replaced region smaller than this share of the input says nothing.
constexpr double kLeastArea = 0.002;

Focus::Reply reply_of(const at::Tensor& logits, int label, int donor) {
  Focus::Reply reply;
  reply.predicted = class_said(logits);
  const at::Tensor z = logits.to(at::kFloat).contiguous();
  const float* value = z.data_ptr<float>();
  reply.label = value[label];
  reply.donor = value[donor];
  reply.other = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = 0; k < z.numel(); ++k)
    if (k != label && k != donor) reply.other = std::max<double>(reply.other, value[k]);
  return reply;
}

// A picture as the model takes it, with its invalid pixels there.
struct Prepared {
  at::Tensor picture;  // [1,C,H,W] float32
  PixelMask invalid;
};
Prepared prepared(const Subject& subject, const Focus::Params& params, std::int64_t row,
                  const imaging::Picture& picture) {
  const auto mask = invalid_pixels(subject, params, row, picture.height, picture.width);
  if (!mask) throw BugError("a picture without a mask was chosen");
  return {prepared_picture(subject, row, picture),
          methods::prepared_mask(subject.classifier, *mask)};
}

Prepared prepared(const Subject& subject, const Focus::Params& params, std::int64_t row) {
  return prepared(subject, params, row, decoded(subject, row));
}

}  // namespace

std::vector<Focus::Record> replace(const Subject& subject, const Focus::Params& params,
                                   std::span<const Unit> units, const Context& context) {
  std::vector<Record> records(units.size());
  std::vector<methods::MakePicture> pictures;
  std::vector<std::size_t> made;  // records whose pictures these are, two each
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    const std::size_t slot = context.slot(unit.row);
    const auto& rows = subject.data.rows();
    Record& record = records[i];
    record.id = context.clean[slot].id;
    record.cluster = context.clean[slot].cluster;
    record.label = context.clean[slot].label;
    record.kind = Focus::Kind::kReplaced;
    record.same = unit.others.at(0);
    record.different = unit.others.at(1);
    record.donor_label = rows[static_cast<std::size_t>(record.different)].label;
    const Prepared own = prepared(subject, params, unit.row, context.pictures[slot]);
    const Prepared same = prepared(subject, params, record.same);
    const Prepared different = prepared(subject, params, record.different);
    record.height = static_cast<int>(own.picture.size(2));
    record.width = static_cast<int>(own.picture.size(3));
    // The same region for both, and invalid in all three: a donor's own object never comes in.
    PixelMask region = own.invalid;
    for (std::size_t p = 0; p < region.size(); ++p)
      region[p] = region[p] && same.invalid[p] && different.invalid[p];
    record.region = region_grid(region, record.height, record.width);
    record.replaced_area = static_cast<double>(std::count(region.begin(), region.end(), 1)) /
                           static_cast<double>(region.size());
    if (record.replaced_area < kLeastArea) {
      record.status = Status::kEmpty;
      continue;
    }
    const at::Tensor alpha =
        methods::feathered(region, record.height, record.width, params.feather_px);
    for (const Prepared* donor : {&same, &different}) {
      const at::Tensor picture = methods::transplanted(own.picture, donor->picture, alpha);
      pictures.emplace_back([picture] { return picture; });
    }
    made.push_back(i);
  }
  if (made.empty()) return records;
  const at::Tensor logits = methods::logits_of_pictures(subject.classifier, pictures);
  for (std::size_t i = 0; i < made.size(); ++i) {
    Record& record = records[made[i]];
    const auto at = static_cast<std::int64_t>(2 * i);
    record.by_same = reply_of(logits[at], record.label, record.donor_label);
    record.by_different = reply_of(logits[at + 1], record.label, record.donor_label);
    if (record.by_same.predicted < 0 || record.by_different.predicted < 0)
      record.status = Status::kNonFinite;
  }
  return records;
}

}  // namespace assay::checks
