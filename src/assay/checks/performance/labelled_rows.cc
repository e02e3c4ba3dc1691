#include "assay/checks/performance/labelled_rows.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "assay/base/error.h"
#include "assay/checks/clusters.h"
#include "assay/checks/section_text.h"

namespace assay::checks {

namespace {

bool is_usable(const std::vector<float>& logits) {
  bool finite = false;
  for (const float z : logits) {
    if (std::isnan(z) || (std::isinf(z) && z > 0)) return false;
    finite = finite || std::isfinite(z);
  }
  return finite;
}

}  // namespace

std::int64_t LabelledRows::independent() const {
  if (predictions.clusters.empty()) return static_cast<std::int64_t>(size());
  return static_cast<std::int64_t>(
      std::set<std::int64_t>(predictions.clusters.begin(), predictions.clusters.end()).size());
}

std::vector<std::string> LabelledRows::notes() const {
  const auto left_out = [](std::int64_t count, const char* why) {
    return pictures_text(count) + why + (count == 1 ? " is left out." : " are left out.");
  };
  std::vector<std::string> out;
  if (unreadable > 0) out.push_back(left_out(unreadable, " that could not be read"));
  if (unlabelled > 0) out.push_back(left_out(unlabelled, " without a label"));
  if (!predictions.clusters.empty())
    out.push_back(pictures_text(static_cast<std::int64_t>(size())) + " in " +
                  std::to_string(independent()) +
                  " clusters: the intervals take the clusters for independent, not the pictures.");
  return out;
}

LabelledRows labelled_rows(std::span<const CleanRecord> records, int classes, Unusable unusable) {
  LabelledRows rows;
  rows.predictions.classes = classes;
  for (const CleanRecord& r : records) {
    if (!r.readable()) {
      ++rows.unreadable;
      continue;
    }
    if (r.logits.size() != static_cast<std::size_t>(classes))
      throw BugError("a clean record of " + std::to_string(r.logits.size()) + " logits for " +
                     std::to_string(classes) + " classes");
    if (r.label < 0 || r.label >= classes) {
      ++rows.unlabelled;
      continue;
    }
    const bool usable = is_usable(r.logits);
    rows.unusable += !usable;
    if (!usable && unusable == Unusable::kLeaveOut) continue;
    rows.records.push_back(&r);
    rows.usable.push_back(usable);
    rows.predictions.rows.emplace_back(r.logits);
    rows.predictions.labels.push_back(r.label);
  }
  rows.predictions.clusters = clusters_of(rows.records);
  return rows;
}

}  // namespace assay::checks
