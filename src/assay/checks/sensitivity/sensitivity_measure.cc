// One picture under the θ of its round.
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/checks/sensitivity/sensitivity_rounds.h"
#include "assay/methods/shift/margin_gradient.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Record = Sensitivity::Record;
using Round = Sensitivity::Round;

at::Tensor tensor_of(const Eigen::MatrixXd& theta) {
  const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> rows = theta;
  return at::from_blob(const_cast<double*>(rows.data()), {rows.rows(), rows.cols()}, at::kDouble)
      .clone();
}

Round round_of(const std::string& key) {
  return key.starts_with("first/")    ? Round::kFirst
         : key.starts_with("second/") ? Round::kSecond
         : key.starts_with("rare/")   ? Round::kRare
                                      : Round::kFrozen;
}

// The places in "rare/PLACES/ID".
std::vector<std::int64_t> places_of(const std::string& key) {
  const std::size_t begin = key.find('/') + 1, end = key.find('/', begin);
  std::vector<std::int64_t> places;
  for (const char *p = key.data() + begin, *last = key.data() + end; p < last; ++p) {
    std::int64_t place = 0;
    const auto [next, error] = std::from_chars(p, last, place);
    if (error != std::errc()) throw BugError("a unit's key without its places");
    places.push_back(place);
    p = next;
  }
  return places;
}

}  // namespace

std::vector<Record> Sensitivity::measure(const Subject& subject, const Params& params,
                                         std::span<const Unit> units, const Context& context) {
  const std::uint64_t seed = subject.facts.seed;
  const FactorSpace space = space_of(params, seed);
  const Shares shares = shares_of(params, space.size(), space.is_random());
  const Eigen::MatrixXd design = design_of(params, space, seed);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    record.round = round_of(unit.key);
    if (!record.finite) {
      records.push_back(std::move(record));
      continue;
    }
    const at::Tensor input = input_of(unit, context);
    const RawView raw(subject, unit, context, space.scene());
    const auto asked = [&](const char* what, const Eigen::MatrixXd& theta, bool keep = false) {
      std::vector<std::uint64_t> draws;
      for (Eigen::Index i = 0; i < theta.rows(); ++i)
        draws.push_back(hash_name(fmt::format("{}/{}/{}", unit.row, what, i)));
      const at::Tensor logits = methods::shifted_logits(subject.classifier, input, space.scene(),
                                                        tensor_of(theta), draws, raw.get())
                                    .contiguous();
      if (keep && logits.size(1) <= kMostLogits)
        record.logits.assign(logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel());
      return said_of(logits, record.reference());
    };
    const auto slopes_at = [&](const char* what, const Eigen::MatrixXd& theta) {
      if (!params.derivatives) return;
      std::vector<std::uint64_t> draws;
      for (Eigen::Index i = 0; i < theta.rows(); ++i)
        draws.push_back(hash_name(fmt::format("{}/{}/{}", unit.row, what, i)));
      at::Tensor slopes =
          methods::margin_gradient(subject.classifier, input, space.scene(), tensor_of(theta),
                                   draws, record.reference(), raw.get())
              .gradient.to(at::kFloat)
              .contiguous();
      for (std::size_t f = 0; f < space.size(); ++f)
        if (!space.factor(f).differentiable)
          slopes.select(1, static_cast<std::int64_t>(f))
              .fill_(std::numeric_limits<float>::quiet_NaN());
      record.slopes.assign(slopes.data_ptr<float>(), slopes.data_ptr<float>() + slopes.numel());
    };
    switch (record.round) {
      case Round::kFirst: {
        // Repeated points come last: the same θ, other draws.
        Eigen::MatrixXd theta(shares.first + shares.repeats, design.cols());
        theta << design.topRows(shares.first), design.topRows(shares.repeats);
        record.design = asked("first", theta, true);
        slopes_at("first", design.topRows(shares.first));
        record.fresh = asked("fresh", fresh_of(shares, space, seed, unit.row));
        break;
      }
      case Round::kSecond:
        record.design = asked("second", design.bottomRows(shares.second), true);
        slopes_at("second", design.bottomRows(shares.second));
        break;
      case Round::kFrozen:
        record.design = asked("frozen", frozen_of(shares, space, seed, unit.row), true);
        break;
      case Round::kRare:
        record.asked = places_of(unit.key);
        record.design = asked(
            "rare",
            pool_of(space, seed, unit.row)(
                std::vector<Eigen::Index>(record.asked.begin(), record.asked.end()), Eigen::all));
        break;
    }
    record.finite = is_finite(record.design) && is_finite(record.fresh);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace assay::checks
