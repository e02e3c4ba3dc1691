#include "assay/stats/foreign_distance.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

Eigen::VectorXd vector_of(std::span<const float> features) {
  Eigen::VectorXd v(static_cast<Eigen::Index>(features.size()));
  for (Eigen::Index i = 0; i < v.size(); ++i)
    v(i) = static_cast<double>(features[static_cast<std::size_t>(i)]);
  return v;
}

Eigen::VectorXd of_length_one(const Eigen::VectorXd& v) {
  const double length = v.norm();
  return length > 0 ? Eigen::VectorXd(v / length) : v;
}

}  // namespace

KnownFeatures::KnownFeatures(const std::vector<std::vector<float>>& features,
                             std::span<const int> labels) {
  if (features.size() < 2 || features.size() != labels.size())
    throw BugError("known features want two vectors, each with a label");
  const auto n = static_cast<Eigen::Index>(features.size()),
             c = static_cast<Eigen::Index>(features[0].size());
  std::map<int, Eigen::Index> place;
  for (const int label : labels) place.try_emplace(label, static_cast<Eigen::Index>(place.size()));
  means_ = Eigen::MatrixXd::Zero(c, static_cast<Eigen::Index>(place.size()));
  unit_.resize(c, n);
  std::vector<double> counts(place.size(), 0);
  Eigen::MatrixXd centred(c, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    centred.col(i) = vector_of(features[static_cast<std::size_t>(i)]);
    unit_.col(i) = of_length_one(centred.col(i));
    const Eigen::Index k = place.at(labels[static_cast<std::size_t>(i)]);
    means_.col(k) += centred.col(i);
    ++counts[static_cast<std::size_t>(k)];
  }
  for (Eigen::Index k = 0; k < means_.cols(); ++k)
    means_.col(k) /= counts[static_cast<std::size_t>(k)];
  for (Eigen::Index i = 0; i < n; ++i)
    centred.col(i) -= means_.col(place.at(labels[static_cast<std::size_t>(i)]));

  const auto rows = static_cast<double>(n), size = static_cast<double>(c);
  Eigen::MatrixXd s = centred * centred.transpose() / rows;
  const double level = s.trace() / size;
  Eigen::MatrixXd away = s;
  away.diagonal().array() -= level;
  const double d2 = away.squaredNorm();
  double fourth = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double q = centred.col(i).squaredNorm();
    fourth += q * q;
  }
  const double b2 = std::max(0.0, (fourth / rows - s.squaredNorm()) / rows);
  shrinkage_ = d2 > 0 ? std::min(1.0, b2 / d2) : 1;
  s *= 1 - shrinkage_;
  // What no vector varies in still has a scale.
  s.diagonal().array() += shrinkage_ * level + 1e-9 * std::max(level, 1e-30);
  covariance_.compute(s);
}

double KnownFeatures::mahalanobis(std::span<const float> features) const {
  const Eigen::VectorXd v = vector_of(features);
  double least = INFINITY;
  for (Eigen::Index k = 0; k < means_.cols(); ++k) {
    const Eigen::VectorXd delta = v - means_.col(k);
    least = std::min(least, delta.dot(covariance_.solve(delta)));
  }
  return least;
}

double KnownFeatures::nearest(std::span<const float> features, int k) const {
  const Eigen::VectorXd v = of_length_one(vector_of(features));
  std::vector<double> distances;
  for (Eigen::Index i = 0; i < unit_.cols(); ++i) distances.push_back((v - unit_.col(i)).norm());
  const auto at = std::min(static_cast<std::size_t>(std::max(1, k)), distances.size()) - 1;
  std::nth_element(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(at),
                   distances.end());
  return distances[at];
}

}  // namespace assay::stats
