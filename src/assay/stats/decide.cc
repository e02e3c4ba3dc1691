#include "assay/stats/decide.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "assay/base/error.h"
#include "assay/stats/bound.h"
#include "assay/stats/interval.h"
#include "assay/stats/number_text.h"
#include "assay/stats/requirement.h"
#include "assay/stats/sample_size.h"
#include "assay/stats/special.h"

namespace assay::stats {

namespace {

bool satisfies(const Requirement& r, double value) {  // never for NaN
  return r.comparison == Comparison::kAtLeast ? value >= r.bound : value <= r.bound;
}

double bound_for(const Requirement& r, const Finding& f, Verdict wanted, double confidence) {
  const bool lower = (r.comparison == Comparison::kAtLeast) == (wanted == Verdict::kPass);
  return lower ? lower_bound(f, confidence) : upper_bound(f, confidence);
}

// The probability q with quantile(q) = x, for the quantile that bound.cc takes: sorted draws at
// i/(B+1).
double probability_below(const Replicates& draws, double x) {
  if (x < draws.low) return 0;
  if (x > draws.high) return 1;
  const auto& v = draws.values;
  const auto count = static_cast<double>(v.size());
  if (v.empty()) return 0.5;
  const auto above = std::lower_bound(v.begin(), v.end(), x);  // first draw >= x
  if (above == v.begin()) return 1 / (count + 1);
  const auto rank = static_cast<double>(above - v.begin());  // draws below x
  if (above == v.end()) return count / (count + 1);
  const double step = *above - above[-1];
  return (rank + (x - above[-1]) / step) / (count + 1);
}

// The smallest α at which the opposite bound violates the requirement.
struct PValue {
  const Requirement& r;
  double value;
  bool at_least() const { return r.comparison == Comparison::kAtLeast; }

  double operator()(const Exact&) const { return satisfies(r, value) ? 1 : 0; }
  double operator()(const Binomial& e) const {
    if (r.bound < 0 || r.bound > 1) return satisfies(r, value) ? 1 : 0;
    return at_least() ? at_most_as_many(e, r.bound) : at_least_as_many(e, r.bound);
  }
  double operator()(const MeanError& e) const {
    const double gap = at_least() ? r.bound - e.mean : e.mean - r.bound;
    if (e.standard_error == 0) return gap > 0 ? 0 : 1;
    return cdf(StudentT{e.degrees_of_freedom}, -gap / e.standard_error);
  }
  double operator()(const Replicates& e) const {
    const double below = probability_below(e, r.bound);
    return at_least() ? 1 - below : below;
  }
};

double p_value(const Requirement& r, const Finding& f) {
  if (f.status != FindingStatus::kOk || std::isnan(f.value)) return 1;
  const double p = std::visit(PValue{r, f.value}, f.evidence);
  return std::isnan(p) ? 1 : p;
}

// Holm's step-down: for every requirement the α that it was, or would have to be, refused at.
struct Corrected {
  std::vector<double> alpha;
  std::vector<bool> refused;
};

Corrected holm(std::span<const Requirement> requirements, const std::vector<double>& p) {
  const std::size_t m = p.size();
  const auto own = [&](std::size_t i) { return 1 - requirements[i].confidence; };
  std::vector<std::size_t> order(m);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return p[a] / own(a) < p[b] / own(b); });
  Corrected c{std::vector<double>(m), std::vector<bool>(m, false)};
  std::size_t left = m;
  bool open = true;
  for (const std::size_t i : order) {
    c.alpha[i] = own(i) / static_cast<double>(left);
    open = open && p[i] < c.alpha[i];
    if (!open) continue;
    c.refused[i] = true;
    --left;
  }
  return c;
}

std::string proven_text(const Requirement& r, Verdict wanted, double proven, double confidence) {
  const bool lower = (r.comparison == Comparison::kAtLeast) == (wanted == Verdict::kPass);
  return (lower ? "at least " : "at most ") + number_text_beside(proven, r.bound) + " with " +
         percent_text(confidence, 6) + " confidence";
}

std::string units_of(const Finding& f) {
  const auto* draws = std::get_if<Replicates>(&f.evidence);
  return draws && draws->method.ends_with("by cluster") ? "clusters" : "images";
}

std::string open_reason(const Finding& f, const Settling& settling,
                        std::optional<std::int64_t> needed) {
  const auto* draws = std::get_if<Replicates>(&f.evidence);
  if (draws && draws->values.size() < 2) return "there is too little to tell its error by";
  if (draws && (1 - settling.confidence) * static_cast<double>(draws->values.size() + 1) < 1 - 1e-9)
    return std::to_string(draws->values.size()) + " draws are too few for a confidence of " +
           percent_text(settling.confidence, 6);
  const std::string what =
      settling.verdict == Verdict::kPass ? " would prove it" : " would refute it";
  if (!needed) return "no sample below a million" + what + ", if the value stays";
  return "about " + std::to_string(*needed) + " " + units_of(f) + what + " (now " +
         std::to_string(f.n) + "), if the value stays";
}

Decision decide_one(const Requirement& r, const Finding& f, double alpha, bool refused,
                    std::size_t family) {
  Decision d;
  d.requirement = r;
  d.value = f.value;
  const std::string asked = to_text(r);
  if (f.status != FindingStatus::kOk) {
    d.reason =
        f.id + " is undefined, so " + asked + " stays open" + (f.note.empty() ? "" : ": " + f.note);
    return d;
  }
  if (std::isnan(f.value)) {
    d.reason = f.id + " is not a number, so " + asked + " stays open";
    return d;
  }
  const std::string unit = f.unit.empty() ? "" : " " + f.unit;
  const std::string subject = f.id + " " + number_text_beside(f.value, r.bound) + unit;
  if (std::holds_alternative<Exact>(f.evidence)) {
    const bool good = satisfies(r, f.value);
    d.verdict = good ? Verdict::kPass : Verdict::kFail;
    d.proven = f.value;
    d.reason = subject + (good ? " meets " : " misses ") + asked;
    return d;
  }

  d.proven = bound_for(r, f, Verdict::kPass, r.confidence);
  const std::string favour = proven_text(r, Verdict::kPass, *d.proven, r.confidence);
  if (satisfies(r, *d.proven)) {
    d.verdict = Verdict::kPass;
    d.reason = subject + " (" + favour + ") meets " + asked;
    return d;
  }
  if (refused) {
    d.verdict = Verdict::kFail;
    d.proven = bound_for(r, f, Verdict::kFail, 1 - alpha);
    d.reason =
        subject + " (" + proven_text(r, Verdict::kFail, *d.proven, 1 - alpha) +
        (alpha < 1 - r.confidence ? ", corrected for " + std::to_string(family) + " requirements"
                                  : "") +
        ") misses " + asked;
    return d;
  }
  const Settling settling = satisfies(r, centre(f)) ? Settling{Verdict::kPass, r.confidence}
                                                    : Settling{Verdict::kFail, 1 - alpha};
  d.needed_n = sample_size(r, f, settling);
  if (std::isinf(*d.proven)) d.proven.reset();
  d.reason = subject + (d.proven ? " (" + favour + ")" : " (of unknown error)") +
             " does not settle " + asked + ": " + open_reason(f, settling, d.needed_n);
  return d;
}

}  // namespace

std::vector<Decision> decide(std::span<const Requirement> requirements,
                             std::span<const Finding* const> findings) {
  if (requirements.size() != findings.size())
    throw BugError("one finding a requirement was promised");
  std::vector<double> p;
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    if (!findings[i])
      throw InputError(requirements[i].where,
                       "there is no finding \"" + requirements[i].finding + "\"");
    p.push_back(p_value(requirements[i], *findings[i]));
  }
  const Corrected corrected = holm(requirements, p);
  std::vector<Decision> decisions;
  for (std::size_t i = 0; i < requirements.size(); ++i)
    decisions.push_back(decide_one(requirements[i], *findings[i], corrected.alpha[i],
                                   corrected.refused[i], requirements.size()));
  return decisions;
}

Verdict overall(std::span<const Decision> decisions) {
  Verdict verdict = Verdict::kPass;
  for (const auto& d : decisions) {
    if (d.verdict == Verdict::kFail) return Verdict::kFail;
    if (d.verdict == Verdict::kInconclusive) verdict = Verdict::kInconclusive;
  }
  return verdict;
}

}  // namespace assay::stats
