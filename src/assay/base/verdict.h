// What a requirement asks of a finding, and what was decided.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay {

enum class Comparison { kAtLeast, kAtMost };  // closed bounds: value >= bound, value <= bound
enum class Verdict { kPass, kFail, kInconclusive };

struct Requirement {
  std::string finding;  // a finding's id within its check
  Comparison comparison = Comparison::kAtLeast;
  double bound = 0;
  double confidence = 0.95;  // one-sided, in (0.5, 1)
  std::string where;         // "audit.yaml:12", for messages
};

struct Decision {
  Requirement requirement;
  Verdict verdict = Verdict::kInconclusive;
  double value = 0;              // the finding's
  std::optional<double> proven;  // the one-sided bound on the side that the verdict rests on
  std::string reason;            // one sentence for a person
  std::optional<std::int64_t>
      needed_n;  // images that would settle an inconclusive one; absent: none below a million
};

}  // namespace assay
