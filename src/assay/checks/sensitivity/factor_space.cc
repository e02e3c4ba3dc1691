#include "assay/checks/sensitivity/factor_space.h"

#include <fmt/format.h>

#include <algorithm>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/scene/shifted_picture.h"

namespace assay::checks {

namespace {

// A draw beyond the range once in this many is let pass, and cut.
constexpr double kBeyond = 1e-9;

imaging::SceneOptions options_of(const std::string& border, double fill, std::uint64_t seed) {
  return {imaging::border_named(border), fill, seed};
}

std::vector<std::string> names_of(const EntryList& entries) {
  std::vector<std::string> names;
  for (const auto& [name, _] : entries) names.push_back(name);
  return names;
}

void check_range(const imaging::Factor& factor, const stats::Distribution& d,
                 const std::string& where) {
  const bool below = d.low() < factor.low && d.cdf(factor.low) > kBeyond,
             above = d.high() > factor.high && 1 - d.cdf(factor.high) > kBeyond;
  if (!below && !above) return;
  std::string hint;
  if (d.kind() == stats::DistributionKind::kNormal)
    hint = fmt::format("; truncated_normal({}, {}, {}, {}) does not", d.parameters()[0],
                       d.parameters()[1], factor.low, factor.high);
  throw InputError(
      where, fmt::format("{}: {} reaches beyond {} to {}{}{}{}", factor.name, d.text(), factor.low,
                         factor.high, factor.unit.empty() ? "" : " ", factor.unit, hint));
}

}  // namespace

FactorSpace::FactorSpace(const std::string& factors, const std::string& border, double fill,
                         std::uint64_t seed, const std::string& where)
    : names_(names_of(entries_of(factors, where))),
      scene_(names_, options_of(border, fill, seed), where) {
  if (names_.empty())
    throw InputError(
        where, "no factor is named; wanted NAME: \"uniform(LOW, HIGH)\" or another distribution");
  const EntryList entries = entries_of(factors, where);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    distributions_.push_back(
        stats::Distribution::parse(entries[i].second, where + "." + names_[i]));
    check_range(factor(i), distributions_.back(), where);
  }
}

bool FactorSpace::is_random() const {
  return std::any_of(scene_.factors().begin(), scene_.factors().end(),
                     [](const imaging::Factor* f) { return f->random; });
}

Eigen::MatrixXd FactorSpace::theta(const Eigen::MatrixXd& unit) const {
  Eigen::MatrixXd values(unit.rows(), unit.cols());
  for (Eigen::Index f = 0; f < unit.cols(); ++f) {
    const auto at = static_cast<std::size_t>(f);
    for (Eigen::Index i = 0; i < unit.rows(); ++i)
      values(i, f) =
          std::clamp(distributions_[at].quantile(unit(i, f)), factor(at).low, factor(at).high);
  }
  return values;
}

std::vector<double> FactorSpace::nominal() const {
  std::vector<double> values;
  for (const imaging::Factor* f : scene_.factors()) values.push_back(f->nominal);
  return values;
}

}  // namespace assay::checks
