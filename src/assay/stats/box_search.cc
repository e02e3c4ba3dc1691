#include "assay/stats/box_search.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace assay::stats {

using Eigen::Index;

namespace {

constexpr double kPeel = 0.1;        // share of the points that a cut takes
constexpr double kWhole = 1 + 1e-9;  // a wall that nothing cut: what lies at 1 is inside

struct Wall {
  Index axis;
  bool high;
};

double& length(SidedBox& box, const Wall& wall) {
  return (wall.high ? box.high : box.low)[static_cast<std::size_t>(wall.axis)];
}

double along(const Eigen::MatrixXd& points, Index i, const Wall& wall) {
  return wall.high ? points(i, wall.axis) : -points(i, wall.axis);
}

}  // namespace

bool SidedBox::holds(const Eigen::RowVectorXd& point) const {
  for (Index f = 0; f < point.size(); ++f) {
    const auto at = static_cast<std::size_t>(f);
    const double v = point(f);
    // An axis of no length has one place: the origin.
    if (v > 0 ? v >= high[at] : v < 0 && -v >= low[at]) return false;
  }
  return true;
}

SidedBox largest_box(const Eigen::MatrixXd& points, const std::vector<std::int64_t>& owners,
                     std::size_t allowed) {
  const Index axes = points.cols();
  SidedBox box{std::vector<double>(static_cast<std::size_t>(axes), kWhole),
               std::vector<double>(static_cast<std::size_t>(axes), kWhole)};
  std::vector<Wall> walls;
  for (Index f = 0; f < axes; ++f) {
    walls.push_back({f, false});
    walls.push_back({f, true});
  }
  const auto inside = [&] {
    std::vector<Index> found;
    for (Index i = 0; i < points.rows(); ++i)
      if (box.holds(points.row(i))) found.push_back(i);
    return found;
  };
  const auto stands = [&](const std::vector<Index>& held) {
    std::set<std::int64_t> who;
    for (const Index i : held) who.insert(owners[static_cast<std::size_t>(i)]);
    return who.size() <= allowed;
  };
  for (auto held = inside(); !stands(held); held = inside()) {
    const auto count = std::max<std::size_t>(
        1, static_cast<std::size_t>(kPeel * static_cast<double>(held.size())));
    double best = -1, best_length = 0;
    const Wall* best_wall = nullptr;
    for (const Wall& wall : walls) {
      std::vector<double> reach;
      for (const Index i : held)
        if (const double v = along(points, i, wall); v > 0) reach.push_back(v);
      if (reach.empty()) continue;
      const std::size_t cut = std::min(count, reach.size());
      std::nth_element(reach.begin(), reach.begin() + static_cast<std::ptrdiff_t>(cut - 1),
                       reach.end(), std::greater<>());
      const double to = reach[cut - 1];
      const double other = wall.high ? box.low[static_cast<std::size_t>(wall.axis)]
                                     : box.high[static_cast<std::size_t>(wall.axis)];
      const double cost =
          std::log((length(box, wall) + other + 1e-6) / (to + other + 1e-6)) + 1e-12;
      if (const double gain = static_cast<double>(cut) / cost; gain > best) {
        best = gain;
        best_length = to;
        best_wall = &wall;
      }
    }
    if (!best_wall) break;  // what is left lies at the origin
    length(box, *best_wall) = best_length;
  }
  for (const Wall& wall : walls) {
    std::vector<double> to{kWhole};
    for (Index i = 0; i < points.rows(); ++i)
      if (const double v = along(points, i, wall); v > length(box, wall)) to.push_back(v);
    std::sort(to.begin(), to.end(), std::greater<>());
    // The longer the wall, the more lies inside: the longest that may stand is found by halving.
    const double before = length(box, wall);
    std::size_t first = 0, last = to.size();
    while (first < last) {
      const std::size_t middle = (first + last) / 2;
      length(box, wall) = to[middle];
      stands(inside()) ? last = middle : first = middle + 1;
    }
    length(box, wall) = first < to.size() ? to[first] : before;
  }
  for (const Wall& wall : walls) length(box, wall) = std::min(1.0, length(box, wall));
  return box;
}

}  // namespace assay::stats
