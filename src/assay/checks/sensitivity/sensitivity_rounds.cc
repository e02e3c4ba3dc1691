#include "assay/checks/sensitivity/sensitivity_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/checks/drawn_rows.h"
#include "assay/imaging/data_set.h"

namespace assay::checks {

namespace {

using Params = Sensitivity::Params;
using Record = Sensitivity::Record;
using Round = Sensitivity::Round;

constexpr const char* kWhere = "checks.sensitivity.factors";
constexpr std::size_t kJudges =
    12;  // pictures whose surrogates decide whether there are enough points
constexpr std::size_t kConfirmed = 8;  // pictures at least that pick-freeze looks at

// By how much the judges' surrogates explain what they have not seen.
double pooled_q2(const Params& params, const FactorSpace& space, std::uint64_t seed,
                 std::span<const Record> records, bool with_second) {
  std::vector<const Record*> first;
  for (const Record& r : records)
    if (r.round == Round::kFirst && r.status == Sensitivity::Status::kOk) first.push_back(&r);
  if (first.empty()) return 1;
  Eigen::MatrixXd x = design_of(params, space, seed);
  if (!with_second) x = x.topRows(shares_of(params, space.size(), space.is_random()).first).eval();
  stats::SurrogateFitter fitter(space.distributions(), x, surrogate_options(params),
                                {seed, "sensitivity"});
  double residual = 0, variance = 0;
  for (const std::int64_t k : drawn_rows(first.size(), kJudges, seed, "sensitivity/judges")) {
    const Record& r = *first[static_cast<std::size_t>(k)];
    Eigen::VectorXd y = explained(r.design, "margin")
                            .head(std::min<Eigen::Index>(
                                x.rows(), static_cast<Eigen::Index>(r.design.margin.size())));
    if (with_second)
      for (const Record& s : records)
        if (s.round == Round::kSecond && s.row == r.row) {
          const Eigen::VectorXd more = explained(s.design, "margin");
          Eigen::VectorXd both(x.rows());
          both << y.head(x.rows() - more.size()), more;
          y = both;
        }
    if (y.size() != x.rows() || !y.allFinite()) continue;
    const stats::Surrogate s = fitter.fit(y);
    residual += s.residuals.squaredNorm() / static_cast<double>(y.size());
    variance += s.variance;
  }
  return variance > 0 ? 1 - residual / variance : 1;
}

bool has(std::span<const Record> records, Round round) {
  return std::any_of(records.begin(), records.end(),
                     [&](const Record& r) { return r.round == round; });
}

}  // namespace

Shares shares_of(const Params& params, std::size_t factors, bool random) {
  const Eigen::Index calls = params.calls_per_image, d = static_cast<Eigen::Index>(factors);
  Shares s;
  s.fresh = std::max<Eigen::Index>(1, calls / 10);
  s.first = std::max<Eigen::Index>(20, calls * 55 / 100);
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
  s.second = calls * 20 / 100;
  s.frozen_base = std::max<Eigen::Index>(2, calls * 15 / 100 / (d + 2));
  return s;
}

FactorSpace space_of(const Params& params, std::uint64_t seed) {
  return {params.factors, params.border, params.fill, seed, kWhere};
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

Eigen::VectorXd explained(const Sensitivity::Said& said, const std::string& output) {
  const std::vector<float>& values = output == "probability" ? said.probability
                                     : output == "entropy"   ? said.entropy
                                                             : said.margin;
  return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()))
      .cast<double>();
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
  const auto keyed = [&](const char* prefix, std::span<const std::int64_t> rows) {
    std::vector<Unit> units;
    for (const std::int64_t row : rows)
      units.push_back({prefix + subject.data.rows()[static_cast<std::size_t>(row)].id, row});
    return units;
  };
  if (so_far.empty()) {
    std::vector<std::int64_t> all(subject.data.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    return keyed("first/", all);
  }
  if (has(so_far, Round::kFrozen)) return {};
  std::vector<std::int64_t> usable;
  for (const Record& r : so_far)
    if (r.round == Round::kFirst && r.status == Status::kOk) usable.push_back(r.row);
  if (usable.empty()) return {};
  if (params.estimator == "pick_freeze") return keyed("frozen/", usable);
  const bool second = has(so_far, Round::kSecond);
  const double q2 = pooled_q2(params, space, seed, so_far, second);
  if (q2 >= params.least_q2) {
    std::vector<std::int64_t> some;
    for (const std::int64_t k : drawn_rows(usable.size(), std::max(kConfirmed, usable.size() / 10),
                                           seed, "sensitivity/confirmed"))
      some.push_back(usable[static_cast<std::size_t>(k)]);
    return keyed("frozen/", some);
  }
  return second ? keyed("frozen/", usable) : keyed("second/", usable);
}

Cost Sensitivity::cost(const Params& params, std::string_view unit) {
  const FactorSpace space = space_of(params, 0);
  const Shares s = shares_of(params, space.size(), space.is_random());
  // Each request fills its last micro-batch.
  const auto whole = [](Eigen::Index calls) {
    return static_cast<std::int64_t>((calls + 7) / 8 * 8);
  };
  if (unit.starts_with("first/")) return {whole(s.first + s.repeats) + whole(s.fresh), 0};
  if (unit.starts_with("second/")) return {whole(s.second), 0};
  return {whole(s.frozen_base * static_cast<Eigen::Index>(space.size() + 2)), 0};
}

}  // namespace assay::checks
