// How many images would settle a requirement, were the observed value to stay? See decide.h.
#pragma once

#include <cstdint>
#include <optional>

#include "assay/base/estimate.h"
#include "assay/base/verdict.h"

namespace assay::stats {

inline constexpr std::int64_t kLargestSample = 1'000'000;

struct Settling {
  Verdict verdict = Verdict::kPass;  // what is to be proven: kPass or kFail
  double confidence = 0.95;          // of the bound that must prove it
};

// The middle of what the evidence says: the observed value, the draws' median where replicates are
// the evidence.
double centre(const Finding& finding);

// The smallest n above the finding's own, at most a million, at which the bound proves it; absent
// when there is none, when the centre is on the other side, or when the draws are too few for the
// confidence.
std::optional<std::int64_t> sample_size(const Requirement& requirement, const Finding& finding,
                                        const Settling& settling);

}  // namespace assay::stats
