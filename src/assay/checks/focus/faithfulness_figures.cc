#include "assay/checks/focus/faithfulness_figures.h"

#include "assay/methods/evaluation/removal.h"

namespace assay::checks {

const std::vector<Measure>& measures() {
  constexpr stats::Span kShare{0, 1}, kDifference{-1, 1};
  static const std::vector<Measure> all{
      {"deletion_auc", "area under the deletion curve (low is good)", Better::kLow, kShare,
       [](const MapFigures& f) { return methods::area(f.deletion); }, true, "deletion_gain"},
      {"insertion_auc", "area under the insertion curve (high is good)", Better::kHigh, kShare,
       [](const MapFigures& f) { return methods::area(f.insertion); }, true, "insertion_gain"},
      {"road", "ROAD: least less most relevant first, in-painted (high is good)", Better::kHigh,
       kDifference,
       [](const MapFigures& f) { return methods::mean_gap(f.least_first, f.most_first); }, true,
       "road_gain"},
      {"infidelity", "infidelity at the best scale (low is good)", Better::kLow, kShare,
       [](const MapFigures& f) { return f.infidelity; }, true, "infidelity_gain"},
      {"max_sensitivity",
       "max-sensitivity (low is stable)",
       Better::kLow,
       {},
       [](const MapFigures& f) { return f.max_sensitivity; },
       true,
       ""},
      {"sparseness", "sparseness (Gini index)", Better::kNeither, kShare,
       [](const MapFigures& f) { return f.sparseness; }, true, ""},
      {"completeness_gap",
       "completeness: missing share of the rise (low is good)",
       Better::kLow,
       {},
       [](const MapFigures& f) { return f.completeness_gap; },
       false,
       ""},
      {"randomisation_rise",
       "rise in complexity with random weights (high is good)",
       Better::kHigh,
       {},
       [](const MapFigures& f) { return f.randomisation_rise; },
       true,
       ""},
      {"randomisation_similarity", "rank correlation with random weights' map (low is good)",
       Better::kLow, kDifference, [](const MapFigures& f) { return f.randomisation_similarity; },
       true, ""},
      {"random_logit_similarity", "rank correlation with another class's map (low is good)",
       Better::kLow, kDifference, [](const MapFigures& f) { return f.random_logit_similarity; },
       true, ""},
      {"pointing_game", "pointing game: the highest value lies on the object (high is good)",
       Better::kHigh, kShare, [](const MapFigures& f) { return f.pointing_game; }, true,
       "pointing_game_gain", true},
      {"energy_pointing", "share of the positive values on the object (high is good)",
       Better::kHigh, kShare, [](const MapFigures& f) { return f.energy_pointing; }, true,
       "energy_pointing_gain", true},
      {"relevance_rank", "of as many highest pixels, the share on the object (high is good)",
       Better::kHigh, kShare, [](const MapFigures& f) { return f.relevance_rank; }, true,
       "relevance_rank_gain", true},
  };
  return all;
}

}  // namespace assay::checks
