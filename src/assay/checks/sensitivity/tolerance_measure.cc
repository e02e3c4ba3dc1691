// One picture in one round of the tolerance check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/checks/sensitivity/tolerance_search.h"
#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Params = Tolerance::Params;
using Record = Tolerance::Record;
using Round = Tolerance::Round;

}  // namespace

std::vector<Unit> Tolerance::units(const Subject& subject, const Params& params,
                                   std::span<const Record> so_far) {
  const std::uint64_t seed = subject.facts.seed;
  const Ways ways = ways_of(params, seed);
  const auto keyed = [&](const std::string& prefix, std::span<const std::int64_t> rows) {
    return asked_units(subject, prefix, rows);
  };
  if (so_far.empty()) return keyed("alone/", all_rows(subject));
  const auto has = [&](Round round) {
    return std::any_of(so_far.begin(), so_far.end(),
                       [&](const Record& r) { return r.round == round; });
  };
  if (has(Round::kVerified)) return {};
  const Counted counted = counted_of(so_far, params, seed);
  const Box searched = searched_box(ways, counted, params);
  if (!searched.problem.empty()) return {};
  std::vector<std::int64_t> rows;
  for (const Record* r : counted.all)
    if (r->holds) rows.push_back(r->row);
  if (!has(Round::kTogether))
    return keyed("together/" + lengths_text(searched.lengths) + "/", rows);
  const Claim claim = claimed_box(so_far, searched, counted, params);
  if (!claim.claimed.problem.empty()) return {};
  rows.clear();
  for (const Record* r : counted.all) rows.push_back(r->row);
  return keyed("verified/" + lengths_text(claim.claimed.lengths) + "/", rows);
}

std::vector<Record> Tolerance::measure(const Subject& subject, const Params& params,
                                       std::span<const Unit> units, const Context& context) {
  const std::uint64_t seed = subject.facts.seed;
  const Ways ways = ways_of(params, seed);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    record.round = unit.key.starts_with("alone/")      ? Round::kAlone
                   : unit.key.starts_with("together/") ? Round::kTogether
                                                       : Round::kVerified;
    const bool by_label = params.holds == "accuracy";
    if (record.finite && (!by_label || record.label >= 0)) {
      const PictureUnderChange picture(subject, unit, context, ways,
                                       by_label ? record.label : record.clean);
      const auto nominal = picture.at({ways.nominal});
      record.holds = !nominal.failed.front();
      if (record.round == Round::kAlone && record.holds)
        record.reach = reaches(picture, ways, params, static_cast<double>(nominal.margins.front()));
      if (record.round == Round::kTogether)
        search_box(picture, ways, params, lengths_of(unit.key), seed, record);
      if (record.round == Round::kVerified)
        verify(picture, ways, params, lengths_of(unit.key), seed, record);
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost Tolerance::cost(const Params& params, std::string_view unit) {
  const auto whole = [](std::int64_t calls) { return (calls + 7) / 8 * 8; };
  if (unit.starts_with("alone/")) {
    const auto ways = static_cast<std::int64_t>(2 * ways_of(params, 0).nominal.size());
    return {8 + whole(ways) * (params.steps + 1 + kHalvings), 0};
  }
  if (unit.starts_with("together/"))
    return {8 + whole(params.points) + kChosen + 2 * kDescents * kChosen + 2 * kOnRay,
            kDescents * kChosen};
  return {8 + whole(params.draws), 0};
}

}  // namespace assay::checks
