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

void add_with_interval(Series& series, const Finding& f) {
  series.y.push_back(f.value);
  series.low.push_back(f.interval ? f.interval->low : f.value);
  series.high.push_back(f.interval ? f.interval->high : f.value);
}

void warn_nonfinite(Section& section, std::int64_t pictures) {
  if (pictures > 0)
    section.warnings.push_back(std::to_string(pictures) +
                               " pictures are left out: the model's output is not finite.");
}

std::string picture_name(const std::string& id, const std::vector<std::string>& labels, int label) {
  return label < 0 ? id : id + " (" + class_name(labels, label) + ")";
}

std::string pictures_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " picture" : " pictures");
}

std::string percent(double share) { return stats::number_text(100 * share, 2) + "\u00a0%"; }

std::string class_name(const std::vector<std::string>& labels, int k) {
  return k >= 0 && k < static_cast<int>(labels.size()) ? labels[static_cast<std::size_t>(k)] : "?";
}

}  // namespace assay::checks
