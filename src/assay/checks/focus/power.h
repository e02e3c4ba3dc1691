// Which reliance on invalid pixels would the focus check have noticed on these very pictures?
//
// A shortcut of strength s is planted round the model: what the region holds adds s to the logit of
// the class that it came from, so the reply to a patch of the same class gains s for the label and
// the reply to a different one gains s for the donor's class. The logits are known, so the model
// does not run again. The effects' own reliance is first removed by exchanging, cluster by cluster
// at random, which reply counts as which: then nothing but the planted shortcut is there to find,
// among effects as large and as uneven as the model's.
//
// `strength` is the smallest s whose share of simulations in which the sign-flip test fires at
// p <= 0.05 is at least 0.9, with a confidence of 0.95 over the simulations (so that chance in them
// does not flatter the check); by bisection, the same random numbers for every s.
// When it lies: a shortcut that only some pictures carry, or that works through the picture's own
// evidence, is not of this form.
// Above 512 clusters the test's normal limit stands for it. Cost: some 25 × simulations sign-flip tests; no forward.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace assay::checks {

// What the model said of one picture with its invalid pixels replaced.
struct Swap {
  int label = -1, donor_label = -1;    // classes: the picture's, and that of the different donor
  std::int64_t cluster = 0;            // independent pictures have their own
  std::vector<float> same, different;  // logits [K], finite, by donor
};

struct Power {
  double strength = 0;      // in logits
  double reliance = 0;      // mean loss of margin that it makes beyond that without it
  double detected = 0;      // share of fresh simulations at that strength in which the test fired
  double false_alarms = 0;  // the same without a planted shortcut
  int simulations = 0;
};

struct PowerOptions {
  int simulations = 400;
  std::uint64_t seed = 0;
};

// None where no strength is noticed: below 5 clusters no sign flip can reach p <= 0.05.
std::optional<Power> power(std::span<const Swap> swaps, const PowerOptions& options);

// The share of simulations, none of which helped to find a strength, in which the test fires with a shortcut of this strength.
double detected_share(std::span<const Swap> swaps, double strength, const PowerOptions& options);

}  // namespace assay::checks
