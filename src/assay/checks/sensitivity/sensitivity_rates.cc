// How often the declared changes break the decision, on draws that no surrogate has seen.
#include <algorithm>
#include <cmath>

#include "assay/checks/clusters.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/sensitivity_summary.h"
#include "assay/stats/bound.h"
#include "assay/stats/calibration.h"
#include "assay/stats/calibration_evidence.h"

namespace assay::checks {

namespace {

using Record = Sensitivity::Record;

Finding mean_of(const std::string& id, const std::vector<double>& values,
                const std::vector<const Record*>& of, const stats::Span& range,
                std::uint64_t seed) {
  return mean_finding(id, values, clusters_of(of), range, seed, id);
}

// The share of fresh draws with another decision than `reference`: Clopper–Pearson where each picture gave one.
template <typename Reference>
Finding rate(const std::string& id, const std::vector<const Record*>& of, Eigen::Index fresh,
             std::uint64_t seed, Reference reference) {
  std::vector<double> shares;
  std::int64_t hits = 0;
  bool clustered = false;
  for (const Record* r : of) {
    std::int64_t other = 0;
    for (const std::int32_t decision : r->fresh.decision) other += decision != reference(*r);
    hits += other;
    shares.push_back(static_cast<double>(other) / static_cast<double>(r->fresh.decision.size()));
    clustered |= !r->cluster.empty();
  }
  if (fresh == 1 && !clustered)
    return stats::proportion(id, hits, static_cast<std::int64_t>(of.size()));
  return mean_of(id, shares, of, {0, 1}, seed);
}

// On one fresh draw a picture, so that rows are as independent as pictures are.
Finding calibration(const std::vector<const Record*>& labelled, std::uint64_t seed) {
  constexpr int kBins = 15;
  stats::TopLabel top;
  for (const Record* r : labelled) {
    top.confidence.push_back(static_cast<double>(r->fresh.confidence.front()));
    top.hit.push_back(r->fresh.decision.front() == r->label);
  }
  std::vector<stats::Cell> cells(kBins);
  std::vector<int> bins;
  for (std::size_t i = 0; i < top.confidence.size(); ++i) {
    bins.push_back(stats::equal_width_bin(top.confidence[i], kBins));
    stats::Cell& cell = cells[static_cast<std::size_t>(bins.back())];
    cell.count += 1;
    cell.hits += top.hit[i];
    cell.forecast += top.confidence[i];
    cell.squares += top.confidence[i] * top.confidence[i];
    cell.hit_forecast += top.hit[i] * top.confidence[i];
  }
  const auto null = stats::resample_hits(top, bins, bins, kBins, {1000, seed, "sensitivity/ece"});
  const auto dependence = stats::dependence_of(top, bins, kBins, clusters_of(labelled));
  return stats::bootstrapped("ece_under_shift", stats::expected_error(cells),
                             stats::expected_error_replicates(cells, null.width, dependence,
                                                              {1000, seed, "sensitivity/ece"}),
                             static_cast<std::int64_t>(dependence.units));
}

}  // namespace

std::vector<Finding> shift_rates(const std::vector<const Record*>& first, Eigen::Index fresh,
                                 std::uint64_t seed) {
  std::vector<Finding> findings;
  const auto add = [&](Finding f) { findings.push_back(std::move(f)); };
  const std::string none =
      first.empty() ? "no picture gave finite outputs" : "no picture has a label";
  std::vector<const Record*> labelled;
  for (const Record* r : first)
    if (r->label >= 0) labelled.push_back(r);
  if (labelled.empty()) {
    for (const char* id : {"failure_probability", "accuracy_under_shift", "ece_under_shift",
                           "overconfidence_under_shift"})
      add(stats::undefined(id, none));
  } else {
    const auto label = [](const Record& r) { return r.label; };
    add(rate("failure_probability", labelled, fresh, seed, label));
    std::vector<double> right, over;
    for (const Record* r : labelled) {
      double hits = 0, confidence = 0;
      for (std::size_t i = 0; i < r->fresh.decision.size(); ++i) {
        hits += r->fresh.decision[i] == r->label;
        confidence += static_cast<double>(r->fresh.confidence[i]);
      }
      const auto n = static_cast<double>(r->fresh.decision.size());
      right.push_back(hits / n);
      over.push_back((confidence - hits) / n);
    }
    add(mean_of("accuracy_under_shift", right, labelled, {0, 1}, seed));
    add(calibration(labelled, seed));
    add(mean_of("overconfidence_under_shift", over, labelled, {-1, 1}, seed));
  }
  if (first.empty()) {
    add(stats::undefined("flip_probability", none));
    add(stats::undefined("mean_margin", none));
    return findings;
  }
  add(rate("flip_probability", first, fresh, seed, [](const Record& r) { return r.clean; }));
  std::vector<double> margins;
  for (const Record* r : first) {
    double sum = 0;
    for (const float m : r->fresh.margin) sum += static_cast<double>(m);
    margins.push_back(sum / static_cast<double>(r->fresh.margin.size()));
  }
  add(mean_of("mean_margin", margins, first, {-INFINITY, INFINITY}, seed));
  return findings;
}

}  // namespace assay::checks
