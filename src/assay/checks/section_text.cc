#include "assay/checks/section_text.h"

#include "assay/base/error.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

const Finding& finding_named(const std::vector<Finding>& findings, const std::string& id) {
  for (const Finding& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

std::string interval_text(const Finding& f) {
  if (!f.interval) return "";
  return stats::number_text(f.interval->low, 3) + " to " + stats::number_text(f.interval->high, 3);
}

std::string value_cell(const Finding& f) {
  if (f.status != FindingStatus::kOk) return "–";
  const std::string interval = interval_text(f);
  return stats::number_text(f.value, 3) + (interval.empty() ? "" : " (" + interval + ")");
}

std::string pictures_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " picture" : " pictures");
}

std::string percent(double share) { return stats::number_text(100 * share, 2) + "\u00a0%"; }

std::string class_name(const std::vector<std::string>& labels, int k) {
  return k >= 0 && k < static_cast<int>(labels.size()) ? labels[static_cast<std::size_t>(k)] : "?";
}

}  // namespace assay::checks
