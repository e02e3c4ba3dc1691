// The largest box round the origin in which few pictures fail: peeling and pasting.
//
// A box reaches from −low_f to high_f along each axis, both in [0, 1]. Points belong to owners; a box may hold points of
// at most `allowed` owners. Sides are cut where a cut rids the box of most points for the least of its logarithmic volume,
// a tenth of the points at a time, until it may stand; then each side is let out again as far as it may. The
// greedy search is not exhaustive: there may be a larger box.
// Cost: points × axes a cut. Source: friedman1999.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace assay::stats {

struct SidedBox {
  std::vector<double> low, high;                      // lengths, ≥ 0
  bool holds(const Eigen::RowVectorXd& point) const;  // its border is outside
};

// points [n][axes] in [-1, 1], owners [n].
SidedBox largest_box(const Eigen::MatrixXd& points, const std::vector<std::int64_t>& owners,
                     std::size_t allowed);

}  // namespace assay::stats
