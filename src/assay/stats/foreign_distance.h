// How far a feature vector lies from those that are known: two scores of what is foreign.
//
//   mahalanobis   the least squared distance to a class's mean in the covariance that all classes share, shrunk to a multiple of the
//                 identity as Ledoit and Wolf say (lee2018, ledoit2004): features may outnumber vectors
//   nearest       the Euclidean distance to the k-th nearest known vector, all scaled to length 1 (sun2022)
// Cost: C³ once, C² and n · C a vector. Memory: C² and n · C numbers.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <span>
#include <vector>

namespace assay::stats {

class KnownFeatures {
 public:
  // `features` [n][C], n at least 2; `labels` [n] from 0.
  KnownFeatures(const std::vector<std::vector<float>>& features, std::span<const int> labels);

  double mahalanobis(std::span<const float> features) const;
  double nearest(std::span<const float> features, int k) const;
  double shrinkage() const { return shrinkage_; }  // 0: none, 1: all

 private:
  Eigen::MatrixXd unit_, means_;  // [C][n] of length 1; [C][classes]
  Eigen::LLT<Eigen::MatrixXd> covariance_;
  double shrinkage_ = 0;
};

}  // namespace assay::stats
