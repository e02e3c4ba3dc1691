// What was decided, in words: the same words in the report, on the terminal and in the files.
#pragma once

#include <string>
#include <vector>

#include "assay/base/outcome.h"

namespace assay::report {

struct Tally {
  int pass = 0, fail = 0, inconclusive = 0;
  int all() const { return pass + fail + inconclusive; }
};
Tally tally(const Outcome& outcome);
Tally tally(const CheckOutcome& check);

std::string verdict_id(Verdict verdict);           // "pass", "fail", "inconclusive"
std::string verdict_id(const Outcome& outcome);    // likewise, or "none" where nothing is required
std::string comparison_id(Comparison comparison);  // "at_least", "at_most"

// "1 of 5 requirements is violated, 2 are undecided, 2 are met." A full sentence.
std::string verdict_sentence(const Outcome& outcome);

// "≥ 0.9"
std::string bound_text(const Requirement& requirement);

// "top1 ≥ 0.9"
std::string requirement_text(const Requirement& requirement);

// What the one-sided bound shows of the true value: "≥ 0.918", or empty where there is none.
std::string proven_text(const Decision& decision, const Finding* finding);

// What would settle an inconclusive one: "3,100 (now 500)", "none below a million", or empty for
// the others.
std::string needed_text(const Decision& decision, const Finding* finding);

// The finding that a decision compares, or null.
const Finding* finding_of(const CheckOutcome& check, const Decision& decision);

// The bounds that a finding is compared with: what its shown digits must keep apart from.
std::vector<double> bounds_on(const CheckOutcome& check, const std::string& finding_id);

// Whatever a person must know before trusting the numbers, in the report's order; `check` is empty
// for the data.
struct Warning {
  const CheckOutcome* check = nullptr;  // null: the data set
  std::string text;
};
std::vector<Warning> warnings(const Outcome& outcome);

}  // namespace assay::report
