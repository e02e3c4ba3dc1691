#include "assay/report/verdict_text.h"

#include <cmath>

#include "assay/report/number_text.h"

namespace assay::report {
namespace {

std::string count(int n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

Tally tally(const CheckOutcome& check) {
  Tally t;
  for (const Decision& d : check.decisions) {
    switch (d.verdict) {
      case Verdict::kPass:
        ++t.pass;
        break;
      case Verdict::kFail:
        ++t.fail;
        break;
      case Verdict::kInconclusive:
        ++t.inconclusive;
        break;
    }
  }
  return t;
}

Tally tally(const Outcome& outcome) {
  Tally all;
  for (const CheckOutcome& check : outcome.checks) {
    const Tally t = tally(check);
    all.pass += t.pass;
    all.fail += t.fail;
    all.inconclusive += t.inconclusive;
  }
  return all;
}

std::string verdict_id(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

std::string verdict_id(const Outcome& outcome) {
  return outcome.has_requirements ? verdict_id(outcome.verdict) : "none";
}

std::string comparison_id(Comparison comparison) {
  return comparison == Comparison::kAtLeast ? "at_least" : "at_most";
}

std::string verdict_sentence(const Outcome& outcome) {
  const Tally t = tally(outcome);
  if (!outcome.has_requirements)
    return "No requirement was stated, so nothing was decided: the numbers below are measurements.";
  if (t.all() == t.pass)
    return t.pass == 1 ? "The one requirement is met, with statistical proof."
                       : "All " + std::to_string(t.pass) +
                             " requirements are met, each with statistical proof.";
  std::string text = "Of " + count(t.all(), "requirement", "requirements") + " ";
  const char* separator = "";
  const auto add = [&](int n, const char* one, const char* many) {
    if (n == 0) return;
    text += separator + count(n, one, many);
    separator = ", ";
  };
  add(t.fail, "is violated", "are violated");
  add(t.inconclusive, "cannot be decided with these pictures",
      "cannot be decided with these pictures");
  add(t.pass, "is met", "are met");
  return text + ".";
}

std::string bound_text(const Requirement& r) {
  return (r.comparison == Comparison::kAtLeast ? "\u2265 " : "\u2264 ") + shortest(r.bound);
}

std::string requirement_text(const Requirement& r) { return r.finding + " " + bound_text(r); }

std::string proven_text(const Decision& d, const Finding* finding) {
  if (!d.proven || !std::isfinite(*d.proven)) return {};
  const bool from_below =
      (d.requirement.comparison == Comparison::kAtLeast) != (d.verdict == Verdict::kFail);
  const std::string number =
      finding ? beside(*d.proven, *finding, {d.requirement.bound}) : significant(*d.proven);
  return (from_below ? "\u2265 " : "\u2264 ") + number;
}

std::string needed_text(const Decision& d, const Finding* finding) {
  if (d.verdict != Verdict::kInconclusive || !finding || !is_number(*finding)) return {};
  if (!d.needed_n) return "none below a million";
  return grouped(*d.needed_n) + " (now " + grouped(finding->n) + ")";
}

const Finding* finding_of(const CheckOutcome& check, const Decision& decision) {
  for (const Finding& f : check.findings)
    if (f.id == decision.requirement.finding) return &f;
  return nullptr;
}

std::vector<double> bounds_on(const CheckOutcome& check, const std::string& finding_id) {
  std::vector<double> bounds;
  for (const Decision& d : check.decisions)
    if (d.requirement.finding == finding_id) bounds.push_back(d.requirement.bound);
  return bounds;
}

std::vector<Warning> warnings(const Outcome& outcome) {
  std::vector<Warning> all;
  if (outcome.data.unreadable > 0)
    all.push_back({nullptr, grouped(outcome.data.unreadable) + " of " + grouped(outcome.data.used) +
                                " pictures could not be read; they are left out of every number"});
  for (const CheckOutcome& check : outcome.checks)
    for (const std::string& text : check.section.warnings) all.push_back({&check, text});
  return all;
}

}  // namespace assay::report
