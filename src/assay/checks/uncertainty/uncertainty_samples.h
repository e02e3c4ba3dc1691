// Where sampled predictions come from: dropout made active, factors drawn, other models, or the single pass.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/checks/uncertainty/uncertainty.h"
#include "assay/network/dropout.h"

namespace assay::checks {

struct SampleSource {
  enum class Kind { kSingle, kDropout, kFactors, kModels } kind = Kind::kSingle;
  int most = 1;  // samples of a picture
};
// InputError("checks.uncertainty…") for what is no source, and for two at once.
SampleSource sample_source(const Uncertainty::Params& params);
// InputError likewise.
std::vector<network::DropoutPlace> dropout_places_of(const Uncertainty::Params& params);

// The probabilities [samples × K] of some pictures of a micro-batch, and how they came to rest.
struct Sampled {
  std::vector<double> probabilities;
  std::vector<double> trace;  // Uncertainty::Record::trace
};
// One a unit, in their order; their clean logits must be finite. A picture's samples end at its own standard error: 8, 16, … are
// looked at.
std::vector<Sampled> sampled_predictions(const Subject& subject, const Uncertainty::Params& params,
                                         const std::vector<Unit>& units, const Context& context);

// softmax of a row of logits.
std::vector<double> probabilities_of(const float* logits, std::int64_t classes);

}  // namespace assay::checks
