// The drift within a specification and a budget of change that costs a model most: what must not happen to a camera.
//
// Coordinates z from −1 to 1 a factor: 0 nominal, ±1 the ends of the specification. Projected ascent of the loss
// (drifting_camera.h), steepest in the metric of the pictures' change: the step that gains most for its root mean square change,
// M⁻¹ · gradient, so that a factor that hardly shows is moved far and one that repaints everything little. Steps shrink to a tenth;
// what leaves the cube is cut, what would exceed the budget is drawn towards nominal. The best that was seen within the budget counts,
// not the last. The control draws z at random, most of them as far out as the budget lets, for as many model calls.
// Cost: a step is a forward and a backward a picture; the metric, measured every sixth step on at most eight of them, a development
// a factor. Source: oala2023 (drift forensics),
// madry2018 (projected gradient).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/methods/camera/drifting_camera.h"

namespace assay::methods {

struct Specification {
  std::vector<double> low, high;    // one a factor; nominal lies inside
  std::vector<std::uint8_t> moves;  // not 0: the search may change it
};

struct DriftBudget {
  double distance = INFINITY;  // at most
  int steps = 16;
};

struct ForcedDrift {
  std::vector<double> theta;
  DriftingCamera::Answer answer;
  // What was asked on the way, in order.
  struct Step {
    std::vector<double> theta;
    DriftingCamera::Answer answer;
  };
  std::vector<Step> path;
  std::int64_t forwards = 0, backwards = 0;  // model calls, a picture each
};

// `start` 0 begins at nominal, others at a place drawn by (seed, start).
ForcedDrift force_drift(const DriftingCamera& camera, const Specification& specification,
                        const DriftBudget& budget, std::uint64_t seed, int start);
// At as many places as cost the same: three forwards a step.
ForcedDrift random_drift(const DriftingCamera& camera, const Specification& specification,
                         const DriftBudget& budget, std::uint64_t seed, int start);

}  // namespace assay::methods
