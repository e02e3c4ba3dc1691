// The factors of a check with their distributions in the field, as a plan names them, and designs over them.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "assay/imaging/scene/scene.h"
#include "assay/stats/sampling/copula.h"
#include "assay/stats/sampling/design.h"
#include "assay/stats/sampling/distribution.h"

namespace assay::checks {

class FactorSpace {
 public:
  // `factors`: "name=distribution; …" (base/field.h). `border`: fill, reflect or crop. `correlations`: "name*name=number; …" of
  // the underlying normals of a Gaussian copula, or empty. InputError names what is no factor (and the nearest), no
  // distribution, reaches beyond the factor's range, or is no correlation that can be.
  FactorSpace(const std::string& factors, const std::string& border, double fill,
              std::uint64_t seed, const std::string& where, const std::string& correlations = "");

  std::size_t size() const { return distributions_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  const imaging::Factor& factor(std::size_t i) const { return *scene_.factors()[i]; }
  const std::vector<stats::Distribution>& distributions() const { return distributions_; }
  const imaging::Scene& scene() const { return scene_; }
  bool is_random() const;  // some factor draws
  const stats::GaussianCopula& copula() const { return copula_; }

  // Points of the unit cube to θ, [points][factors], by the copula and the distributions' quantiles.
  Eigen::MatrixXd theta(const Eigen::MatrixXd& unit) const;
  std::vector<double> nominal() const;

 private:
  std::vector<std::string> names_;
  std::vector<stats::Distribution> distributions_;
  imaging::Scene scene_;
  stats::GaussianCopula copula_;
};

}  // namespace assay::checks
