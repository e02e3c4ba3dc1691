#include "assay/checks/focus/focus.h"

#include <algorithm>
#include <cmath>

#include "assay/checks/drawn_rows.h"
#include "assay/checks/focus/focus_donors.h"
#include "assay/checks/focus/focus_rounds.h"
#include "assay/checks/focus/focus_validity.h"
#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"

namespace assay::checks {

std::vector<std::string> Focus::keep(const Subject& subject, const Params& params) {
  // Nothing is kept; what cannot be had is refused before the first picture.
  refuse_impossible(subject, params);
  if (!params.layer.empty()) subject.classifier.value_named(params.layer);
  return {};
}

std::vector<Unit> Focus::units(const Subject& subject, const Params& params,
                               std::span<const Record> so_far) {
  const auto& rows = subject.data.rows();
  std::vector<Unit> units;
  if (so_far.empty()) {
    for (std::size_t row = 0; row < rows.size(); ++row)
      units.push_back({rows[row].id, static_cast<std::int64_t>(row)});
    for (const std::int64_t row :
         drawn_rows(rows.size(), static_cast<std::size_t>(params.occlusion_pictures),
                    subject.facts.seed, "focus.occlusion"))
      units.push_back({std::string(kOccludedKey) + rows[static_cast<std::size_t>(row)].id, row});
  } else if (std::none_of(so_far.begin(), so_far.end(),
                          [](auto& r) { return r.kind == Kind::kReplaced; })) {
    for (const Donors& d : choose_donors(so_far, subject.facts.seed))
      units.push_back({std::string(kReplacedKey) + rows[static_cast<std::size_t>(d.row)].id,
                       d.row,
                       {d.same, d.different}});
  }
  return units;
}

std::vector<Focus::Record> Focus::measure(const Subject& subject, const Params& params,
                                          std::span<const Unit> units, const Context& context) {
  return units.front().others.empty() ? observe(subject, params, units, context)
                                      : replace(subject, params, units, context);
}

Cost Focus::cost(const Params& params, std::string_view unit) {
  if (unit.starts_with(kReplacedKey)) return {2, 0};
  if (!unit.starts_with(kOccludedKey)) return {4, 2};
  const double stride = std::max(params.occlusion_size / 2, 0.005);
  const auto side = static_cast<std::int64_t>(std::ceil(1 / stride)) + 1;
  return {side * side + 1, 0};
}

}  // namespace assay::checks
