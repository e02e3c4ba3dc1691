#include "assay/checks/focus/faithfulness.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "assay/base/seed.h"
#include "assay/checks/clusters.h"
#include "assay/checks/drawn_rows.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/network/classifier.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

using Record = Faithfulness::Record;
using Params = Faithfulness::Params;

// What one map costs; integrated gradients double their 32 steps where these are too few, and the
// number of covers of occlusion depends a little on the picture's size.
Cost explanation_cost(const std::string& method) {
  if (method == "integrated_gradients") return {34, 32};
  if (method == "smooth_grad") return {32, 32};
  if (method == "occlusion") return {560, 0};
  if (method == "eigen_cam") return {1, 0};
  return {1, 1};
}

// The judged records' figures as findings.
class Figures {
 public:
  Figures(std::vector<const Record*> judged, const Params& params, std::uint64_t seed)
      : judged_(std::move(judged)), params_(params), seed_(seed) {}

  std::vector<Finding> all() const {
    std::vector<Finding> findings;
    for (const Measure& m : measures()) findings.push_back(value(m, Ranker::kMap));
    for (const Measure& m : measures())
      for (std::size_t r = 1; r < kRankers && !m.gain.empty(); ++r)
        findings.push_back(gain(m, static_cast<Ranker>(r)));
    for (const Measure& m : measures())
      for (std::size_t r = 1; r < kRankers && m.of_controls; ++r)
        findings.push_back(value(m, static_cast<Ranker>(r)));
    return findings;
  }

 private:
  static double figure(const Measure& m, const Record& record, Ranker ranker) {
    return m.of(record.figures[static_cast<std::size_t>(ranker)]);
  }

  Finding value(const Measure& m, Ranker ranker) const {
    std::string id(m.id);
    if (ranker != Ranker::kMap)
      id += "/" + std::string(kRankerIds[static_cast<std::size_t>(ranker)]);
    if (m.id == "completeness_gap" && !promises_a_sum())
      return stats::undefined(id, "maps of this method and baseline do not promise to add up");
    return finding(id, m.range, why_none(m),
                   [&](const Record& record) { return figure(m, record, ranker); });
  }

  // By how much the map is better than a control, picture by picture.
  Finding gain(const Measure& m, Ranker control) const {
    const double sign = m.better == Better::kLow ? -1 : 1;
    const std::string id =
        std::string(m.gain) + "/" + std::string(kRankerIds[static_cast<std::size_t>(control)]);
    std::optional<stats::Span> range;
    if (m.range) range = stats::Span{m.range->low - m.range->high, m.range->high - m.range->low};
    return finding(id, range, why_none(m), [&](const Record& record) {
      return sign * (figure(m, record, Ranker::kMap) - figure(m, record, control));
    });
  }

  template <class Of>
  Finding finding(const std::string& id, const std::optional<stats::Span>& range,
                  const std::string& why_none, const Of& of) const {
    std::vector<double> values;
    std::vector<const Record*> of_these;
    for (const Record* record : judged_) {
      const double v = of(*record);
      if (!std::isfinite(v)) continue;
      values.push_back(v);
      of_these.push_back(record);
    }
    if (values.empty()) return stats::undefined(id, why_none);
    const std::vector<std::int64_t> clusters = clusters_of(of_these);
    const auto n = static_cast<std::int64_t>(clusters.empty() ? values.size()
                                                              : stats::renumbered(clusters).count);
    if (!range) return stats::mean(id, stats::mean_error(values, clusters), "", n);
    const std::string purpose = "faithfulness/" + id;
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    return stats::bootstrapped(
        id, mean,
        stats::bounded_mean(values, clusters, *range, {params_.replicates, seed_, purpose}), n);
  }

  bool promises_a_sum() const {
    return params_.method == "integrated_gradients" ||
           (params_.method == "gradient_x_input" && params_.baseline == "zero");
  }
  std::string why_none(const Measure& m) const {
    if (judged_.empty()) return "no picture had a map to judge";
    if (m.id.starts_with("randomisation") && !judged_.front()->not_randomised.empty())
      return judged_.front()->not_randomised;
    if (m.of_object) return "no picture has a mask that says where the object is";
    if (m.id == "infidelity" || m.id == "infidelity_gain" || m.id == "completeness_gap")
      return "no covered square changed the logit";
    return "every map was constant";
  }

  std::vector<const Record*> judged_;
  const Params& params_;
  std::uint64_t seed_;
};

// The mean over the records at every point of a curve, with its 95 % t interval, cut to the range.
template <class Of>
Series mean_curve(const std::vector<const Record*>& records, std::string_view name,
                  const stats::Span& range, const Of& of) {
  Series series;
  series.name = std::string(name);
  if (records.empty()) return series;
  const std::vector<std::int64_t> clusters = clusters_of(records);
  for (std::size_t i = 0; i < of(*records.front()).size(); ++i) {
    std::vector<double> values;
    for (const Record* r : records) values.push_back(of(*r)[i]);
    const Finding mean = stats::mean("", stats::mean_error(values, clusters), "", 0);
    series.y.push_back(mean.value);
    series.low.push_back(std::clamp(mean.interval->low, range.low, range.high));
    series.high.push_back(std::clamp(mean.interval->high, range.low, range.high));
  }
  return series;
}

double road_of(const Record& record) {
  for (const Measure& m : measures())
    if (m.id == "road") return m.of(record.figures.front());
  throw BugError("there is no figure called road");
}

}  // namespace

std::vector<std::string> Faithfulness::keep(const Subject& subject, const Params& params) {
  // Nothing is kept; what cannot be had is refused before the first picture.
  if (methods::attribution_named(params.method, "method").info.resolution ==
      methods::Resolution::kLayer) {
    if (params.layer.empty())
      subject.classifier.last_spatial_value();
    else
      subject.classifier.value_named(params.layer);
  }
  return {};
}

// Drawn from all pictures without regard to their classes, each once.
std::vector<Unit> Faithfulness::units(const Subject& subject, const Params& params,
                                      std::span<const Record> so_far) {
  if (!so_far.empty()) return {};
  const auto& rows = subject.data.rows();
  std::vector<Unit> units;
  for (const std::int64_t row : drawn_rows(rows.size(), static_cast<std::size_t>(params.pictures),
                                           subject.facts.seed, "faithfulness.pictures"))
    units.push_back({rows[static_cast<std::size_t>(row)].id, row});
  return units;
}

Cost Faithfulness::cost(const Params& params, std::string_view) {
  const Cost one = explanation_cost(params.method);
  const std::int64_t maps = 3 + params.samples;
  const std::int64_t curves = static_cast<std::int64_t>(kRankers) * 4 * (params.steps - 1);
  return {maps * one.forwards + curves + params.squares + 1, maps * one.backwards};
}

Faithfulness::Result Faithfulness::summarise(std::span<const Record> records, const Params& params,
                                             const Facts& facts) {
  Result result;
  result.params = params;
  result.labels = facts.labels;
  std::vector<const Record*> judged;
  for (const Record& r : records) {
    result.no_target += r.status == Status::kNoTarget;
    result.nonfinite += r.status == Status::kNonFinite;
    if (r.status == Status::kOk) judged.push_back(&r);
  }
  const std::vector<std::int64_t> clusters = clusters_of(judged);
  result.judged = static_cast<std::int64_t>(judged.size());
  result.clustered = !clusters.empty();
  result.independent = result.clustered
                           ? static_cast<std::int64_t>(stats::renumbered(clusters).count)
                           : result.judged;
  result.findings = Figures(judged, params, facts.seed).all();
  for (std::size_t i = 0; i < kRankers; ++i) {
    result.deletion[i] = mean_curve(judged, kRankerTitles[i], {0, 1},
                                    [i](const Record& r) { return r.figures[i].deletion; });
    result.insertion[i] = mean_curve(judged, kRankerTitles[i], {0, 1},
                                     [i](const Record& r) { return r.figures[i].insertion; });
    result.gap[i] = mean_curve(judged, kRankerTitles[i], {-1, 1}, [i](const Record& r) {
      std::vector<double> gap = r.figures[i].least_first;
      for (std::size_t k = 0; k < gap.size(); ++k) gap[k] -= r.figures[i].most_first[k];
      return gap;
    });
  }
  std::stable_sort(judged.begin(), judged.end(),
                   [](auto* a, auto* b) { return road_of(*a) < road_of(*b); });
  const std::size_t shown = std::min(static_cast<std::size_t>(params.exhibits), judged.size() / 2);
  for (std::size_t i = 0; i < shown; ++i) {
    result.worst.push_back(*judged[i]);
    result.best.push_back(*judged[judged.size() - 1 - i]);
  }
  return result;
}

std::vector<Finding> Faithfulness::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
