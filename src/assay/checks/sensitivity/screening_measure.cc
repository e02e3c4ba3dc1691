// One picture at the points of the screening check.
#include <fmt/format.h>

#include <algorithm>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/checks/sensitivity/screening_points.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/shift/margin_gradient.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/network/classifier.h"
#include "assay/stats/sensitivity/screening.h"

namespace assay::checks {

namespace {

constexpr int kGradient = 4;  // forwards that one costs, about

}  // namespace

FactorSpace screened_space(const Screening::Params& params, std::uint64_t seed) {
  return {params.factors, params.border, params.fill, seed, "checks.screening.factors"};
}

Eigen::MatrixXd screening_points(const Screening::Params& params, std::size_t factors,
                                 std::uint64_t seed, std::int64_t row) {
  const auto d = static_cast<Eigen::Index>(factors);
  const std::string purpose = fmt::format("screening/{}", row);
  if (params.method == "dgsm")
    return stats::independent(std::max(2, params.calls_per_image / kGradient), d, {seed, purpose});
  return stats::walks_design(std::max<Eigen::Index>(1, params.calls_per_image / (d + 1)), d,
                             {seed, purpose});
}

std::vector<Unit> Screening::units(const Subject& subject, const Params& params,
                                   std::span<const Record> so_far) {
  const FactorSpace space = screened_space(params, subject.facts.seed);
  if (params.method == "dgsm") {
    if (subject.classifier.reading() != network::Reading::kGraph)
      throw InputError("checks.screening.method",
                       "dgsm wants derivatives, which a model read as a black box does not give; "
                       "wanted morris");
    for (std::size_t f = 0; f < space.size(); ++f)
      if (!space.factor(f).differentiable)
        throw InputError("checks.screening.factors",
                         space.names()[f] +
                             " goes in steps and has no derivative; leave it out or "
                             "use method: morris");
  }
  if (!so_far.empty()) return {};
  return asked_units(subject, "", all_rows(subject));
}

std::vector<Screening::Record> Screening::measure(const Subject& subject, const Params& params,
                                                  std::span<const Unit> units,
                                                  const Context& context) {
  const std::uint64_t seed = subject.facts.seed;
  const FactorSpace space = screened_space(params, seed);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    if (record.finite) {
      const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> theta =
          space.theta(screening_points(params, space.size(), seed, unit.row));
      const at::Tensor at = at::from_blob(const_cast<double*>(theta.data()),
                                          {theta.rows(), theta.cols()}, at::kDouble);
      // One draw for factors that draw: only θ makes a difference.
      const std::vector<std::uint64_t> draws(static_cast<std::size_t>(theta.rows()),
                                             hash_name(fmt::format("screening/{}", unit.row)));
      const at::Tensor input = input_of(unit, context);
      const RawView raw(subject, unit, context, space.scene());
      if (params.method == "dgsm") {
        const auto found = methods::margin_gradient(subject.classifier, input, space.scene(), at,
                                                    draws, record.reference(), raw.get());
        const at::Tensor m = found.margin.to(at::kFloat).contiguous(),
                         g = found.gradient.to(at::kFloat).contiguous();
        record.margins.assign(m.data_ptr<float>(), m.data_ptr<float>() + m.numel());
        record.gradients.assign(g.data_ptr<float>(), g.data_ptr<float>() + g.numel());
      } else {
        record.margins = said_of(methods::shifted_logits(subject.classifier, input, space.scene(),
                                                         at, draws, raw.get()),
                                 record.reference())
                             .margin;
      }
      const auto finite = [](float v) { return std::isfinite(v); };
      record.finite = std::all_of(record.margins.begin(), record.margins.end(), finite) &&
                      std::all_of(record.gradients.begin(), record.gradients.end(), finite);
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost Screening::cost(const Params& params, std::string_view) {
  const auto points = static_cast<std::int64_t>(
      screening_points(params, screened_space(params, 0).size(), 0, 0).rows());
  const std::int64_t whole = (points + 7) / 8 * 8;  // the last micro-batch is filled
  return {whole, params.method == "dgsm" ? whole : 0};
}

}  // namespace assay::checks
