// Clusters of points by the eigenvectors of their neighbourhood graph, as many as the eigenvalues say.
//
// Each point is joined with its `neighbours` nearest (and with whoever counts it among theirs); of the
// graph's normalised Laplacian, 1 − D^-½ A D^-½, the K smallest eigenvalues are near 0 where it nearly
// falls into K parts. K, at most `most`, is where the next eigenvalue is the most times larger, 0.02
// added to both (the eigengap, in steps of the logarithm, for the gaps of a sparse graph grow with
// the eigenvalues); points are then grouped by k-means on their rows of the K eigenvectors, each of
// length 1.
// When it lies: there is always a largest step: K = 1 says "no parts", a larger K need not be a fact
// of nature. Long thin shapes fall into pieces where the neighbours are few. Distances between points of many dimensions say little.
// Cost: n² distances and an eigen-decomposition, about a second for 1,000 points.
// Source: luxburg2007, ng2001 (k-means on rows of length 1), arthur2007 (its starts).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace assay::stats {

struct SpectralOptions {
  int neighbours = 0;  // 0: log2 of the number of points, rounded up, plus 1
  int most = 8;        // clusters
  std::uint64_t seed = 0;
  std::string_view purpose;  // names the question: two purposes share no draw
};

struct SpectralClusters {
  std::vector<int> of_point;  // 0, 1, … by size, the largest first
  int count = 0;
  std::vector<double> eigenvalues;  // the smallest, ascending; at most `most` + 1
};

// Points [n][d], row-major, finite. Fewer than 3 points are one cluster.
SpectralClusters spectral_clusters(std::span<const double> points, std::size_t dimensions,
                                   const SpectralOptions& options);

}  // namespace assay::stats
