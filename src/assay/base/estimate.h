// A number with what is known of its error: the currency between checks, requirements and the
// report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace assay {

struct Interval {
  double low = 0, high = 0;
  double level = 0.95;  // two-sided coverage
  std::string method;   // "Clopper-Pearson", "bootstrap by class", …
};

// What gives a finding's bound at any level. The bounds themselves are computed in stats/bound.h.
struct Exact {};  // no sampling error is claimed: a count, a property of a file
struct Binomial {
  std::int64_t successes = 0, trials = 0;
};
struct MeanError {
  double mean = 0, standard_error = 0, degrees_of_freedom = 1;
};
// A confidence distribution given by draws, sorted ascending: its q-quantile, clamped to [low,
// high], is the one-sided bound at level q. Bias correction is already in it.
struct Replicates {
  std::vector<double> values;
  double low = 0, high = 1;  // the quantity's natural range
  std::string method;        // e.g. "bootstrap by class"
};
using Evidence = std::variant<Exact, Binomial, MeanError, Replicates>;

// ok: a number. undefined: the question has no answer on these data (precision of a class never
// predicted).
enum class FindingStatus { kOk, kUndefined };

struct Finding {
  std::string
      id;  // within the check: "top1", "recall/cat" ('/' inside a class name is written %2F)
  double value = 0;    // meaningless when undefined
  std::string unit;    // "" for a pure number
  std::int64_t n = 0;  // how many independent rows it rests on
  Evidence evidence;
  std::optional<Interval> interval;  // two-sided at 0.95; absent for Exact and undefined
  FindingStatus status = FindingStatus::kOk;
  std::string note;  // why undefined, or a caveat; one sentence
};

}  // namespace assay
