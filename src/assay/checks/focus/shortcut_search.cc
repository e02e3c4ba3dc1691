#include "assay/checks/focus/shortcut_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/focus/shortcut_search_candidates.h"
#include "assay/checks/section_text.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"
#include "assay/stats/median.h"
#include "assay/stats/number_text.h"
#include "assay/stats/permutation.h"

namespace assay::checks {

namespace {

using Candidate = ShortcutSearch::Candidate;
using Record = ShortcutSearch::Record;
using Result = ShortcutSearch::Result;
using Status = ShortcutSearch::Status;
using stats::number_text;

double effect_of(const Record& r) { return r.with_donor - r.with_control; }

double mean_effect(const std::vector<const Record*>& tried) {
  double sum = 0;
  for (const Record* r : tried) sum += effect_of(*r);
  return sum / static_cast<double>(tried.size());
}

// A candidate with the transplants that tried it.
struct Trial {
  Candidate candidate;
  std::vector<const Record*> tried;
  std::vector<double> effects;  // in median margins
  std::vector<std::int64_t> clusters;
};

void judge(Trial& trial, std::size_t number, const Result& result, const Facts& facts) {
  Candidate& c = trial.candidate;
  if (trial.tried.empty() || !(result.scale > 0)) return;
  trial.clusters = clusters_of(trial.tried);
  int turned = 0, by_control = 0;
  for (const Record* r : trial.tried) {
    trial.effects.push_back(effect_of(*r) / result.scale);
    turned += r->said_with_donor == c.label;
    by_control += r->said_with_control == c.label;
  }
  const auto tried = static_cast<double>(trial.tried.size());
  c.tried = static_cast<std::int64_t>(trial.tried.size());
  c.independent = trial.clusters.empty()
                      ? c.tried
                      : static_cast<std::int64_t>(stats::renumbered(trial.clusters).count);
  c.effect = mean_effect(trial.tried) / result.scale;
  c.turned = (turned - by_control) / tried;
  const std::string purpose = "shortcut_search/signs/" + std::to_string(number);
  c.p = stats::sign_flip_p(trial.effects, trial.clusters,
                           {result.params.replicates, facts.seed, purpose});
}

Finding effect_finding(const std::string& id, const Trial& trial, const Result& result,
                       const Facts& facts) {
  const std::string purpose = "shortcut_search/" + id;
  Finding f =
      stats::bootstrapped(id, trial.candidate.effect,
                          stats::unbounded_mean(trial.effects, trial.clusters,
                                                {result.params.replicates, facts.seed, purpose}),
                          trial.candidate.independent);
  f.unit = "median margin";
  return f;
}

void set_findings(const std::vector<Trial>& trials, const std::string& none, const Facts& facts,
                  Result& result) {
  const auto add = [&](Finding f) { result.findings.push_back(std::move(f)); };
  const auto tested = std::count_if(trials.begin(), trials.end(),
                                    [](const Trial& t) { return t.candidate.tried > 0; });
  if (tested == 0) {
    add(stats::undefined("patches", none));
    add(stats::undefined("suspects", none));
    add(stats::undefined("lowest_q", none));
  } else {
    const auto suspects = std::count_if(trials.begin(), trials.end(), [&](const Trial& t) {
      return t.candidate.tried > 0 && t.candidate.q <= result.params.rate;
    });
    add(stats::exact("patches", static_cast<double>(tested), "", result.mapped));
    add(stats::exact("suspects", static_cast<double>(suspects), "", result.mapped));
    add(stats::exact("lowest_q", trials.front().candidate.q, "", result.mapped));
  }
  const auto effects = class_ids("effect", facts.labels), qs = class_ids("q", facts.labels);
  for (std::size_t k = 0; k < facts.labels.size(); ++k) {
    const auto likeliest = std::find_if(trials.begin(), trials.end(), [&](const Trial& t) {
      return t.candidate.label == static_cast<int>(k) && t.candidate.tried > 0;
    });
    if (likeliest == trials.end()) {
      const std::string why =
          tested == 0 ? none : "no group of maps of this class was large enough to be tried";
      add(stats::undefined(effects[k], why));
      add(stats::undefined(qs[k], why));
      continue;
    }
    add(effect_finding(effects[k], *likeliest, result, facts));
    add(stats::exact(qs[k], likeliest->candidate.q, "", likeliest->candidate.independent));
  }
}

// Masks' texts, where all pictures have one size and are seen alike.
void set_shapes(const std::map<std::int64_t, const Record*>& mapped, Result& result) {
  if (mapped.empty()) return;
  const Record& first = *mapped.begin()->second;
  const bool alike = std::all_of(mapped.begin(), mapped.end(), [&](const auto& at) {
    const Record& r = *at.second;
    return r.picture_height == first.picture_height && r.picture_width == first.picture_width;
  });
  result.picture_height = alike ? first.picture_height : 0;
  result.picture_width = alike ? first.picture_width : 0;
  const double box[4] = {first.left, first.top, first.right, first.bottom};
  for (const Candidate& c : result.candidates)
    result.shapes.push_back(
        alike ? shapes_of_cells(c.cells, first.picture_height, first.picture_width, box) : "");
}

// Each candidate's member with the most evidence in the patch, and the transplant that did most.
void set_shown(const std::vector<Trial>& trials,
               const std::map<std::int64_t, const Record*>& mapped, Result& result) {
  for (const Trial& trial : trials) {
    if (static_cast<int>(result.shown.size()) == result.params.exhibits) break;
    if (trial.tried.empty()) continue;
    const Candidate& c = trial.candidate;
    const Record* member = nullptr;
    double most = -1;
    for (const std::int64_t row : c.members) {
      const Record* r = mapped.at(row);
      double share = 0;
      for (std::size_t i = 0; i < c.cells.size(); ++i) share += c.cells[i] ? r->map[i] : 0;
      if (share > most) {
        most = share;
        member = r;
      }
    }
    const Record* best = *std::max_element(
        trial.tried.begin(), trial.tried.end(),
        [](const Record* a, const Record* b) { return effect_of(*a) < effect_of(*b); });
    ShortcutSearch::Shown shown;
    shown.member = member->row;
    shown.recipient = best->row;
    shown.donor = best->donor;
    shown.map = member->own_map;
    shown.map_height = member->map_height;
    shown.map_width = member->map_width;
    const double box[4] = {member->left, member->top, member->right, member->bottom};
    std::copy_n(box, 4, shown.box);
    shown.cells = c.cells;
    shown.said = class_name(result.labels, best->said_with_donor);
    shown.effect = c.effect;
    shown.caption =
        fmt::format("{}, a patch of {}: effect {}, q {}", class_name(result.labels, c.label),
                    pictures_text(static_cast<std::int64_t>(c.members.size())),
                    number_text(c.effect, 2), number_text(c.q, 2));
    result.shown.push_back(std::move(shown));
  }
}

}  // namespace

Result ShortcutSearch::summarise(std::span<const Record> records, const Params& params,
                                 const Facts& facts) {
  Result result;
  result.params = params;
  result.labels = facts.labels;
  std::map<std::int64_t, const Record*> mapped;
  std::map<int, int> classes;
  std::vector<double> margins;
  for (const Record& r : records) {
    if (r.transplanted) continue;
    result.without_evidence += r.status == Status::kNoEvidence;
    result.nonfinite += r.status == Status::kNonFinite;
    if (r.status != Status::kOk) continue;
    mapped[r.row] = &r;
    ++classes[r.predicted];
    margins.push_back(r.margin);
  }
  result.mapped = static_cast<std::int64_t>(mapped.size());
  result.classes = static_cast<std::int64_t>(classes.size());
  result.scale = stats::median(std::move(margins));

  std::vector<Trial> trials;
  for (Candidate& c : find_candidates(records, params, facts.seed))
    trials.push_back({std::move(c), {}, {}, {}});
  for (const Record& r : records)
    if (r.transplanted && r.status == Status::kOk && r.candidate >= 0 &&
        r.candidate < static_cast<std::int64_t>(trials.size()))
      trials[static_cast<std::size_t>(r.candidate)].tried.push_back(&r);
  for (std::size_t i = 0; i < trials.size(); ++i) judge(trials[i], i, result, facts);
  std::vector<double> p;
  for (const Trial& t : trials)
    if (t.candidate.tried > 0) p.push_back(t.candidate.p);
  const auto q = stats::benjamini_hochberg(p);
  std::size_t next = 0;
  for (Trial& t : trials)
    if (t.candidate.tried > 0) t.candidate.q = q[next++];
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    const Candidate &x = a.candidate, &y = b.candidate;
    if ((x.tried > 0) != (y.tried > 0)) return x.tried > 0;
    return x.q != y.q ? x.q < y.q : x.effect > y.effect;
  });
  for (const Trial& t : trials) result.candidates.push_back(t.candidate);

  std::string none = "no picture has a map";
  if (result.classes == 1)
    none = "the model says one class of all pictures: there is none of another to put a patch into";
  else if (result.mapped > 0)
    none = "no group of alike maps was large enough to be tried";
  set_findings(trials, none, facts, result);
  set_shapes(mapped, result);
  set_shown(trials, mapped, result);
  return result;
}

std::vector<Finding> ShortcutSearch::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
