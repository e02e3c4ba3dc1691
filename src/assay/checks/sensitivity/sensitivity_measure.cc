// One picture under the θ of its round.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/seed.h"
#include "assay/checks/focus/class_maps.h"
#include "assay/checks/sensitivity/sensitivity_rounds.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Record = Sensitivity::Record;
using Round = Sensitivity::Round;
using Said = Sensitivity::Said;

// The reference class's margin and probability, the entropy, and the decision, of each row of logits [P,K].
Said said_of(const at::Tensor& logits, int reference) {
  const at::Tensor values = logits.to(at::kDouble).contiguous();
  const std::int64_t classes = values.size(1);
  Said said;
  for (std::int64_t p = 0; p < values.size(0); ++p) {
    const double* z = values.data_ptr<double>() + p * classes;
    const auto top = static_cast<std::int64_t>(std::max_element(z, z + classes) - z);
    double other = -INFINITY, sum = 0, weighted = 0;
    for (std::int64_t k = 0; k < classes; ++k) {
      if (k != reference) other = std::max(other, z[k]);
      const double e = std::exp(z[k] - z[top]);
      sum += e;
      weighted += e * (z[k] - z[top]);
    }
    said.margin.push_back(static_cast<float>(z[reference] - other));
    said.probability.push_back(static_cast<float>(std::exp(z[reference] - z[top]) / sum));
    said.entropy.push_back(static_cast<float>(std::log(sum) - weighted / sum));
    said.confidence.push_back(static_cast<float>(1 / sum));
    said.decision.push_back(static_cast<std::int32_t>(top));
  }
  return said;
}

bool finite(const Said& said) {
  return std::all_of(said.margin.begin(), said.margin.end(),
                     [](float v) { return std::isfinite(v); });
}

at::Tensor tensor_of(const Eigen::MatrixXd& theta) {
  const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> rows = theta;
  return at::from_blob(const_cast<double*>(rows.data()), {rows.rows(), rows.cols()}, at::kDouble)
      .clone();
}

Round round_of(const std::string& key) {
  return key.starts_with("first/")    ? Round::kFirst
         : key.starts_with("second/") ? Round::kSecond
                                      : Round::kFrozen;
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
    const std::size_t slot = context.slot(unit.row);
    const CleanRecord& clean = context.clean[slot];
    Record record;
    record.row = unit.row;
    record.id = clean.id;
    record.cluster = clean.cluster;
    record.label = clean.label < subject.classifier.classes() ? clean.label : -1;
    record.round = round_of(unit.key);
    record.clean = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                    clean.logits.begin());
    if (!std::all_of(clean.logits.begin(), clean.logits.end(),
                     [](float v) { return std::isfinite(v); })) {
      record.status = Status::kNonFinite;
      records.push_back(std::move(record));
      continue;
    }
    set_covered_box(subject, context.pictures[slot], record);
    const at::Tensor input = context.input->narrow(0, static_cast<std::int64_t>(slot), 1);
    const at::Tensor pixels = methods::pixels_of_input(subject.classifier, input);
    record.height = static_cast<int>(pixels.size(2));
    record.width = static_cast<int>(pixels.size(3));
    const auto asked = [&](const char* what, const Eigen::MatrixXd& theta) {
      std::vector<std::uint64_t> draws;
      for (Eigen::Index i = 0; i < theta.rows(); ++i)
        draws.push_back(hash_name(fmt::format("{}/{}/{}", unit.row, what, i)));
      return said_of(methods::shifted_logits(subject.classifier, input, space.scene(),
                                             tensor_of(theta), draws),
                     record.reference());
    };
    if (record.round == Round::kFirst) {
      // Repeated points come last: the same θ, other draws.
      Eigen::MatrixXd theta(shares.first + shares.repeats, design.cols());
      theta << design.topRows(shares.first), design.topRows(shares.repeats);
      record.design = asked("first", theta);
      record.fresh = asked("fresh", fresh_of(shares, space, seed, unit.row));
    } else if (record.round == Round::kSecond) {
      record.design = asked("second", design.bottomRows(shares.second));
    } else {
      record.design = asked("frozen", frozen_of(shares, space, seed, unit.row));
    }
    if (!finite(record.design) || !finite(record.fresh)) record.status = Status::kNonFinite;
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace assay::checks
