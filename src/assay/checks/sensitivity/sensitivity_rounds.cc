#include "assay/checks/sensitivity/sensitivity_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/base/error.h"
#include "assay/checks/drawn_rows.h"
#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"
#include "assay/stats/special.h"

namespace assay::checks {

namespace {

using Params = Sensitivity::Params;
using Record = Sensitivity::Record;
using Round = Sensitivity::Round;
using Eigen::VectorXd;

constexpr const char* kWhere = "checks.sensitivity.factors";
constexpr std::size_t kJudges =
    12;  // pictures whose surrogates decide whether there are enough points
constexpr Eigen::Index kGradient = 4;  // calls that a point with derivatives costs, about
constexpr std::size_t kConfirmed = 8;  // pictures at least that pick-freeze looks at

// By how much the judges' surrogates explain what they have not seen.
double pooled_q2(const Params& params, const FactorSpace& space, std::uint64_t seed,
                 std::span<const Record> records, bool with_second) {
  std::vector<const Record*> first;
  for (const Record& r : records)
    if (r.round == Round::kFirst && r.finite) first.push_back(&r);
  if (first.empty()) return 1;
  Eigen::MatrixXd x = design_of(params, space, seed);
  if (!with_second) x = x.topRows(shares_of(params, space.size(), space.is_random()).first).eval();
  stats::SurrogateFitter fitter(space.distributions(), x, surrogate_options(params),
                                {seed, "sensitivity"});
  const Shares shares = shares_of(params, space.size(), space.is_random());
  std::map<std::int64_t, const Record*> second;
  for (const Record& r : records)
    if (r.round == Round::kSecond) second[r.row] = &r;
  double residual = 0, variance = 0;
  for (const std::int64_t k : drawn_rows(first.size(), kJudges, seed, "sensitivity/judges")) {
    const Record& r = *first[static_cast<std::size_t>(k)];
    const auto more = second.find(r.row);
    if (with_second && more == second.end()) continue;
    const MarginsOver margins =
        margins_over(r, with_second ? more->second : nullptr, shares, space.size());
    if (!margins.y.allFinite()) continue;
    const stats::Surrogate s = fit_margins(fitter, margins);
    residual += s.residuals.squaredNorm() / static_cast<double>(margins.y.size());
    variance += s.variance;
  }
  return variance > 0 ? 1 - residual / variance : 1;
}

void refuse_logits_of(int classes) {
  if (classes > Sensitivity::kMostLogits)
    throw InputError("checks.sensitivity.output",
                     fmt::format("the logits of at most {} classes are kept, and there are {}; "
                                 "wanted margin, probability or entropy",
                                 Sensitivity::kMostLogits, classes));
}

void refuse_without_derivatives(const Subject& subject, const Params& params,
                                const FactorSpace& space) {
  const std::string where = "checks.sensitivity.derivatives";
  if (params.output != "margin")
    throw InputError(where, "derivatives are taken of the margin; wanted output: margin");
  if (subject.classifier.reading() != network::Reading::kGraph)
    throw InputError(where, "a model that is read as a black box has none");
  for (std::size_t f = 0; f < space.size(); ++f)
    if (space.factor(f).differentiable) return;
  throw InputError(where, "all factors go in steps: none has a derivative");
}

bool has(std::span<const Record> records, Round round) {
  return std::any_of(records.begin(), records.end(),
                     [&](const Record& r) { return r.round == round; });
}

}  // namespace

Shares shares_of(const Params& params, std::size_t factors, bool random) {
  const Eigen::Index calls = params.calls_per_image, each = params.derivatives ? kGradient : 1,
                     d = static_cast<Eigen::Index>(factors);
  Shares s;
  s.fresh = std::max<Eigen::Index>(1, calls / 10);
  s.first = std::max<Eigen::Index>(20, calls * 55 / 100 / each);
  if (random) {
    s.repeats = std::max<Eigen::Index>(4, s.first / 6);
    s.first = std::max<Eigen::Index>(20, s.first - s.repeats);
  }
  if (params.estimator == "pick_freeze") {
    // The surrogate only draws the report's curves.
    s.first = std::max<Eigen::Index>(20, calls / 20);
    s.repeats = random ? std::max<Eigen::Index>(4, s.first / 6) : 0;
    s.frozen_base = std::max<Eigen::Index>(2, (calls - s.first - s.repeats - s.fresh) / (d + 2));
    return s;
  }
  s.rare = calls * 20 / 100;
  s.second = s.rare / each;
  s.frozen_base = std::max<Eigen::Index>(2, calls * 15 / 100 / (d + 2));
  return s;
}

FactorSpace space_of(const Params& params, std::uint64_t seed) {
  return {params.factors, params.border, params.fill, seed, kWhere, params.correlations};
}

Eigen::MatrixXd design_of(const Params& params, const FactorSpace& space, std::uint64_t seed) {
  const Shares s = shares_of(params, space.size(), space.is_random());
  const Eigen::Index points = s.first + s.second, d = static_cast<Eigen::Index>(space.size());
  const stats::Draws draws{seed, "sensitivity/design"};
  if (params.design == "sobol") return space.theta(stats::scrambled_sobol(points, d, draws));
  if (params.design == "hypercube") {
    // Two, for the first must be one of its own.
    Eigen::MatrixXd both(points, d);
    both << stats::optimised_hypercube(s.first, d, draws),
        stats::optimised_hypercube(std::max<Eigen::Index>(1, s.second), d,
                                   {seed, "sensitivity/second"})
            .topRows(s.second);
    return space.theta(both);
  }
  return space.theta(stats::independent(points, d, draws));
}

Eigen::MatrixXd fresh_of(const Shares& shares, const FactorSpace& space, std::uint64_t seed,
                         std::int64_t row) {
  return space.theta(stats::independent(shares.fresh, static_cast<Eigen::Index>(space.size()),
                                        {seed, fmt::format("sensitivity/fresh/{}", row)}));
}

Eigen::MatrixXd frozen_of(const Shares& shares, const FactorSpace& space, std::uint64_t seed,
                          std::int64_t row) {
  return space.theta(stats::pick_freeze_design(shares.frozen_base,
                                               static_cast<Eigen::Index>(space.size()),
                                               {seed, fmt::format("sensitivity/frozen/{}", row)}));
}

Eigen::MatrixXd pool_of(const FactorSpace& space, std::uint64_t seed, std::int64_t row) {
  return space.theta(stats::independent(kRarePool, static_cast<Eigen::Index>(space.size()),
                                        {seed, fmt::format("sensitivity/pool/{}", row)}));
}

stats::ImportanceSample rare_sample(const stats::SurrogateFitter& fitter,
                                    const stats::Surrogate& margin, const Eigen::MatrixXd& pool,
                                    Eigen::Index count, std::uint64_t seed, std::int64_t row) {
  const VectorXd predicted = fitter.predict(margin, pool);
  const double error =
      std::sqrt(margin.residuals.squaredNorm() / static_cast<double>(margin.residuals.size())) +
      1e-6;
  std::vector<double> guesses;
  for (Eigen::Index i = 0; i < predicted.size(); ++i)
    guesses.push_back(stats::cdf(stats::Normal{}, -predicted(i) / error));
  return stats::importance_sample(guesses, count, {seed, fmt::format("sensitivity/rare/{}", row)});
}

bool has_rare(const Params& params, const Shares& shares, bool second) {
  return params.estimator == "chaos" && !second && shares.rare >= 8;
}

MarginsOver margins_over(const Record& first, const Record* second, const Shares& shares,
                         std::size_t factors) {
  using RowMajor = Eigen::Matrix<float, -1, -1, Eigen::RowMajor>;
  const auto d = static_cast<Eigen::Index>(factors), n = shares.first,
             more = second ? shares.second : 0;
  MarginsOver over;
  over.y.resize(n + more);
  const auto values = [](const Record& r, Eigen::Index count) {
    return Eigen::Map<const Eigen::VectorXf>(r.design.margin.data(), count).cast<double>();
  };
  over.y.head(n) = values(first, n);
  if (second) over.y.tail(more) = values(*second, more);
  if (first.slopes.empty()) return over;
  over.slopes.resize(n + more, d);
  over.slopes.topRows(n) = Eigen::Map<const RowMajor>(first.slopes.data(), n, d).cast<double>();
  if (second)
    over.slopes.bottomRows(more) =
        Eigen::Map<const RowMajor>(second->slopes.data(), more, d).cast<double>();
  return over;
}

stats::Surrogate fit_margins(stats::SurrogateFitter& fitter, const MarginsOver& margins) {
  return margins.slopes.size() > 0 ? fitter.fit(margins.y, margins.slopes) : fitter.fit(margins.y);
}

std::vector<VectorXd> explained(const Record& record, const std::string& output) {
  const Said& said = record.design;
  if (output == "logits") {
    const auto points = static_cast<Eigen::Index>(said.margin.size());
    const Eigen::Index classes = static_cast<Eigen::Index>(record.logits.size()) / points;
    const Eigen::MatrixXd z = Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(
                                  record.logits.data(), points, classes)
                                  .cast<double>();
    std::vector<VectorXd> all;
    for (Eigen::Index k = 0; k < classes; ++k) all.push_back(z.col(k));
    return all;
  }
  const std::vector<float>& values = output == "probability" ? said.probability
                                     : output == "entropy"   ? said.entropy
                                                             : said.margin;
  return {Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()))
              .cast<double>()};
}

stats::SurrogateOptions surrogate_options(const Params& params) {
  stats::SurrogateOptions options;
  options.most_degree = params.most_degree;
  return options;
}

std::vector<Unit> Sensitivity::units(const Subject& subject, const Params& params,
                                     std::span<const Record> so_far) {
  const std::uint64_t seed = subject.facts.seed;
  const FactorSpace space = space_of(params, seed);
  if (params.output == "logits") refuse_logits_of(subject.classifier.classes());
  if (params.derivatives) refuse_without_derivatives(subject, params, space);
  if (params.estimator == "pick_freeze" && !space.copula().is_independent())
    throw InputError("checks.sensitivity.estimator",
                     "pick_freeze exchanges factors one by one, which correlated ones do not "
                     "allow; wanted chaos");
  const auto keyed = [&](const char* prefix, std::span<const std::int64_t> rows) {
    return asked_units(subject, prefix, rows);
  };
  if (so_far.empty()) return keyed("first/", all_rows(subject));
  if (has(so_far, Round::kFrozen) || has(so_far, Round::kRare)) return {};
  std::vector<std::int64_t> usable;
  for (const Record& r : so_far)
    if (r.round == Round::kFirst && r.finite) usable.push_back(r.row);
  if (usable.empty()) return {};
  if (params.estimator == "pick_freeze") return keyed("frozen/", usable);
  const bool second = has(so_far, Round::kSecond);
  const double q2 = pooled_q2(params, space, seed, so_far, second);
  if (q2 < params.least_q2 && !second) return keyed("second/", usable);
  // Pick-freeze exchanges factors one by one, which correlated ones do not allow.
  std::vector<Unit> units;
  if (space.copula().is_independent()) {
    std::vector<std::int64_t> some;
    for (const std::int64_t k : drawn_rows(usable.size(), std::max(kConfirmed, usable.size() / 10),
                                           seed, "sensitivity/confirmed"))
      some.push_back(usable[static_cast<std::size_t>(k)]);
    units = keyed("frozen/", q2 >= params.least_q2 ? some : usable);
  }
  const Shares shares = shares_of(params, space.size(), space.is_random());
  if (!has_rare(params, shares, second)) return units;
  stats::SurrogateFitter fitter(space.distributions(),
                                design_of(params, space, seed).topRows(shares.first),
                                surrogate_options(params), {seed, "sensitivity"});
  for (const Record& r : so_far) {
    if (r.round != Round::kFirst || !r.finite) continue;
    const auto sample =
        rare_sample(fitter, fit_margins(fitter, margins_over(r, nullptr, shares, space.size())),
                    pool_of(space, seed, r.row), shares.rare, seed, r.row);
    std::string places;
    for (const std::int64_t j : sample.asked)
      places += (places.empty() ? "" : ",") + std::to_string(j);
    units.push_back(asked_units(subject, "rare/" + places + "/", {{r.row}}).front());
  }
  return units;
}

Cost Sensitivity::cost(const Params& params, std::string_view unit) {
  const FactorSpace space = space_of(params, 0);
  const Shares s = shares_of(params, space.size(), space.is_random());
  // Each request fills its last micro-batch; a gradient is a pass of its own.
  const auto whole = [](Eigen::Index calls) {
    return static_cast<std::int64_t>((calls + 7) / 8 * 8);
  };
  const auto designed = [&](Eigen::Index points) -> Cost {
    return {whole(points) * (params.derivatives ? 2 : 1), params.derivatives ? whole(points) : 0};
  };
  if (unit.starts_with("first/")) {
    const Cost design = designed(s.first + s.repeats);
    return {design.forwards + whole(s.fresh), design.backwards};
  }
  if (unit.starts_with("second/")) return designed(s.second);
  if (unit.starts_with("rare/")) return {whole(s.rare), 0};
  return {whole(s.frozen_base * static_cast<Eigen::Index>(space.size() + 2)), 0};
}

}  // namespace assay::checks
