#include "assay/checks/sensitivity/factor_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/scene/shifted_picture.h"
#include "assay/stats/special.h"

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

stats::GaussianCopula copula_of(const std::string& text, const std::vector<std::string>& names,
                                const std::string& where) {
  const auto count = static_cast<Eigen::Index>(names.size());
  if (text.empty()) return stats::GaussianCopula(count);
  constexpr Eigen::Index kMost = 12;  // Shapley effects ask every subset
  if (count > kMost)
    throw InputError(
        where, fmt::format("at most {} factors may be correlated; there are {}", kMost, count));
  Eigen::MatrixXd correlation = Eigen::MatrixXd::Identity(count, count);
  for (const auto& [pair, number] : entries_of(text, where)) {
    const std::size_t star = pair.find('*');
    const auto place = [&](const std::string& name) {
      const auto at = std::find(names.begin(), names.end(), name);
      if (star == std::string::npos || at == names.end())
        throw InputError(where, "got \"" + pair + "\", wanted FACTOR*FACTOR of the factors named" +
                                    (nearest(name, names).empty()
                                         ? ""
                                         : ", did you mean \"" + nearest(name, names) + "\"?"));
      return at - names.begin();
    };
    const auto a = place(pair.substr(0, star)),
               b = place(star == std::string::npos ? "" : pair.substr(star + 1));
    double value = 2;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || end != number.data() + number.size() || !(std::abs(value) < 1) ||
        a == b)
      throw InputError(where, pair + ": got \"" + number +
                                  "\", wanted a correlation between -1 and 1 of two factors");
    correlation(a, b) = correlation(b, a) = value;
  }
  return {correlation, where};
}

}  // namespace

FactorSpace::FactorSpace(const std::string& factors, const std::string& border, double fill,
                         std::uint64_t seed, const std::string& where,
                         const std::string& correlations)
    : names_(names_of(entries_of(factors, where))),
      scene_(names_, options_of(border, fill, seed), where),
      copula_(copula_of(correlations, names_, where)) {
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
  if (copula_.is_independent()) {
    for (Eigen::Index f = 0; f < unit.cols(); ++f)
      for (Eigen::Index i = 0; i < unit.rows(); ++i)
        values(i, f) = distributions_[static_cast<std::size_t>(f)].quantile(unit(i, f));
  } else {
    const Eigen::MatrixXd normals = unit.unaryExpr(
        [](double u) { return stats::quantile(stats::Normal{}, std::clamp(u, 1e-14, 1 - 1e-14)); });
    values = stats::values_of(copula_.correlated(normals), distributions_);
  }
  for (Eigen::Index f = 0; f < unit.cols(); ++f) {
    const auto at = static_cast<std::size_t>(f);
    values.col(f) = values.col(f).cwiseMax(factor(at).low).cwiseMin(factor(at).high);
  }
  return values;
}

std::vector<double> FactorSpace::nominal() const {
  std::vector<double> values;
  for (const imaging::Factor* f : scene_.factors()) values.push_back(f->nominal);
  return values;
}

}  // namespace assay::checks
