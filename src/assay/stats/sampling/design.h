// Designs of experiments on the unit cube: where a model of few factors is to be asked.
//
// Every point of a scrambled Sobol' design and of a Latin hypercube is uniform on the cube, so means over them
// are unbiased; together they fill it more evenly than independent draws do.
//
//   independent           draws that know nothing of each other: whatever is estimated from them has the error that is
//                         told of it; more may be added
//   scrambled_sobol       Sobol' points with nested uniform (Owen) scrambling by hashing; any n, best
//                         at powers of two
//   latin_hypercube       one point in each of n slices of every axis, at a place of its own in the slice
//   optimised_hypercube   the same, with slices exchanged by the enhanced stochastic evolutionary
//                         algorithm until phi_p = (sum over pairs of distance^-p)^(1/p) falls no more:
//                         for large p, the smallest distance grows (maximin)
//   d_optimal_subset      of candidate rows psi, those that span the largest volume: pivoted QR of
//                         psi', again on the rest until there are enough (Fekete points)
//
// Counter-based: a function of (seed, purpose). Cost: sobol and hypercube O(n d); optimised about
// 100 n exchanges of O(n); the subset 2 N P^2 for N candidates.
// Source: sobol1967, burley2020owen, mckay1979, jin2005ese, sommariva2009.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::stats {

struct Draws {
  std::uint64_t seed = 0;
  std::string_view purpose;  // two purposes share no draw
};

// All [points][factors]; at most 1,000 factors.
Eigen::MatrixXd independent(Eigen::Index points, Eigen::Index factors, const Draws& draws);
Eigen::MatrixXd scrambled_sobol(Eigen::Index points, Eigen::Index factors, const Draws& draws);
Eigen::MatrixXd latin_hypercube(Eigen::Index points, Eigen::Index factors, const Draws& draws);
Eigen::MatrixXd optimised_hypercube(Eigen::Index points, Eigen::Index factors, const Draws& draws);

// The criterion that optimised_hypercube makes small, p = 20; distances are Euclidean.
double phi_p(const Eigen::MatrixXd& design);

// Rows of psi [candidates][terms], at most as many as there are; in order of choice.
std::vector<Eigen::Index> d_optimal_subset(const Eigen::MatrixXd& psi, Eigen::Index count);

}  // namespace assay::stats
