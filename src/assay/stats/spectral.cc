#include "assay/stats/spectral.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::stats {

namespace {

using Matrix = Eigen::MatrixXd;

// A part that a walk among neighbours leaves within some 50 steps is no part.
constexpr double kLeast = 0.02;

// 1 where one is among the other's nearest.
Matrix neighbourhood(const Matrix& points, int neighbours) {
  const Eigen::Index n = points.rows();
  const Eigen::VectorXd squares = points.rowwise().squaredNorm();
  Matrix distances = -2 * points * points.transpose();
  distances.colwise() += squares;
  distances.rowwise() += squares.transpose();
  Matrix joined = Matrix::Zero(n, n);
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  for (Eigen::Index i = 0; i < n; ++i) {
    std::iota(order.begin(), order.end(), 0);
    std::erase(order, i);
    const auto nearer = [&](Eigen::Index a, Eigen::Index b) {
      return distances(i, a) != distances(i, b) ? distances(i, a) < distances(i, b) : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + neighbours, order.end(), nearer);
    for (int k = 0; k < neighbours; ++k)
      joined(i, order[static_cast<std::size_t>(k)]) =
          joined(order[static_cast<std::size_t>(k)], i) = 1;
    order.resize(static_cast<std::size_t>(n));
  }
  return joined;
}

struct Grouping {
  std::vector<int> of_row;
  double spread = std::numeric_limits<double>::infinity();
};

Grouping k_means(const Matrix& rows, int count, Stream& stream) {
  const Eigen::Index n = rows.rows();
  Matrix centres(count, rows.cols());
  Eigen::VectorXd nearest = Eigen::VectorXd::Constant(n, 1);
  // Each start far from those before it, by lot.
  for (int c = 0; c < count; ++c) {
    double at = stream.uniform() * nearest.sum();
    Eigen::Index chosen = 0;
    while (chosen + 1 < n && (at -= nearest(chosen)) >= 0) ++chosen;
    centres.row(c) = rows.row(chosen);
    const Eigen::VectorXd far = (rows.rowwise() - centres.row(c)).rowwise().squaredNorm();
    nearest = c == 0 ? far : nearest.cwiseMin(far);
  }
  Grouping found;
  found.of_row.assign(static_cast<std::size_t>(n), -1);
  for (int step = 0; step < 100; ++step) {
    bool changed = false;
    double spread = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      Eigen::Index best = 0;
      spread += (centres.rowwise() - rows.row(i)).rowwise().squaredNorm().minCoeff(&best);
      int& own = found.of_row[static_cast<std::size_t>(i)];
      changed |= own != static_cast<int>(best);
      own = static_cast<int>(best);
    }
    found.spread = spread;
    if (!changed) break;
    for (int c = 0; c < count; ++c) {
      Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(rows.cols());
      int members = 0;
      for (Eigen::Index i = 0; i < n; ++i)
        if (found.of_row[static_cast<std::size_t>(i)] == c) {
          sum += rows.row(i);
          ++members;
        }
      if (members > 0) centres.row(c) = sum / members;
    }
  }
  return found;
}

// Numbered by size, and those of equal size by their first point; empty ones left out.
void renumber(SpectralClusters& clusters, int count) {
  std::vector<int> size(static_cast<std::size_t>(count), 0), first(size), order(size);
  for (std::size_t i = clusters.of_point.size(); i-- > 0;) {
    const auto c = static_cast<std::size_t>(clusters.of_point[i]);
    ++size[c];
    first[c] = static_cast<int>(i);
  }
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const auto x = static_cast<std::size_t>(a), y = static_cast<std::size_t>(b);
    return size[x] != size[y] ? size[x] > size[y] : first[x] < first[y];
  });
  std::vector<int> place(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    place[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = i;
  for (int& c : clusters.of_point) c = place[static_cast<std::size_t>(c)];
  clusters.count =
      static_cast<int>(std::count_if(size.begin(), size.end(), [](int s) { return s > 0; }));
}

}  // namespace

SpectralClusters spectral_clusters(std::span<const double> points, std::size_t dimensions,
                                   const SpectralOptions& options) {
  if (dimensions == 0 || points.size() % dimensions != 0)
    throw BugError("points of equal dimensions were promised");
  const auto n = static_cast<Eigen::Index>(points.size() / dimensions);
  SpectralClusters found;
  found.of_point.assign(static_cast<std::size_t>(n), 0);
  found.count = n > 0;
  if (n < 3) return found;
  const Matrix rows =
      Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
          points.data(), n, static_cast<Eigen::Index>(dimensions));
  const int by_size = static_cast<int>(std::ceil(std::log2(static_cast<double>(n)))) + 1;
  const int neighbours =
      std::clamp(options.neighbours > 0 ? options.neighbours : by_size, 1, static_cast<int>(n) - 1);
  const Matrix joined = neighbourhood(rows, neighbours);
  const Eigen::VectorXd root = joined.rowwise().sum().cwiseSqrt().cwiseInverse();
  const Matrix laplacian =
      Matrix::Identity(n, n) - Matrix(root.asDiagonal() * joined * root.asDiagonal());
  const Eigen::SelfAdjointEigenSolver<Matrix> solved(laplacian);
  const int most = std::clamp(options.most, 1, static_cast<int>(n) - 1);
  for (int i = 0; i <= most; ++i) found.eigenvalues.push_back(solved.eigenvalues()(i));
  int count = 1;
  for (int k = 2; k <= most; ++k) {
    const auto step = [&](int c) {
      const auto i = static_cast<std::size_t>(c);
      return std::log((std::max(0.0, found.eigenvalues[i]) + kLeast) /
                      (std::max(0.0, found.eigenvalues[i - 1]) + kLeast));
    };
    if (step(k) > step(count)) count = k;
  }
  if (count == 1) return found;
  Matrix embedded = solved.eigenvectors().leftCols(count);
  for (Eigen::Index i = 0; i < n; ++i)
    if (const double length = embedded.row(i).norm(); length > 0) embedded.row(i) /= length;
  Grouping best;
  for (std::uint64_t start = 0; start < 10; ++start) {
    Stream stream(options.seed, options.purpose, start);
    Grouping grouping = k_means(embedded, count, stream);
    if (grouping.spread < best.spread) best = std::move(grouping);
  }
  found.of_point = std::move(best.of_row);
  renumber(found, count);
  return found;
}

}  // namespace assay::stats
