#include "assay/checks/performance/labelled_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "assay/base/error.h"

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

std::string pictures(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " picture" : " pictures");
}

std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) c == '/' ? out += "%2F" : out += c;
  return out;
}

// Rows without a name of their own stand alone.
std::vector<std::int64_t> cluster_numbers(const std::vector<const CleanRecord*>& records) {
  const auto named = [](const CleanRecord* r) { return !r->cluster.empty(); };
  if (std::none_of(records.begin(), records.end(), named)) return {};
  std::unordered_map<std::string, std::int64_t> numbers;
  std::vector<std::int64_t> clusters;
  std::int64_t next = 0;
  for (const CleanRecord* r : records) {
    if (r->cluster.empty()) {
      clusters.push_back(next++);
      continue;
    }
    const auto [at, fresh] = numbers.try_emplace(r->cluster, next);
    next += fresh;
    clusters.push_back(at->second);
  }
  return clusters;
}

}  // namespace

std::int64_t LabelledRows::independent() const {
  if (predictions.clusters.empty()) return static_cast<std::int64_t>(size());
  return static_cast<std::int64_t>(
      std::set<std::int64_t>(predictions.clusters.begin(), predictions.clusters.end()).size());
}

std::vector<std::string> LabelledRows::notes() const {
  const auto left_out = [](std::int64_t count, const char* why) {
    return pictures(count) + why + (count == 1 ? " is left out." : " are left out.");
  };
  std::vector<std::string> out;
  if (unreadable > 0) out.push_back(left_out(unreadable, " that could not be read"));
  if (unlabelled > 0) out.push_back(left_out(unlabelled, " without a label"));
  if (!predictions.clusters.empty())
    out.push_back(pictures(static_cast<std::int64_t>(size())) + " in " +
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
  rows.predictions.clusters = cluster_numbers(rows.records);
  return rows;
}

std::vector<std::string> class_ids(const std::string& kind,
                                   const std::vector<std::string>& labels) {
  std::map<std::string, int> times;
  for (const auto& label : labels) ++times[label];
  std::vector<std::string> ids;
  for (std::size_t c = 0; c < labels.size(); ++c)
    ids.push_back(kind + "/" + escaped(labels[c]) +
                  (times[labels[c]] > 1 ? "#" + std::to_string(c) : ""));
  return ids;
}

}  // namespace assay::checks
