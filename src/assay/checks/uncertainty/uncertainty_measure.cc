// Every picture as often as the samples say, and the foreign ones once.
#include <algorithm>
#include <cmath>
#include <set>

#include "assay/base/error.h"
#include "assay/checks/uncertainty/uncertainty_samples.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::checks {

namespace {

using Params = Uncertainty::Params;
using Record = Uncertainty::Record;
using Kind = Uncertainty::Kind;

constexpr const char* kForeignWhere = "checks.uncertainty.foreign";
constexpr std::string_view kForeignKey = "foreign/";

bool finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

std::string layer_of(const Subject& subject, const Params& params) {
  return params.layer.empty() ? subject.classifier.last_spatial_value()
                              : subject.classifier.value_named(params.layer);
}

// Means over a picture's places, [C].
std::vector<float> features_of(const at::Tensor& value, std::int64_t slot) {
  at::Tensor row = value.narrow(0, slot, 1).to(at::kFloat);
  if (row.dim() == 4)
    row = row.mean({2, 3});
  else if (row.dim() == 3)
    row = row.mean(1);
  row = row.reshape({-1}).contiguous();
  return {row.data_ptr<float>(), row.data_ptr<float>() + row.numel()};
}

// What a picture's samples say; a single pass is one sample.
void tell(const Sampled& sampled, int classes, Record& record) {
  const auto m = stats::summarise_samples(sampled.probabilities, classes);
  record.samples = static_cast<int>(m.samples);
  record.mean.assign(m.mean.begin(), m.mean.end());
  record.deviation.assign(m.deviation.begin(), m.deviation.end());
  record.predictive_entropy = m.predictive_entropy;
  record.expected_entropy = m.expected_entropy;
  record.mutual_information = m.mutual_information;
  record.variation_ratio = m.variation_ratio;
  record.disagreement = m.disagreement;
  record.confidence = m.confidence;
  record.margin = m.margin;
  record.standard_error = m.standard_error;
  record.decision = m.decision;
  record.trace = sampled.trace;
  if (m.samples > 1 && classes <= Uncertainty::kMostCovaried) {
    const auto c = stats::class_covariance(sampled.probabilities, classes);
    record.covariance.assign(c.epistemic.begin(), c.epistemic.end());
  }
}

imaging::DataSet foreign_pictures(const Params& params) {
  return imaging::DataSet::unlabelled({params.foreign});
}

// One a foreign picture, spread over the rows that could be read.
std::vector<Unit> foreign_units(const Subject& subject, const Params& params,
                                std::span<const Record> so_far) {
  const auto foreign = foreign_pictures(params);
  std::set<std::string> own;
  for (const Record& r : so_far)
    own.insert(subject.data.row_digest(static_cast<std::size_t>(r.row)));
  std::vector<Unit> units;
  std::size_t shared = 0;
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    const std::string digest = foreign.row_digest(i);
    shared += own.count(digest);
    units.push_back({std::string(kForeignKey) + std::to_string(i) + "/" + digest,
                     so_far[i % so_far.size()].row});
  }
  if (shared > 0)
    throw InputError(kForeignWhere, std::to_string(shared) + " of the " +
                                        std::to_string(foreign.size()) +
                                        " pictures are in the test set too: they are not foreign");
  return units;
}

Record foreign_record(const Subject& subject, const Params& params, const imaging::DataSet& foreign,
                      const std::string& key) {
  const auto at = static_cast<std::size_t>(std::stoull(key.substr(kForeignKey.size())));
  Record record;
  record.kind = Kind::kForeign;
  record.id = foreign.rows()[at].id;
  const InputDescription& input = subject.classifier.input();
  imaging::Picture picture;
  try {
    picture = foreign.picture(at, {input.upright, input.channels == Channels::kGray});
  } catch (const InputError&) {
    record.finite = false;  // what cannot be read is not judged
    return record;
  }
  const methods::Slot slot{&picture, record.id};
  const std::vector<std::string> layer{layer_of(subject, params)};
  const network::Pass pass = subject.classifier.forward(
      methods::input_tensor(subject.classifier, input, std::span(&slot, 1)), layer);
  const at::Tensor logits = pass.logits.to(at::kFloat).contiguous();
  record.logits.assign(logits.data_ptr<float>(), logits.data_ptr<float>() + logits.size(1));
  record.features = features_of(pass.values.at(layer[0]), 0);
  record.finite = finite(record.logits) && finite(record.features);
  if (record.finite)
    tell({probabilities_of(record.logits.data(), logits.size(1)), {}}, subject.classifier.classes(),
         record);
  return record;
}

}  // namespace

std::vector<std::string> Uncertainty::keep(const Subject& subject, const Params& params) {
  if (params.foreign.empty()) return {};
  return {layer_of(subject, params)};
}

std::vector<Unit> Uncertainty::units(const Subject& subject, const Params& params,
                                     std::span<const Record> so_far) {
  const SampleSource source = sample_source(params);
  const auto places = dropout_places_of(params);
  if (so_far.empty()) {
    if (source.kind == SampleSource::Kind::kDropout)
      subject.others->dropping(subject.classifier, places);
    // The other models are part of what is measured: their bytes are in the key.
    std::string key;
    for (const auto& [name, file] : entries_of(params.models, "checks.uncertainty.models"))
      key += subject.others->open(file, subject.classifier)->sha256() + "/";
    if (!params.foreign.empty()) foreign_pictures(params);
    std::vector<Unit> units;
    for (std::size_t row = 0; row < subject.data.size(); ++row)
      units.push_back({key + subject.data.rows()[row].id, static_cast<std::int64_t>(row)});
    return units;
  }
  if (params.foreign.empty() || so_far.back().kind == Kind::kForeign) return {};
  return foreign_units(subject, params, so_far);
}

std::vector<Record> Uncertainty::measure(const Subject& subject, const Params& params,
                                         std::span<const Unit> units, const Context& context) {
  std::vector<Record> records(units.size());
  std::vector<Unit> sampled_units;
  std::vector<std::size_t> places;
  std::unique_ptr<imaging::DataSet> foreign;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].key.starts_with(kForeignKey)) {
      if (!foreign) foreign = std::make_unique<imaging::DataSet>(foreign_pictures(params));
      records[i] = foreign_record(subject, params, *foreign, units[i].key);
      continue;
    }
    const std::size_t slot = context.slot(units[i].row);
    const CleanRecord& clean = context.clean[slot];
    Record& record = records[i];
    record.id = clean.id;
    record.cluster = clean.cluster;
    record.label = clean.label < subject.classifier.classes() ? clean.label : -1;
    record.logits = clean.logits;
    record.finite = finite(clean.logits);
    if (!params.foreign.empty())
      record.features = features_of(*context.values.at(layer_of(subject, params)),
                                    static_cast<std::int64_t>(slot));
    record.finite &= finite(record.features);
    if (!record.finite) continue;
    sampled_units.push_back(units[i]);
    places.push_back(i);
  }
  const auto sampled = sampled_predictions(subject, params, sampled_units, context);
  for (std::size_t i = 0; i < places.size(); ++i) {
    Record& record = records[places[i]];
    record.finite = std::all_of(sampled[i].probabilities.begin(), sampled[i].probabilities.end(),
                                [](double p) { return std::isfinite(p); });
    if (record.finite) tell(sampled[i], subject.classifier.classes(), record);
  }
  return records;
}

Cost Uncertainty::cost(const Params& params, std::string_view unit) {
  if (unit.starts_with(kForeignKey)) return {1, 0};
  const SampleSource source = sample_source(params);
  switch (source.kind) {
    case SampleSource::Kind::kSingle:
      return {};
    case SampleSource::Kind::kModels:
      return {source.most - 1, 0};
    default:
      return {source.most, 0};
  }
}

}  // namespace assay::checks
