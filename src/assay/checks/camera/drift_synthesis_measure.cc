// One picture by every camera, before every model.
#include <algorithm>
#include <cmath>
#include <memory>

#include "assay/base/field.h"
#include "assay/checks/camera/cameras.h"
#include "assay/checks/camera/drift_synthesis.h"
#include "assay/checks/sensitivity/named_corruptions.h"
#include "assay/imaging/camera/development.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/image_distance.h"
#include "assay/methods/batch.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Params = DriftSynthesis::Params;
using Record = DriftSynthesis::Record;
using Models = std::vector<std::shared_ptr<const network::Classifier>>;

constexpr const char* kWhere = "checks.drift-synthesis";
constexpr std::size_t kSeverities = 5;

Models models_of(const Subject& subject, const Params& params) {
  Models models;
  for (const auto& [name, file] : entries_of(params.models, std::string(kWhere) + ".models"))
    models.push_back(subject.others->open(file, subject.classifier));
  return models;
}

// The picture's input [1,…] as the model takes it.
at::Tensor prepared(const Subject& subject, const imaging::Picture& picture,
                    const std::string& name) {
  const methods::Slot slot{&picture, name};
  return methods::input_tensor(subject.classifier, subject.classifier.input(), {&slot, 1})
      .narrow(0, 0, 1);
}

void add_distances(const at::Tensor& from, const at::Tensor& to, std::vector<float>& all) {
  for (const auto kind : {imaging::ImageDistance::kRms, imaging::ImageDistance::kSsim,
                          imaging::ImageDistance::kDeltaE}) {
    const bool small =
        kind == imaging::ImageDistance::kSsim && std::min(from.size(2), from.size(3)) < 11;
    all.push_back(small ? NAN : imaging::image_distance(from, to, kind).item<float>());
  }
}

// As many pictures changed as there are types and severities.
void ask_corruptions(const Subject& subject, const Params& params, const at::Tensor& pixels,
                     const methods::Truth& truth, Record& record) {
  const imaging::Picture picture = methods::picture_of(pixels);
  const auto types = corruption_types(params.corruptions);
  const methods::Judged said = methods::judged_inputs(
      subject.classifier, types.size() * kSeverities,
      [&](std::size_t i) -> methods::InputWithTruth {
        const at::Tensor changed = methods::pixels_of(imaging::corrupted(
            picture, *types[i / kSeverities], static_cast<double>(i % kSeverities + 1),
            {subject.facts.seed, static_cast<std::uint64_t>(record.row)}));
        add_distances(pixels, changed, record.weather_distances);
        return {methods::model_input(subject.classifier, changed), truth};
      });
  record.weather.assign(said.score.begin(), said.score.end());
}

}  // namespace

std::vector<Unit> DriftSynthesis::units(const Subject& subject, const Params& params,
                                        std::span<const Record> so_far) {
  cameras_of(params.cameras, std::string(kWhere) + ".cameras");
  if (!params.corruptions.empty()) corruption_types(params.corruptions);
  if (!so_far.empty()) return {};
  // The other models are part of what is measured: their bytes are in the key.
  std::string key;
  for (const auto& model : models_of(subject, params)) key += model->sha256() + "/";
  return asked_units(subject, key, all_rows(subject));
}

std::vector<Record> DriftSynthesis::measure(const Subject& subject, const Params& params,
                                            std::span<const Unit> units, const Context& context) {
  const NamedCameras cameras = cameras_of(params.cameras, std::string(kWhere) + ".cameras");
  const Models others = models_of(subject, params);
  const InputDescription& input = subject.classifier.input();
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    const methods::Truth truth = methods::row_truth(subject.classifier, subject.data, unit.row,
                                                    context.pictures[context.slot(unit.row)]);
    record.known = methods::is_known(truth);
    if (!record.known || !record.finite) {
      records.push_back(std::move(record));
      continue;
    }
    const auto row = static_cast<std::size_t>(unit.row);
    const std::string bytes = subject.data.bytes(row);
    const at::Tensor own = input_of(unit, context);
    const at::Tensor pixels = methods::pixels_of_input(subject.classifier, own).clamp(0, 1);
    std::vector<at::Tensor> inputs{own};
    const imaging::Recorded recorded = subject.data.recorded(row, bytes, input.upright);
    for (const auto& [name, chain] : cameras) {
      const imaging::Picture picture =
          recorded.by(chain, {input.upright, input.channels == Channels::kGray});
      inputs.push_back(prepared(subject, picture, record.id));
      add_distances(pixels, methods::pixels_of_input(subject.classifier, inputs.back()).clamp(0, 1),
                    record.distances);
    }
    const auto add = [&](const network::Classifier& model) {
      const methods::Judged said = methods::judged_inputs(
          model, inputs.size(), [&](std::size_t i) -> methods::InputWithTruth {
            return {inputs[i], truth};
          });
      record.own.push_back(static_cast<float>(said.score[0]));
      for (std::size_t c = 0; c < cameras.size(); ++c) {
        record.score.push_back(static_cast<float>(said.score[c + 1]));
        record.margins.push_back(static_cast<float>(said.margin[c + 1]));
      }
    };
    add(subject.classifier);
    for (const auto& other : others) add(*other);
    if (!params.corruptions.empty()) ask_corruptions(subject, params, pixels, truth, record);
    record.finite = std::all_of(record.margins.begin(), record.margins.end(),
                                [](float m) { return std::isfinite(m); });
    records.push_back(std::move(record));
  }
  return records;
}

Cost DriftSynthesis::cost(const Params& params, std::string_view) {
  const auto whole = [](std::size_t calls) {  // the last micro-batch is filled
    return static_cast<std::int64_t>((calls + 7) / 8 * 8);
  };
  const std::size_t models = 1 + entries_of(params.models, "").size(),
                    cameras = cameras_of(params.cameras, "").size(),
                    types = params.corruptions.empty()
                                ? 0
                                : corruption_types(params.corruptions).size();
  return {static_cast<std::int64_t>(models) * whole(cameras + 1) + whole(types * kSeverities), 0};
}

}  // namespace assay::checks
