#include "assay/checks/focus/focus.h"

#include <algorithm>
#include <cmath>

#include "assay/checks/focus/donors.h"
#include "assay/checks/focus/focus_rounds.h"
#include "assay/checks/focus/validity.h"
#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

constexpr std::string_view kReplaced = "replaced/";  // the keys of round 2 begin so

}  // namespace

std::vector<std::string> Focus::keep(const Subject& subject, const Params& params) {
  // Nothing is kept; what cannot be had is refused before the first picture.
  refuse_impossible(subject, params);
  if (!params.layer.empty()) subject.classifier.value_named(params.layer);
  return {};
}

std::vector<Unit> Focus::units(const Subject& subject, const Params&,
                               std::span<const Record> so_far) {
  const auto& rows = subject.data.rows();
  std::vector<Unit> units;
  if (so_far.empty()) {
    for (std::size_t row = 0; row < rows.size(); ++row)
      units.push_back({rows[row].id, static_cast<std::int64_t>(row)});
  } else if (std::none_of(so_far.begin(), so_far.end(), [](auto& r) { return r.replaced; })) {
    for (const Donors& d : choose_donors(so_far, subject.facts.seed))
      units.push_back({std::string(kReplaced) + rows[static_cast<std::size_t>(d.row)].id,
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
  if (unit.starts_with(kReplaced)) return {2, 0};
  // Covers as if every picture got them: which do is drawn.
  const double stride = std::max(params.occlusion_size / 2, 0.005);
  const auto side = static_cast<std::int64_t>(std::ceil(1 / stride)) + 1;
  return {4 + (params.occlusion_pictures > 0 ? side * side + 1 : 0), 2};
}

}  // namespace assay::checks
