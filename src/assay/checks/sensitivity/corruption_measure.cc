// One picture under every corruption.
#include <algorithm>
#include <cmath>

#include "assay/checks/group_columns.h"
#include "assay/checks/sensitivity/corruption.h"
#include "assay/checks/sensitivity/named_corruptions.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/evaluation/batched_passes.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::checks {

namespace {

using Record = Corruption::Record;

std::shared_ptr<const network::Classifier> baseline_of(const Subject& subject,
                                                       const Corruption::Params& params) {
  if (params.baseline_model.empty()) return nullptr;
  return subject.others->open(params.baseline_model, subject.classifier);
}

struct Answers {
  std::vector<std::uint8_t> errors;
  std::vector<float> margins;
};

Answers answers_of(const at::Tensor& logits, int label) {
  const at::Tensor z = logits.to(at::kDouble).contiguous();
  Answers answers;
  for (std::int64_t i = 0; i < z.size(0); ++i) {
    const double* row = z.data_ptr<double>() + i * z.size(1);
    double other = -INFINITY;
    for (int k = 0; k < z.size(1); ++k)
      if (k != label) other = std::max(other, row[k]);
    answers.margins.push_back(static_cast<float>(row[label] - other));
    answers.errors.push_back(std::max_element(row, row + z.size(1)) - row != label);
  }
  return answers;
}

}  // namespace

std::vector<Unit> Corruption::units(const Subject& subject, const Params& params,
                                    std::span<const Record> so_far) {
  corruption_types(params.types);
  corruption_severities(params.severities);
  group_columns(subject, params.groups);
  if (!so_far.empty()) return {};
  // The other model is part of what is measured: its bytes are in the key.
  const auto baseline = baseline_of(subject, params);
  std::vector<Unit> units;
  for (std::size_t row = 0; row < subject.data.size(); ++row)
    units.push_back({(baseline ? baseline->sha256() + "/" : "") + subject.data.rows()[row].id,
                     static_cast<std::int64_t>(row)});
  return units;
}

std::vector<Record> Corruption::measure(const Subject& subject, const Params& params,
                                        std::span<const Unit> units, const Context& context) {
  const auto types = corruption_types(params.types);
  const auto severities = corruption_severities(params.severities);
  const auto baseline = baseline_of(subject, params);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    if (record.label < 0 || !record.finite) {
      records.push_back(std::move(record));
      continue;
    }
    record.groups = group_values(subject, params.groups, unit.row);
    record.clean_error = record.clean != record.label;
    const at::Tensor input = input_of(unit, context);
    const imaging::Picture picture =
        methods::picture_of(methods::pixels_of_input(subject.classifier, input));
    std::vector<methods::MakePicture> pictures;
    for (const imaging::Corruption* type : types)
      for (const double severity : severities)
        pictures.emplace_back([&, type, severity] {
          const imaging::Picture changed = imaging::corrupted(
              picture, *type, severity, {subject.facts.seed, static_cast<std::uint64_t>(unit.row)});
          return methods::channels_first(
              subject.classifier,
              methods::model_input(subject.classifier, methods::pixels_of(changed)));
        });
    Answers found =
        answers_of(methods::logits_of_pictures(subject.classifier, pictures), record.label);
    record.errors = std::move(found.errors);
    record.margins = std::move(found.margins);
    record.finite = std::all_of(record.margins.begin(), record.margins.end(),
                                [](float m) { return std::isfinite(m); });
    if (baseline) {
      record.baseline_errors =
          answers_of(methods::logits_of_pictures(*baseline, pictures), record.label).errors;
      const auto itself = [&] { return methods::channels_first(*baseline, input); };
      record.baseline_clean_error =
          answers_of(methods::logits_of_pictures(*baseline, {itself}), record.label).errors[0];
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost Corruption::cost(const Params& params, std::string_view) {
  const auto calls = static_cast<std::int64_t>(corruption_types(params.types).size() *
                                               corruption_severities(params.severities).size());
  const std::int64_t whole = (calls + 7) / 8 * 8;  // the last micro-batch is filled
  return {params.baseline_model.empty() ? whole : 2 * whole + 8, 0};
}

}  // namespace assay::checks
