#include "assay/imaging/inpaint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"

namespace assay::imaging {

namespace {

// Channels that are solved together; vectors are [unknowns][kLanes].
constexpr int kLanes = 4;
using Lanes = std::array<double, kLanes>;
using Vector = std::vector<Lanes>;

constexpr std::uint64_t kBytesPerPixel = 700;
constexpr std::size_t kCoarsest = 32;  // unknowns; no smaller level is made
constexpr int kCoarsestSweeps = 20;
constexpr int kMostIterations = 200;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

// Along one axis: the coarse places that a fine one is interpolated from, and their weights.
struct Parents {
  int place[2];
  double weight[2];
};
Parents parents_of(int fine) {
  if (fine % 2 == 0) return {{fine / 2, fine / 2}, {1, 0}};
  return {{fine / 2, fine / 2 + 1}, {0.5, 0.5}};
}

// One grid's operator: rows of a symmetric matrix over the unknowns, which are some of the grid's
// cells in row-major order.
struct Level {
  int height = 0, width = 0;
  std::vector<int> cell;         // [unknowns]
  std::vector<double> diagonal;  // [unknowns]
  std::vector<std::size_t> first{0};
  std::vector<int> column;  // of row i: first[i] to first[i + 1]
  std::vector<double> weight;
  // How each unknown is interpolated from the next coarser level's.
  std::vector<std::array<int, 4>> parent;
  std::vector<std::array<double, 4>> share;

  std::size_t size() const { return cell.size(); }
};

// The neighbours that exist: f(row, column, weight).
template <class F>
void for_neighbours(int y, int x, int height, int width, const F& f) {
  for (int v = std::max(0, y - 1); v <= std::min(height - 1, y + 1); ++v)
    for (int u = std::max(0, x - 1); u <= std::min(width - 1, x + 1); ++u)
      if (v != y || u != x) f(v, u, v == y || u == x ? 1.0 / 6 : 1.0 / 12);
}

// The numbers of the marked cells, -1 elsewhere.
template <class Marked>
std::vector<int> numbered(std::size_t cells, const Marked& marked) {
  std::vector<int> number(cells, -1);
  int next = 0;
  for (std::size_t i = 0; i < cells; ++i)
    if (marked(i)) number[i] = next++;
  return number;
}

Level finest_level(int height, int width, std::span<const std::uint8_t> missing) {
  Level level{height, width, {}, {}, {0}, {}, {}, {}, {}};
  const auto number = numbered(missing.size(), [&](std::size_t i) { return missing[i] != 0; });
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int cell = y * width + x;
      if (number[at(cell)] < 0) continue;
      double diagonal = 0;
      for_neighbours(y, x, height, width, [&](int v, int u, double w) {
        diagonal += w;
        const int other = number[at(v * width + u)];
        if (other < 0) return;
        level.column.push_back(other);
        level.weight.push_back(-w);
      });
      level.cell.push_back(cell);
      level.diagonal.push_back(diagonal);
      level.first.push_back(level.column.size());
    }
  return level;
}

// Pᵀ A P for bilinear interpolation P onto the fine unknowns; also sets fine.parent and fine.share.
// Neighbours' parents are neighbours, so nine coefficients a coarse cell hold it.
Level coarser(Level& fine) {
  Level coarse{fine.height / 2 + 1, fine.width / 2 + 1, {}, {}, {0}, {}, {}, {}, {}};
  const std::size_t cells = at(coarse.height) * at(coarse.width);
  std::vector<std::array<double, 9>> stencil(cells);

  fine.parent.resize(fine.size());
  fine.share.resize(fine.size());
  for (std::size_t i = 0; i < fine.size(); ++i) {
    const Parents y = parents_of(fine.cell[i] / fine.width),
                  x = parents_of(fine.cell[i] % fine.width);
    for (int k = 0; k < 4; ++k) {
      fine.parent[i][at(k)] = y.place[k / 2] * coarse.width + x.place[k % 2];
      fine.share[i][at(k)] = y.weight[k / 2] * x.weight[k % 2];
    }
  }
  const auto add = [&](std::size_t i, std::size_t j, double a) {
    for (std::size_t p = 0; p < 4; ++p) {
      if (fine.share[i][p] == 0) continue;
      const int from = fine.parent[i][p];
      for (std::size_t q = 0; q < 4; ++q) {
        if (fine.share[j][q] == 0) continue;
        const int to = fine.parent[j][q];
        const int dy = to / coarse.width - from / coarse.width,
                  dx = to % coarse.width - from % coarse.width;
        stencil[at(from)][at(3 * dy + dx + 4)] += a * fine.share[i][p] * fine.share[j][q];
      }
    }
  };
  for (std::size_t i = 0; i < fine.size(); ++i) {
    add(i, i, fine.diagonal[i]);
    for (std::size_t e = fine.first[i]; e < fine.first[i + 1]; ++e)
      add(i, at(fine.column[e]), fine.weight[e]);
  }

  const auto number = numbered(cells, [&](std::size_t i) { return stencil[i][4] > 0; });
  for (std::size_t i = 0; i < cells; ++i) {
    if (number[i] < 0) continue;
    for (int k = 0; k < 9; ++k) {
      if (k == 4 || stencil[i][at(k)] == 0) continue;
      coarse.column.push_back(
          number[at(static_cast<std::int64_t>(i) + (k / 3 - 1) * coarse.width + k % 3 - 1)]);
      coarse.weight.push_back(stencil[i][at(k)]);
    }
    coarse.cell.push_back(static_cast<int>(i));
    coarse.diagonal.push_back(stencil[i][4]);
    coarse.first.push_back(coarse.column.size());
  }
  for (auto& parents : fine.parent)
    for (int& p : parents) p = std::max(0, number[at(p)]);  // below 0 only where the share is 0
  return coarse;
}

// Row i of b − A x without its diagonal.
Lanes rest_of_row(const Level& level, const Vector& b, const Vector& x, std::size_t i) {
  Lanes sum = b[i];
  for (std::size_t e = level.first[i]; e < level.first[i + 1]; ++e) {
    const double w = level.weight[e];
    const Lanes& other = x[at(level.column[e])];
    for (std::size_t l = 0; l < kLanes; ++l) sum[l] -= w * other[l];
  }
  return sum;
}

void relax_row(const Level& level, const Vector& b, Vector& x, std::size_t i) {
  const Lanes sum = rest_of_row(level, b, x, i);
  const double inverse = 1 / level.diagonal[i];
  for (std::size_t l = 0; l < kLanes; ++l) x[i][l] = sum[l] * inverse;
}
void sweep_down(const Level& level, const Vector& b, Vector& x) {
  for (std::size_t i = 0; i < level.size(); ++i) relax_row(level, b, x, i);
}
void sweep_up(const Level& level, const Vector& b, Vector& x) {
  for (std::size_t i = level.size(); i-- > 0;) relax_row(level, b, x, i);
}

Lanes residual_row(const Level& level, const Vector& b, const Vector& x, std::size_t i) {
  Lanes sum = rest_of_row(level, b, x, i);
  for (std::size_t l = 0; l < kLanes; ++l) sum[l] -= level.diagonal[i] * x[i][l];
  return sum;
}

// Row i of A x.
Lanes product_row(const Level& level, const Vector& x, std::size_t i) {
  Lanes sum;
  for (std::size_t l = 0; l < kLanes; ++l) sum[l] = level.diagonal[i] * x[i][l];
  for (std::size_t e = level.first[i]; e < level.first[i + 1]; ++e)
    for (std::size_t l = 0; l < kLanes; ++l) sum[l] += level.weight[e] * x[at(level.column[e])][l];
  return sum;
}

class Multigrid {
 public:
  explicit Multigrid(Level finest) {
    levels_.push_back(std::move(finest));
    while (levels_.back().size() > kCoarsest) {
      Level next = coarser(levels_.back());
      levels_.push_back(std::move(next));
    }
    for (const Level& level : levels_) {
      b_.emplace_back(level.size());
      x_.emplace_back(level.size());
    }
  }

  const Level& finest() const { return levels_.front(); }

  // An approximate solution of A x = b by one V-cycle; linear and symmetric in b.
  const Vector& cycle(const Vector& b) {
    b_[0] = b;
    descend(0);
    return x_[0];
  }

 private:
  void descend(std::size_t k) {
    const Level& level = levels_[k];
    const Vector& b = b_[k];
    Vector& x = x_[k];
    std::fill(x.begin(), x.end(), Lanes{});
    if (k + 1 == levels_.size()) {
      for (int s = 0; s < kCoarsestSweeps; ++s) {
        sweep_down(level, b, x);
        sweep_up(level, b, x);
      }
      return;
    }
    sweep_down(level, b, x);
    Vector& coarse = b_[k + 1];
    std::fill(coarse.begin(), coarse.end(), Lanes{});
    for (std::size_t i = 0; i < level.size(); ++i) {
      const Lanes r = residual_row(level, b, x, i);
      for (std::size_t p = 0; p < 4; ++p)
        for (std::size_t l = 0; l < kLanes; ++l)
          coarse[at(level.parent[i][p])][l] += level.share[i][p] * r[l];
    }
    descend(k + 1);
    const Vector& correction = x_[k + 1];
    for (std::size_t i = 0; i < level.size(); ++i)
      for (std::size_t p = 0; p < 4; ++p)
        for (std::size_t l = 0; l < kLanes; ++l)
          x[i][l] += level.share[i][p] * correction[at(level.parent[i][p])][l];
    sweep_up(level, b, x);
  }

  std::vector<Level> levels_;
  std::vector<Vector> b_, x_;  // of each level
};

Lanes product(const Vector& a, const Vector& b) {
  Lanes sum{};
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t l = 0; l < kLanes; ++l) sum[l] += a[i][l] * b[i][l];
  return sum;
}

double largest_ratio(const Lanes& squares, const Lanes& of) {
  double largest = 0;
  for (std::size_t l = 0; l < kLanes; ++l)
    if (of[l] > 0) largest = std::max(largest, std::sqrt(squares[l] / of[l]));
  return largest;
}

struct Solution {
  Vector x;
  InpaintReport report;
};

Solution solve(Multigrid& multigrid, const Vector& b, double tolerance) {
  const Level& level = multigrid.finest();
  Solution solution{Vector(b.size()), {}};
  Vector r = b, p(b.size()), q(b.size());
  const Lanes start = product(b, b);
  Lanes previous{};
  InpaintReport& report = solution.report;
  report.residual = largest_ratio(start, start);
  while (report.residual > tolerance && report.iterations < kMostIterations) {
    const Vector& z = multigrid.cycle(r);
    const Lanes rz = product(r, z);
    for (std::size_t i = 0; i < p.size(); ++i)
      for (std::size_t l = 0; l < kLanes; ++l)
        p[i][l] = z[i][l] + (previous[l] > 0 ? rz[l] / previous[l] : 0) * p[i][l];
    for (std::size_t i = 0; i < p.size(); ++i) q[i] = product_row(level, p, i);
    const Lanes pq = product(p, q);
    for (std::size_t i = 0; i < p.size(); ++i)
      for (std::size_t l = 0; l < kLanes; ++l) {
        const double step = pq[l] > 0 ? rz[l] / pq[l] : 0;
        solution.x[i][l] += step * p[i][l];
        r[i][l] -= step * q[i][l];
      }
    previous = rz;
    ++report.iterations;
    report.residual = largest_ratio(product(r, r), start);
  }
  // What the recurrence promises is checked.
  for (std::size_t i = 0; i < r.size(); ++i) r[i] = residual_row(level, b, solution.x, i);
  report.residual = largest_ratio(product(r, r), start);
  return solution;
}

// The known pixels of up to kLanes channels.
struct Known {
  Lanes mean{}, largest{};
};

Known known_of(std::span<const float> planes, std::size_t lanes, std::size_t pixels,
               std::span<const std::uint8_t> missing) {
  Known known;
  for (std::size_t l = 0; l < lanes; ++l) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < pixels; ++i) {
      if (missing[i] != 0) continue;
      const double value = planes[l * pixels + i];
      if (!std::isfinite(value))
        throw InputError("", "a pixel that others are to be filled in from is not a finite number");
      sum += value;
      ++count;
      known.largest[l] = std::max(known.largest[l], std::abs(value));
    }
    known.mean[l] = sum / static_cast<double>(count);
  }
  return known;
}

// What the known neighbours add to each missing pixel, as deviations from the channel's mean, so
// that 0 is the solution of a channel of one colour. Nothing but rounding becomes 0.
Vector right_hand_side(const Level& level, std::span<const float> planes, std::size_t lanes,
                       std::span<const std::uint8_t> missing, const Known& known) {
  constexpr double kRounding = 1e-13;
  const std::size_t pixels = missing.size();
  Vector b(level.size());
  for (std::size_t i = 0; i < b.size(); ++i)
    for_neighbours(level.cell[i] / level.width, level.cell[i] % level.width, level.height,
                   level.width, [&](int v, int u, double w) {
                     const std::size_t pixel = at(v) * at(level.width) + at(u);
                     if (missing[pixel] != 0) return;
                     for (std::size_t l = 0; l < lanes; ++l)
                       b[i][l] += w * (planes[l * pixels + pixel] - known.mean[l]);
                   });
  for (auto& row : b)
    for (std::size_t l = 0; l < lanes; ++l)
      if (std::abs(row[l]) <= kRounding * known.largest[l]) row[l] = 0;
  return b;
}

}  // namespace

InpaintReport inpaint(std::span<float> planes, int channels, int height, int width,
                      std::span<const std::uint8_t> missing, double tolerance) {
  const std::size_t pixels = at(height) * at(width);
  if (channels < 1 || height < 1 || width < 1 || planes.size() != at(channels) * pixels ||
      missing.size() != pixels)
    throw BugError("inpaint: planes and mask are not of the sizes given");
  if (!(tolerance >= 1e-10 && tolerance < 1)) throw BugError("inpaint: no such tolerance");
  const auto holes = static_cast<std::size_t>(
      std::count_if(missing.begin(), missing.end(), [](std::uint8_t m) { return m != 0; }));
  if (holes == 0) return {};
  if (holes == pixels)
    throw InputError("", "every pixel of the picture is missing: there is nothing to fill in from");
  if (pixels > memory_budget() / kBytesPerPixel)
    throw InputError("", "filling in a picture of " + std::to_string(pixels) +
                             " pixels takes up to " + std::to_string(pixels * kBytesPerPixel) +
                             " bytes, more than the memory budget of " +
                             std::to_string(memory_budget()) + " (--max-memory)");

  Multigrid multigrid(finest_level(height, width, missing));
  const Level& level = multigrid.finest();
  InpaintReport report;
  for (std::size_t c = 0; c < at(channels); c += kLanes) {
    const std::size_t lanes = std::min<std::size_t>(kLanes, at(channels) - c);
    const auto group = planes.subspan(c * pixels, lanes * pixels);
    const Known known = known_of(group, lanes, pixels, missing);
    const Solution solution =
        solve(multigrid, right_hand_side(level, group, lanes, missing, known), tolerance);
    // Twice: what the recurrence calls the residual is off by rounding.
    if (!(solution.report.residual <= 2 * tolerance))
      throw BugError("inpaint: no convergence, residual " +
                     std::to_string(solution.report.residual));
    for (std::size_t i = 0; i < level.size(); ++i)
      for (std::size_t l = 0; l < lanes; ++l)
        group[l * pixels + at(level.cell[i])] =
            static_cast<float>(known.mean[l] + solution.x[i][l]);
    report.iterations = std::max(report.iterations, solution.report.iterations);
    report.residual = std::max(report.residual, solution.report.residual);
  }
  return report;
}

}  // namespace assay::imaging
