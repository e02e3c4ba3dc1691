#include "assay/checks/focus/focus_findings.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "assay/base/seed.h"
#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/focus/focus_validity.h"
#include "assay/checks/focus/power.h"
#include "assay/checks/group_columns.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/median.h"
#include "assay/stats/permutation.h"

namespace assay::checks {

namespace {

using Case = Focus::Case;
using Params = Focus::Params;
using Record = Focus::Record;

constexpr const char* kNothingSeen = "no picture of this part has invalid and valid pixels";

// The cases' clusters by the house's rule.
std::vector<std::int64_t> clusters_of(const std::vector<const Case*>& cases) {
  std::vector<const Record*> records;
  for (const Case* c : cases) records.push_back(&c->seen);
  return checks::clusters_of(records);
}

std::int64_t independent(const std::vector<std::int64_t>& clusters, std::size_t rows) {
  return static_cast<std::int64_t>(clusters.empty() ? rows : stats::renumbered(clusters).count);
}

// A part of the pictures that gets findings of its own: "" all, "/CLASS", "/COLUMN=VALUE".
struct Part {
  std::string suffix;
  std::vector<const Case*> seen, judged;
};

class Findings {
 public:
  Findings(const std::vector<Case>& cases, const Params& params, const Facts& facts,
           Focus::Result& result)
      : params_(params), facts_(facts), result_(result) {
    for (const Case& c : cases) {
      all_.seen.push_back(&c);
      if (c.judged()) all_.judged.push_back(&c);
    }
    const auto clusters = clusters_of(all_.judged);
    result_.clustered = !clusters.empty();
    result_.independent = independent(clusters, all_.judged.size());
    set_scale();
    add_parts(cases);
  }

  std::vector<Finding> all() const {
    std::vector<Finding> findings;
    const auto add = [&](Finding f) { findings.push_back(std::move(f)); };
    add(reliance(all_));
    add(flip_rate(all_));
    add(flip_excess(all_));
    add(reliance_p());
    add(flip_p());
    add(detectable());
    for (Finding& f : accuracies()) add(std::move(f));
    for (const Map& map : maps()) {
      add(share(map, all_));
      add(enrichment(map, all_));
      add(share_p(map));
    }
    for (const Part& part : parts_) {
      add(reliance(part));
      add(flip_rate(part));
      add(flip_excess(part));
      add(only_accuracy(part));
      add(share(maps().front(), part));
      add(enrichment(maps().front(), part));
    }
    return findings;
  }

 private:
  using CaseFigure = double (*)(const Case&);

  static double flipped(const Case& c) {
    return c.swap->by_different.predicted != c.seen.predicted;
  }
  static double flipped_by_same(const Case& c) {
    return c.swap->by_same.predicted != c.seen.predicted;
  }
  static double excess(const Case& c) { return flipped(c) - flipped_by_same(c); }

  void set_scale() {
    std::vector<double> margins;
    for (const Case* c : all_.judged) margins.push_back(std::abs(c->seen.margin));
    result_.scale = stats::median(std::move(margins));
  }

  void add_parts(const std::vector<Case>& cases) {
    const auto part_of = [&](const std::string& suffix, const auto& belongs) {
      Part part{suffix, {}, {}};
      for (const Case& c : cases) {
        if (!belongs(c.seen)) continue;
        part.seen.push_back(&c);
        if (c.judged()) part.judged.push_back(&c);
      }
      parts_.push_back(std::move(part));
    };
    const std::vector<std::string> classes = class_ids("", facts_.labels);
    for (std::size_t k = 0; k < classes.size(); ++k)
      part_of(classes[k], [&](const Record& r) { return r.label == static_cast<int>(k); });
    for (const Group& group : groups_of(facts_, params_.groups))
      part_of("/" + id_part(group.label), [&](const Record& r) {
        return group.place < r.groups.size() && r.groups[group.place] == group.value;
      });
  }

  std::string why_not(const Part& part) const {
    if (!result_.impossible.empty()) return result_.impossible;
    return part.suffix.empty() ? "no picture could be judged"
                               : "no picture of this part could be judged";
  }

  // Values of the judged, as one number a case.
  static std::vector<double> values(const std::vector<const Case*>& cases,
                                    const CaseFigure& figure) {
    std::vector<double> all;
    for (const Case* c : cases) all.push_back(figure(*c));
    return all;
  }
  static double mean(const std::vector<double>& all) {
    double sum = 0;
    for (const double v : all) sum += v;
    return sum / static_cast<double>(all.size());
  }
  stats::Resampling resampling(const std::string& id) const {
    purposes_.push_back("focus/" + id);
    return {params_.replicates, facts_.seed, purposes_.back()};
  }

  Finding reliance(const Part& part) const {
    const std::string id = "invalid_reliance" + part.suffix;
    if (part.judged.empty()) return stats::undefined(id, why_not(part));
    if (!(result_.scale > 0)) return stats::undefined(id, "the median margin, its unit, is 0");
    const auto clusters = clusters_of(part.judged);
    auto effects = values(part.judged, [](const Case& c) { return c.effect; });
    // The unit is a fact about these pictures, not an estimate: its own error is left out.
    for (double& e : effects) e /= result_.scale;
    Finding f = stats::bootstrapped(id, mean(effects),
                                    stats::unbounded_mean(effects, clusters, resampling(id)),
                                    independent(clusters, effects.size()));
    f.unit = "median margin";
    return f;
  }

  Finding flip_rate(const Part& part) const {
    const std::string id = "invalid_flip_rate" + part.suffix;
    if (part.judged.empty()) return stats::undefined(id, why_not(part));
    return proportion(id, part.judged, flipped);
  }

  Finding proportion(const std::string& id, const std::vector<const Case*>& cases,
                     const CaseFigure& figure) const {
    const auto clusters = clusters_of(cases);
    const auto hits = values(cases, figure);
    if (clusters.empty())
      return stats::proportion(id, std::llround(mean(hits) * static_cast<double>(hits.size())),
                               static_cast<std::int64_t>(hits.size()));
    return stats::bootstrapped(id, mean(hits),
                               stats::bounded_mean(hits, clusters, {0, 1}, resampling(id)),
                               independent(clusters, hits.size()));
  }

  Finding difference(const std::string& id, const std::vector<const Case*>& cases,
                     const std::vector<double>& differences) const {
    const auto clusters = clusters_of(cases);
    return stats::bootstrapped(id, mean(differences),
                               stats::bounded_mean(differences, clusters, {-1, 1}, resampling(id)),
                               independent(clusters, differences.size()));
  }

  Finding flip_excess(const Part& part) const {
    const std::string id = "invalid_flip_excess" + part.suffix;
    if (part.judged.empty()) return stats::undefined(id, why_not(part));
    return difference(id, part.judged, values(part.judged, excess));
  }

  Finding reliance_p() const {
    const std::string id = "invalid_reliance_p";
    if (all_.judged.empty()) return stats::undefined(id, why_not(all_));
    const auto clusters = clusters_of(all_.judged);
    const auto effects = values(all_.judged, [](const Case& c) { return c.effect; });
    return stats::exact(id, stats::sign_flip_p(effects, clusters, resampling(id)), "",
                        independent(clusters, effects.size()));
  }

  Finding flip_p() const {
    const std::string id = "invalid_flip_p";
    if (all_.judged.empty()) return stats::undefined(id, why_not(all_));
    const auto clusters = clusters_of(all_.judged);
    const auto differences = values(all_.judged, excess);
    const auto more = std::count(differences.begin(), differences.end(), 1);
    const auto fewer = std::count(differences.begin(), differences.end(), -1);
    const double p = clusters.empty() ? stats::mcnemar_p(more, fewer)
                                      : stats::sign_flip_p(differences, clusters, resampling(id));
    return stats::exact(id, p, "", independent(clusters, differences.size()));
  }

  Finding detectable() const {
    const std::string id = "detectable_reliance";
    if (all_.judged.empty()) return stats::undefined(id, why_not(all_));
    if (params_.simulations == 0)
      return stats::undefined(id, "simulations is 0: the check's power was not asked for");
    const auto clusters = clusters_of(all_.judged);
    std::vector<Swap> swaps;
    for (std::size_t i = 0; i < all_.judged.size(); ++i) swaps.push_back(swap_of(i, clusters));
    const auto found = power(swaps, {params_.simulations, facts_.seed});
    if (!found || !(result_.scale > 0))
      return stats::undefined(id, "too few independent pictures for any shortcut to be detected");
    result_.power = found->detected;
    result_.false_alarms = found->false_alarms;
    result_.strength = found->strength;
    return stats::exact(id, found->reliance / result_.scale, "median margin",
                        independent(clusters, all_.judged.size()));
  }

  // As three classes: the label, the donor's, and the strongest of the others.
  Swap swap_of(std::size_t i, const std::vector<std::int64_t>& clusters) const {
    const Record& r = *all_.judged[i]->swap;
    const auto logits = [](const Focus::Reply& reply) {
      return std::vector<float>{static_cast<float>(reply.label), static_cast<float>(reply.donor),
                                static_cast<float>(reply.other)};
    };
    Swap swap;
    swap.label = 0;
    swap.donor_label = 1;
    swap.cluster = clusters.empty() ? static_cast<std::int64_t>(i) : clusters[i];
    swap.same = logits(r.by_same);
    swap.different = logits(r.by_different);
    return swap;
  }

  static double right_by_invalid(const Case& c) { return c.seen.invalid_only == c.seen.label; }

  Finding only_accuracy(const Part& part) const {
    const std::string id = "invalid_only_accuracy" + part.suffix;
    if (part.seen.empty()) return stats::undefined(id, kNothingSeen);
    return proportion(id, part.seen, right_by_invalid);
  }

  std::vector<Finding> accuracies() const {
    if (all_.seen.empty()) {
      std::vector<Finding> none;
      for (const char* id : {"invalid_only_accuracy", "invalid_only_gain", "class_prior",
                             "inpainted_accuracy", "inpainted_drop"})
        none.push_back(stats::undefined(id, kNothingSeen));
      return none;
    }
    std::map<int, std::int64_t> sizes;
    for (const Case* c : all_.seen) ++sizes[c->seen.label];
    std::int64_t largest = 0;
    for (const auto& [label, size] : sizes) largest = std::max(largest, size);
    const auto rows = all_.seen.size();
    const double prior = static_cast<double>(largest) / static_cast<double>(rows);
    const auto clusters = clusters_of(all_.seen);
    const auto gone = [](const Case& c) { return double(c.seen.inpainted == c.seen.label); };
    std::vector<double> gain = values(all_.seen, right_by_invalid);
    for (double& g : gain) g -= prior;
    const auto drop = [](const Case& c) {
      return double(c.seen.predicted == c.seen.label) - double(c.seen.inpainted == c.seen.label);
    };
    return {only_accuracy(all_), difference("invalid_only_gain", all_.seen, gain),
            stats::exact("class_prior", prior, "", static_cast<std::int64_t>(rows)),
            proportion("inpainted_accuracy", all_.seen, gone),
            difference("inpainted_drop", all_.seen, values(all_.seen, drop))};
  }

  // A kind of map, and what its findings are called: KIND, or KIND_NAME.
  struct Map {
    std::string name;
    Focus::Share Record::*of;
    std::string why_none;
  };
  std::vector<Map> maps() const {
    const std::string none = "no map has positive evidence";
    const std::string& no_cam = result_.no_map;
    return {{"", &Record::cam, no_cam.empty() ? none : no_cam},
            {"_occlusion", &Record::occlusion,
             params_.occlusion_pictures == 0 ? "occlusion_pictures is 0" : none},
            {"_randomised", &Record::randomised,
             no_cam.empty() ? "the weights could not be shuffled" : no_cam}};
  }
  static std::vector<const Case*> with(const Map& map, const Part& part) {
    std::vector<const Case*> cases;
    for (const Case* c : part.seen)
      if ((c->seen.*map.of).known()) cases.push_back(c);
    return cases;
  }

  // The mean share of a map's positive values that lies in invalid pixels, in units of `unit`.
  Finding mean_share(const std::string& id, const Map& map, const std::vector<const Case*>& cases,
                     double unit) const {
    std::vector<double> shares;
    for (const Case* c : cases) shares.push_back((c->seen.*map.of).share / unit);
    const auto clusters = clusters_of(cases);
    return stats::bootstrapped(id, mean(shares),
                               stats::bounded_mean(shares, clusters, {0, 1 / unit}, resampling(id)),
                               independent(clusters, cases.size()));
  }

  Finding share(const Map& map, const Part& part) const {
    const std::string id = "invalid_share" + map.name + part.suffix;
    const auto cases = with(map, part);
    return cases.empty() ? stats::undefined(id, map.why_none) : mean_share(id, map, cases, 1);
  }

  // The share in units of the mean area, whose error is left out: the areas are the masks', not the
  // model's.
  Finding enrichment(const Map& map, const Part& part) const {
    const std::string id = "invalid_enrichment" + map.name + part.suffix;
    const auto cases = with(map, part);
    if (cases.empty()) return stats::undefined(id, map.why_none);
    double area = 0;
    for (const Case* c : cases) area += c->seen.area;
    return mean_share(id, map, cases, area / static_cast<double>(cases.size()));
  }

  Finding share_p(const Map& map) const {
    const std::string id = "invalid_share_p" + map.name;
    const auto cases = with(map, all_);
    if (cases.empty()) return stats::undefined(id, map.why_none);
    return stats::exact(id, shift_p(cases, map.of), "",
                        independent(clusters_of(cases), cases.size()));
  }

  // Of mean shares under shifts drawn for every picture, how many reach the observed one.
  double shift_p(const std::vector<const Case*>& cases, Focus::Share Record::*of) const {
    double observed = 0;
    for (const Case* c : cases) observed += (c->seen.*of).share;
    std::int64_t reached = 0;
    for (int b = 0; b < params_.replicates; ++b) {
      Stream stream(facts_.seed, "focus.shifts", static_cast<std::uint64_t>(b));
      double sum = 0;
      for (const Case* c : cases) {
        const Focus::Share& s = c->seen.*of;
        const auto drawn = stream.below(s.shifted.size() + 1);  // the last: not shifted
        sum += drawn < s.shifted.size() ? static_cast<double>(s.shifted[drawn]) : s.share;
      }
      reached += sum >= observed * (1 - 1e-9);
    }
    return (1.0 + static_cast<double>(reached)) / (1.0 + params_.replicates);
  }

  const Params& params_;
  const Facts& facts_;
  Focus::Result& result_;
  Part all_;
  std::vector<Part> parts_;
  mutable std::deque<std::string> purposes_;  // Resampling holds a view
};

}  // namespace

std::vector<Finding> focus_findings(const std::vector<Focus::Case>& cases,
                                    const Focus::Params& params, const Facts& facts,
                                    Focus::Result& result) {
  return Findings(cases, params, facts, result).all();
}

}  // namespace assay::checks
