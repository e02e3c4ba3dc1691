#include "assay/checks/sensitivity/tolerance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/tolerance_box.h"
#include "assay/imaging/scene/pixel_statistics.h"
#include "assay/stats/bound.h"
#include "assay/stats/quantile_bound.h"

namespace assay::checks {

namespace {

using Record = Tolerance::Record;
using Result = Tolerance::Result;
using Round = Tolerance::Round;

constexpr int kCurve = 41;  // values of a factor at which the report draws the share that holds

class ToleranceSummary {
 public:
  ToleranceSummary(std::span<const Record> records, const Tolerance::Params& params,
                   const Facts& facts)
      : records_(records),
        params_(params),
        seed_(facts.seed),
        ways_(ways_of(params, facts.seed)),
        counted_(counted_of(records, params, facts.seed)) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    result_.counted = static_cast<std::int64_t>(counted_.all.size());
    result_.fewest = stats::fewest_for_quantile(allowed(), params.confidence);
    for (const Record& r : records) {
      if (r.round != Round::kAlone) continue;
      ++result_.pictures;
      result_.unlabelled += params.holds == "accuracy" && r.label < 0;
      result_.nonfinite += !r.finite;
    }
    for (const Record* r : counted_.all) result_.wrong += !r->holds;
  }

  Result run() && {
    result_.findings.push_back(
        stats::proportion("nominal_share", result_.counted - result_.wrong, result_.counted));
    for (std::size_t f = 0; f < ways_.nominal.size(); ++f) alone(f);
    together();
    describe_environment();
    return std::move(result_);
  }

 private:
  double allowed() const { return 1 - params_.least; }

  // A claim along one way: values at nominal + scale · span, scales ascending with −1 for "not at nominal either".
  Finding claim(const std::string& id, const std::vector<double>& scales, double nominal,
                double span, std::string unit) const {
    if (scales.empty()) return stats::undefined(id, "no picture could be judged");
    const auto at = static_cast<std::size_t>(allowed() * static_cast<double>(scales.size()));
    if (scales[at] < 0)
      return stats::undefined(id, fmt::format("it fails for {} of {} pictures as they are",
                                              result_.wrong, result_.counted));
    const auto value = [&](double scale) { return nominal + std::max(0.0, scale) * span; };
    Replicates evidence = stats::quantile_replicates(scales, allowed(), {-1, 1});
    for (double& v : evidence.values) v = value(v);
    if (span < 0) std::reverse(evidence.values.begin(), evidence.values.end());
    evidence.low = std::min(nominal, nominal + span);
    evidence.high = std::max(nominal, nominal + span);
    Finding finding = stats::bootstrapped(id, value(scales[at]), std::move(evidence),
                                          static_cast<std::int64_t>(scales.size()));
    finding.unit = std::move(unit);
    return finding;
  }

  void alone(std::size_t f) {
    Tolerance::Extent extent;
    extent.name = ways_.space.names()[f];
    extent.unit = ways_.space.factor(f).unit;
    extent.nominal = ways_.nominal[f];
    extent.searched_low = ways_.low[f];
    extent.searched_high = ways_.high[f];
    std::vector<std::vector<double>> reach(2);
    for (std::size_t side = 0; side < 2; ++side) {
      for (const Record* r : counted_.all)
        reach[side].push_back(r->holds ? static_cast<double>(r->reach[2 * f + side]) : -1);
      std::sort(reach[side].begin(), reach[side].end());
      const double span = (side == 0 ? extent.searched_low : extent.searched_high) - extent.nominal;
      result_.findings.push_back(
          claim(fmt::format("tolerance/{}/{}", extent.name, side == 0 ? "low" : "high"),
                reach[side], extent.nominal, span, extent.unit));
      const double bound =
          stats::quantile_lower_bound(reach[side], allowed(), params_.confidence, -1);
      if (bound >= 0) (side == 0 ? extent.low : extent.high) = extent.nominal + bound * span;
    }
    if (!counted_.all.empty()) {
      for (int k = 0; k < kCurve; ++k) {
        const double x =
            extent.searched_low + (extent.searched_high - extent.searched_low) * k / (kCurve - 1);
        const std::size_t side = x < extent.nominal ? 0 : 1;
        const double span =
            (side == 0 ? extent.searched_low : extent.searched_high) - extent.nominal;
        const double share = span == 0 ? 0 : (x - extent.nominal) / span;
        const auto held = reach[side].end() -
                          std::lower_bound(reach[side].begin(), reach[side].end(), share - 1e-12);
        const Finding p = stats::proportion("", held, result_.counted);
        extent.x.push_back(x);
        extent.share.push_back(p.value);
        extent.share_low.push_back(p.interval ? p.interval->low : p.value);
        extent.share_high.push_back(p.interval ? p.interval->high : p.value);
      }
    }
    result_.extents.push_back(std::move(extent));
  }

  void together() {
    const std::size_t d = ways_.nominal.size();
    const Box searched = searched_box(ways_, counted_, params_);
    Claim claimed;
    result_.no_box = counted_.all.empty() ? "no picture could be judged" : searched.problem;
    if (result_.no_box.empty()) {
      claimed = claimed_box(records_, searched, counted_, params_);
      result_.no_box = claimed.claimed.problem;
    }
    double share = 1;
    for (std::size_t way = 0; way < 2 * d; ++way) {
      Tolerance::Extent& extent = result_.extents[way / 2];
      const bool low = way % 2 == 0;
      const std::string id = fmt::format("box/{}/{}", extent.name, low ? "low" : "high");
      if (!result_.no_box.empty()) {
        result_.findings.push_back(stats::undefined(id, result_.no_box));
        continue;
      }
      const double span = (low ? -1 : 1) * claimed.shaped.lengths[way];
      result_.findings.push_back(claim(id, claimed.scales, extent.nominal, span, extent.unit));
      const double end = extent.nominal + (low ? -1 : 1) * claimed.claimed.lengths[way];
      (low ? extent.box_low : extent.box_high) = end;
      if (!low) share *= (end - *extent.box_low) / (extent.searched_high - extent.searched_low);
    }
    if (!result_.no_box.empty()) {
      result_.findings.push_back(stats::undefined("box_failure", result_.no_box));
      return;
    }
    result_.box_share = share;
    failing(searched);
    verified();
  }

  // Where each picture failed nearest to nominal.
  void failing(const Box& searched) {
    const std::size_t d = ways_.nominal.size();
    for (const Record& r : records_) {
      if (r.round != Round::kTogether || !r.finite) continue;
      Tolerance::Shown shown;
      shown.scale = INFINITY;
      for (std::size_t i = 0; i < r.failed.size(); ++i) {
        if (!r.failed[i]) continue;
        std::vector<double> place(r.places.begin() + static_cast<std::ptrdiff_t>(i * d),
                                  r.places.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        double far = 0;
        for (const double u : place) far = std::max(far, std::abs(u));
        if (far >= shown.scale) continue;
        shown.scale = far;
        shown.margin = static_cast<double>(r.margins[i]);
        shown.theta = ways_.theta(place, searched.lengths);
      }
      if (shown.theta.empty()) continue;
      shown.picture = r;
      result_.failing.push_back(std::move(shown));
    }
    std::stable_sort(result_.failing.begin(), result_.failing.end(),
                     [](const auto& a, const auto& b) { return a.scale < b.scale; });
  }

  void verified() {
    std::vector<double> shares;
    bool first = true;
    for (const Record& r : records_) {
      if (r.round != Round::kVerified || !r.finite) continue;
      double failures = 0;
      for (const std::uint8_t f : r.failed) failures += f;
      shares.push_back(failures / static_cast<double>(r.failed.size()));
      const auto names = imaging::pixel_statistic_names(r.channels);
      if (first) {
        for (const auto name : names)
          sheet_.statistics.push_back({std::string(name), {INFINITY, -INFINITY}});
        sheet_.channels = r.channels;
        sheet_.height = r.height;
        sheet_.width = r.width;
      }
      if (r.height != sheet_.height || r.width != sheet_.width) sheet_.height = sheet_.width = 0;
      first = false;
      for (std::size_t i = 0; i < r.statistics.size(); ++i) {
        auto& tested = sheet_.statistics[i % names.size()].tested;
        const auto v = static_cast<double>(r.statistics[i]);
        tested.low = std::min(tested.low, v);
        tested.high = std::max(tested.high, v);
      }
    }
    result_.findings.push_back(
        mean_finding("box_failure", shares, {}, {0, 1}, seed_, "tolerance/box_failure"));
  }

  // Whatever could be claimed, and what it was tested on.
  void describe_environment() {
    if (result_.counted == 0) return;
    sheet_.holds = params_.holds;
    sheet_.least = params_.least;
    sheet_.confidence = params_.confidence;
    sheet_.pictures = result_.counted;
    for (std::size_t f = 0; f < result_.extents.size(); ++f) {
      const Tolerance::Extent& e = result_.extents[f];
      Datasheet::Factor factor{e.name,
                               e.unit,
                               e.nominal,
                               {e.searched_low, e.searched_high},
                               {},
                               {},
                               imaging::seen_in_pixels(ways_.space.factor(f))};
      if (e.low && e.high) factor.alone = {*e.low, *e.high};
      if (e.box_low && e.box_high) factor.together = {*e.box_low, *e.box_high};
      sheet_.factors.push_back(std::move(factor));
    }
    result_.datasheet = std::move(sheet_);
  }

  std::span<const Record> records_;
  const Tolerance::Params& params_;
  std::uint64_t seed_;
  Ways ways_;
  Counted counted_;
  Datasheet sheet_;
  Result result_;
};

}  // namespace

Result Tolerance::summarise(std::span<const Record> records, const Params& params,
                            const Facts& facts) {
  return ToleranceSummary(records, params, facts).run();
}

std::vector<Finding> Tolerance::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
