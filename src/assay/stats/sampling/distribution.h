// The distribution of one factor in the field, as a person writes it:
//
//   uniform(low, high)                        normal(mean, sd)
//   truncated_normal(mean, sd, low, high)     beta(a, b, low, high)
//   log_normal(mean_of_log, sd_of_log[, shift])   gamma(shape, scale[, shift])
//   triangular(low, mode, high)               discrete(value, …) or discrete(value: weight, …)
//   constant(value)
//
// and the measured values themselves (`empirical`), each as likely as another.
// mean and sd of a normal are those before truncation. Densities, distribution functions and
// quantiles are OpenTURNS'; a draw is the quantile of a uniform number.
// When it lies: quantiles of a distribution without end at 0 and 1 are cut at probability 1e-14.
// Cost: a quantile of beta or gamma about 2 µs, of the others far less.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::stats {

enum class DistributionKind {
  kUniform,
  kNormal,
  kTruncatedNormal,
  kBeta,
  kLogNormal,
  kGamma,
  kTriangular,
  kDiscrete,
};

class Distribution {
 public:
  // `where` is what a person must open, for messages. InputError says which form it takes.
  static Distribution parse(std::string_view text, const std::string& where = "");
  // Of measured values, finite, at least one; `name` is what text() says.
  static Distribution empirical(std::vector<double> values, const std::string& name);

  DistributionKind kind() const { return kind_; }
  const std::string& text() const { return text_; }
  // As written, in the order above; empty for discrete ones.
  const std::vector<double>& parameters() const { return parameters_; }
  // Ascending, with probabilities that sum to 1; empty for continuous ones.
  const std::vector<double>& atoms() const { return atoms_; }
  const std::vector<double>& weights() const { return weights_; }
  bool is_constant() const { return atoms_.size() == 1; }

  double low() const;  // the support's ends, perhaps infinite
  double high() const;
  double mean() const;
  double standard_deviation() const;
  double density(double x) const;  // of continuous ones
  double cdf(double x) const;
  double quantile(double probability) const;  // of [0, 1]

 private:
  struct Law;  // OpenTURNS' own
  Distribution() = default;

  DistributionKind kind_ = DistributionKind::kUniform;
  std::string text_;
  std::vector<double> parameters_, atoms_, weights_;
  std::shared_ptr<const Law> law_;  // absent for discrete ones
};

// The names above, for messages and help.
const std::vector<std::string>& distribution_forms();

}  // namespace assay::stats
