// From the focus check's records to its result.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "assay/base/seed.h"
#include "assay/checks/focus/focus.h"
#include "assay/checks/focus/focus_findings.h"

namespace assay::checks {

namespace {

using Case = Focus::Case;
using Record = Focus::Record;
using Status = Focus::Status;

double margin_of(const Focus::Reply& reply) {
  return reply.label - std::max(reply.donor, reply.other);
}

// Round 1's records with a region, and round 2's beside them.
std::vector<Case> cases_of(std::span<const Record> records, Focus::Result& result) {
  std::vector<Case> cases;
  std::unordered_map<std::int64_t, std::size_t> by_row;
  std::set<int> labels;
  for (const Record& r : records) {
    if (r.kind != Focus::Kind::kSeen) continue;
    if (r.status != Status::kOk) {
      ++result.left_out[r.status];
      continue;
    }
    if (!r.no_map.empty()) result.no_map = r.no_map;
    labels.insert(r.label);
    by_row[r.row] = cases.size();
    cases.push_back({r, {}, 0});
  }
  for (const Record& r : records) {
    if (r.kind == Focus::Kind::kSeen) continue;
    const auto at = by_row.find(r.row);
    if (at == by_row.end()) continue;
    Case& c = cases[at->second];
    if (r.kind == Focus::Kind::kOccluded) {
      c.seen.occlusion = r.occlusion;
      continue;
    }
    result.nonfinite += r.status == Status::kNonFinite;
    if (r.status != Status::kOk) continue;
    c.swap = r;
    c.effect = margin_of(r.by_same) - margin_of(r.by_different);
  }
  result.pictures = static_cast<std::int64_t>(cases.size());
  result.judged = std::count_if(cases.begin(), cases.end(), [](auto& c) { return c.judged(); });
  if (result.judged > 0) return cases;
  if (cases.empty())
    result.impossible = "no picture has invalid and valid pixels and a label";
  else if (labels.size() < 2)
    result.impossible =
        "all pictures are of one class: there is none of a different class whose pixels could be "
        "put in";
  else
    result.impossible =
        "no picture has donors of its own and of a different class, of other clusters and with "
        "invalid pixels in the same places";
  return cases;
}

}  // namespace

Focus::Result Focus::summarise(std::span<const Record> records, const Params& params,
                               const Facts& facts) {
  Result result;
  result.params = params;
  result.labels = facts.labels;
  std::vector<Case> cases = cases_of(records, result);
  result.findings = focus_findings(cases, params, facts, result);
  std::stable_sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return a.judged() != b.judged() ? a.judged() : a.effect > b.effect;
  });
  // The strongest reliance, and as many by lot of the rest: what is usual.
  const auto count = std::min(cases.size(), static_cast<std::size_t>(params.exhibits));
  for (std::size_t i = 0; i < count; ++i) result.strongest.push_back(cases[i]);
  Stream stream(facts.seed, "focus.sample");
  for (std::size_t i = count; i < std::min(cases.size(), 2 * count); ++i) {
    std::swap(cases[i], cases[i + stream.below(cases.size() - i)]);
    result.sample.push_back(cases[i]);
  }
  return result;
}

std::vector<Finding> Focus::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
