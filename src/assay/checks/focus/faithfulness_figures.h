// What the faithfulness check records of one map of one picture, and the list of its figures.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/stats/bootstrap.h"

namespace assay::checks {

// Whose ranking of the pixels: the explained method's, or one that knows nothing of the model.
enum class Ranker { kMap, kRandom, kCentre, kEdges };
inline constexpr std::size_t kRankers = 4;
inline constexpr std::array<std::string_view, kRankers> kRankerIds{"map", "random", "centre",
                                                                   "edges"};
inline constexpr std::array<std::string_view, kRankers> kRankerTitles{
    "the map", "random ranking", "centre prior", "edge detector"};

// NaN where there is no figure.
struct MapFigures {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  // The target's probability at equidistant shares of removed pixels.
  std::vector<double> deletion, insertion;      // 0 to 1, a baseline in their place
  std::vector<double> most_first, least_first;  // in-painted; without the ends
  double infidelity = kNone, max_sensitivity = kNone, sparseness = kNone, completeness_gap = kNone,
         randomisation_rise = kNone, randomisation_similarity = kNone,
         random_logit_similarity = kNone;
  // Of pictures with a mask of the object.
  double pointing_game = kNone, energy_pointing = kNone, relevance_rank = kNone;
  template <class A>
  void archive(A& a) {
    a(deletion, insertion, most_first, least_first, infidelity, max_sensitivity, sparseness,
      completeness_gap, randomisation_rise, randomisation_similarity, random_logit_similarity,
      pointing_game, energy_pointing, relevance_rank);
  }
};

enum class Better { kLow, kHigh, kNeither };

struct Measure {
  std::string_view id;     // of the finding
  std::string_view title;  // in tables, with the direction that is better
  Better better = Better::kNeither;
  std::optional<stats::Span> range;  // of one picture's figure; none: unbounded
  double (*of)(const MapFigures&);   // NaN: none
  bool of_controls = true;           // whether a control has it too
  std::string_view gain;             // the finding of its advantage over a control; empty: none
  bool of_object = false;            // whether it needs a mask
};
const std::vector<Measure>& measures();

}  // namespace assay::checks
