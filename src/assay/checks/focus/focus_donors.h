// Whose pixels replace a picture's invalid ones: for each picture one of its own class and one of
// another, so that the difference of the two is what the class leaves in invalid pixels, and
// everything else that a foreign patch does cancels.
//
// A donor is of another cluster (pictures of one part would hand back what was there), has the same
// size at the model's input, and of up to eight at hand the one whose invalid pixels agree best with
// the picture's. Each picture is a donor of either kind at most once until all have been, so that
// few pictures are seldom behind many effects. Draws depend on the seed and the picture's id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/checks/focus/focus.h"

namespace assay::checks {

struct Donors {
  std::int64_t row = 0, same = 0, different = 0;  // rows of the data set
};

// For every record of round 1 with status kOk that finds both; in their order.
std::vector<Donors> choose_donors(std::span<const Focus::Record> seen, std::uint64_t seed);

}  // namespace assay::checks
