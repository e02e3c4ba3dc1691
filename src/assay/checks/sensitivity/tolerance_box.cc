#include "assay/checks/sensitivity/tolerance_box.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "assay/base/error.h"
#include "assay/checks/drawn_rows.h"
#include "assay/stats/box_search.h"
#include "assay/stats/quantile_bound.h"

namespace assay::checks {

namespace {

using Params = Tolerance::Params;
using Record = Tolerance::Record;
using Round = Tolerance::Round;

constexpr const char* kWhere = "checks.tolerance.factors";
constexpr double kInside = 0.999;  // of the scale at which something failed

}  // namespace

std::vector<double> Ways::theta(std::span<const double> place,
                                std::span<const double> lengths) const {
  std::vector<double> values;
  for (std::size_t f = 0; f < nominal.size(); ++f)
    values.push_back(std::clamp(nominal[f] + place[f] * lengths[2 * f + (place[f] > 0 ? 1 : 0)],
                                low[f], high[f]));
  return values;
}

Ways ways_of(const Params& params, std::uint64_t seed) {
  Ways ways{{params.factors, params.border, params.fill, seed, kWhere}, {}, {}, {}};
  ways.nominal = ways.space.nominal();
  for (std::size_t f = 0; f < ways.space.size(); ++f) {
    const auto& d = ways.space.distributions()[f];
    const double nominal = ways.nominal[f];
    if (!std::isfinite(d.low()) || !std::isfinite(d.high()))
      throw InputError(kWhere, fmt::format("{}: {} has no end; wanted \"uniform(LOW, HIGH)\"",
                                           ways.space.names()[f], d.text()));
    if (!(d.low() <= nominal && nominal <= d.high() && d.low() < d.high()))
      throw InputError(kWhere, fmt::format("{}: nominal is {}, which {} does not hold",
                                           ways.space.names()[f], nominal, d.text()));
    ways.low.push_back(d.low());
    ways.high.push_back(d.high());
  }
  return ways;
}

Counted counted_of(std::span<const Record> records, const Params& params, std::uint64_t seed) {
  std::map<std::string, std::vector<const Record*>> clusters;
  std::vector<const Record*> drawn;
  for (const Record& r : records) {
    if (r.round != Round::kAlone || !r.finite || (params.holds == "accuracy" && r.label < 0))
      continue;
    if (r.cluster.empty())
      drawn.push_back(&r);
    else
      clusters[r.cluster].push_back(&r);
  }
  for (const auto& [name, members] : clusters)
    drawn.push_back(members[static_cast<std::size_t>(
        drawn_rows(members.size(), 1, seed, "tolerance/cluster/" + name).front())]);
  std::sort(drawn.begin(), drawn.end(), [](auto* a, auto* b) { return a->row < b->row; });
  Counted counted;
  counted.all = drawn;
  std::vector<bool> shapes(drawn.size(), false);
  for (const auto k : drawn_rows(drawn.size(), drawn.size() / 3, seed, "tolerance/shaping"))
    shapes[static_cast<std::size_t>(k)] = true;
  for (std::size_t i = 0; i < drawn.size(); ++i)
    (shapes[i] ? counted.shaping : counted.claiming).push_back(drawn[i]);
  return counted;
}

Box searched_box(const Ways& ways, const Counted& counted, const Params& params) {
  Box box;
  const auto n = static_cast<std::int64_t>(counted.claiming.size());
  const std::int64_t fewest = stats::fewest_for_quantile(1 - params.least, params.confidence);
  if (n < fewest) {
    box.problem = fmt::format(
        "a box wants {} independent pictures, a third of them to find its shape; there are {}",
        3 * fewest / 2, counted.all.size());
    return box;
  }
  const auto at =
      static_cast<std::size_t>((1 - params.least) * static_cast<double>(counted.shaping.size()));
  bool any = false;
  for (std::size_t way = 0; way < 2 * ways.nominal.size(); ++way) {
    std::vector<double> reach;
    for (const Record* r : counted.shaping)
      reach.push_back(r->holds ? static_cast<double>(r->reach[way]) : -1);
    std::nth_element(reach.begin(), reach.begin() + static_cast<std::ptrdiff_t>(at), reach.end());
    const std::size_t f = way / 2;
    const double room = way % 2 ? ways.high[f] - ways.nominal[f] : ways.nominal[f] - ways.low[f];
    box.lengths.push_back(std::max(0.0, reach[at]) * room);
    any |= reach[at] >= 0;
  }
  if (!any) box.problem = "it fails for too many pictures as they are";
  return box;
}

Claim claimed_box(std::span<const Record> records, const Box& searched, const Counted& counted,
                  const Params& params) {
  std::map<std::int64_t, const Record*> together;
  for (const Record& r : records)
    if (r.round == Round::kTogether && r.finite) together[r.row] = &r;
  const std::size_t d = searched.lengths.size() / 2;

  // The shape: how many of its pictures may fail inside, less those who fail at nominal.
  std::vector<Eigen::RowVectorXd> places;
  std::vector<std::int64_t> owners;
  std::size_t fail_at_nominal = 0;
  for (const Record* r : counted.shaping) {
    const auto found = together.find(r->row);
    if (!r->holds || found == together.end()) {
      ++fail_at_nominal;
      continue;
    }
    const Record& t = *found->second;
    for (std::size_t i = 0; i < t.failed.size(); ++i)
      if (t.failed[i]) {
        places.push_back(Eigen::Map<const Eigen::RowVectorXf>(t.places.data() + i * d,
                                                              static_cast<Eigen::Index>(d))
                             .cast<double>());
        owners.push_back(r->row);
      }
  }
  Eigen::MatrixXd points(static_cast<Eigen::Index>(places.size()), static_cast<Eigen::Index>(d));
  for (std::size_t i = 0; i < places.size(); ++i)
    points.row(static_cast<Eigen::Index>(i)) = places[i];
  const auto may =
      static_cast<std::size_t>((1 - params.least) * static_cast<double>(counted.shaping.size()));
  const stats::SidedBox shape =
      stats::largest_box(points, owners, may > fail_at_nominal ? may - fail_at_nominal : 0);

  Claim claim;
  claim.shaped.lengths = searched.lengths;
  for (std::size_t f = 0; f < d; ++f) {
    claim.shaped.lengths[2 * f] *= shape.low[f];
    claim.shaped.lengths[2 * f + 1] *= shape.high[f];
  }
  for (const Record* r : counted.claiming) {
    const auto found = together.find(r->row);
    if (!r->holds || found == together.end()) {
      claim.scales.push_back(-1);
      continue;
    }
    const Record& t = *found->second;
    double least = 1;
    for (std::size_t i = 0; i < t.failed.size(); ++i) {
      if (!t.failed[i]) continue;
      double scale = 0;
      for (std::size_t f = 0; f < d; ++f) {
        const auto u = static_cast<double>(t.places[i * d + f]);
        const double side = u > 0 ? shape.high[f] : shape.low[f];
        if (u != 0) scale = side > 0 ? std::max(scale, std::abs(u) / side) : INFINITY;
      }
      least = std::min(least, scale);
    }
    claim.scales.push_back(least);
  }
  std::sort(claim.scales.begin(), claim.scales.end());
  claim.scale = stats::quantile_lower_bound(claim.scales, 1 - params.least, params.confidence, -1);
  if (claim.scale < 0) {
    claim.claimed.problem = "it fails for too many pictures as they are";
    return claim;
  }
  if (claim.scale < 1) claim.scale *= kInside;
  for (const double length : claim.shaped.lengths)
    claim.claimed.lengths.push_back(length * claim.scale);
  return claim;
}

std::string lengths_text(const std::vector<double>& lengths) {
  std::string text;
  for (const double v : lengths) text += fmt::format("{}{:.9g}", text.empty() ? "" : ",", v);
  return text;
}

std::vector<double> lengths_of(const std::string& key) {
  const std::size_t begin = key.find('/') + 1, end = key.find('/', begin);
  std::vector<double> lengths;
  for (const char *p = key.data() + begin, *last = key.data() + end; p < last;) {
    double v = 0;
    const auto [next, error] = std::from_chars(p, last, v);
    if (error != std::errc()) throw BugError("a unit's key without its box");
    lengths.push_back(v);
    p = next + 1;
  }
  return lengths;
}

}  // namespace assay::checks
