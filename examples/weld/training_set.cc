#include "training_set.h"

#include <algorithm>
#include <future>
#include <thread>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/base/input_description.h"
#include "assay/imaging/csv.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/prepare.h"
#include "causes.h"
#include "network.h"

namespace weld {

namespace {

constexpr std::size_t kPlane = std::size_t{kNetworkSide} * kNetworkSide;

struct RowFiles {
  std::string picture, mask;
  std::int64_t label;
};

std::vector<RowFiles> selected_rows(const Selection& selection) {
  const std::string manifest = selection.folder + "/manifest.csv";
  const auto records = assay::imaging::parse_csv(assay::read_file(manifest), manifest);
  const auto column = [&](const std::string& name) {
    const auto& header = records.at(0).fields;
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) throw assay::InputError(manifest, "no column \"" + name + "\"");
    return static_cast<std::size_t>(found - header.begin());
  };
  if (records.empty()) throw assay::InputError(manifest, "is empty");
  const std::size_t path = column("path"), label = column("label"), mask = column("defect_mask"),
                    split = column("split");
  const std::size_t only = selection.column.empty() ? path : column(selection.column);
  const auto classes = assay::split_choices(assay::Choice{kClassWords});
  std::vector<RowFiles> rows;
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto& fields = records[i].fields;
    const std::string where = manifest + ":" + std::to_string(records[i].line);
    if (fields.size() != records[0].fields.size())
      throw assay::InputError(where, "has another number of fields than the first line");
    if (fields[split] != selection.split) continue;
    if (!selection.column.empty() && fields[only] != selection.value) continue;
    const auto named = std::find(classes.begin(), classes.end(), fields[label]);
    if (named == classes.end())
      throw assay::InputError(where, "no class \"" + fields[label] + "\"");
    rows.push_back({selection.folder + "/" + fields[path], selection.folder + "/" + fields[mask],
                    named - classes.begin()});
  }
  if (rows.empty())
    throw assay::InputError(manifest, "no row for " + selection.split + "ing is left");
  return rows;
}

// The file at the network's size, 8 bits a value, planes one after the other.
void read_resized(const std::string& file, assay::Channels channels, std::span<std::uint8_t> into) {
  assay::InputDescription description;
  description.channels = channels;
  description.range = 255;
  description.resize = assay::ResizeRule::kSquash;
  const bool gray = channels == assay::Channels::kGray;
  const auto picture = assay::imaging::decode(assay::imaging::read_picture_file(file), file,
                                              {.upright = false, .gray = gray});
  assay::imaging::prepare(picture, file, description,
                          {gray ? 1 : 3, kNetworkSide, kNetworkSide, true}, into);
}

}  // namespace

TrainingSet read_training_set(const Selection& selection, Task task) {
  const std::vector<RowFiles> rows = selected_rows(selection);
  TrainingSet set;
  set.count = static_cast<std::int64_t>(rows.size());
  set.pixels.resize(rows.size() * 3 * kPlane);
  if (task == Task::kSegment) set.masks.resize(rows.size() * kPlane);
  for (const RowFiles& row : rows) set.labels.push_back(row.label);
  const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::future<void>> readers;
  for (std::size_t t = 0; t < threads; ++t)
    readers.push_back(std::async(std::launch::async, [&, t] {
      for (std::size_t i = t; i < rows.size(); i += threads) {
        read_resized(rows[i].picture, assay::Channels::kRgb,
                     std::span(set.pixels).subspan(i * 3 * kPlane, 3 * kPlane));
        if (task != Task::kSegment) continue;
        const auto mask = std::span(set.masks).subspan(i * kPlane, kPlane);
        read_resized(rows[i].mask, assay::Channels::kGray, mask);
        for (std::uint8_t& v : mask) v = v >= 128 ? 1 : 0;
      }
    }));
  for (auto& reader : readers) reader.get();
  return set;
}

Batch make_batch(const TrainingSet& set, Task task, std::span<const Sample> samples) {
  const auto n = static_cast<std::int64_t>(samples.size());
  Batch batch{at::empty({n, 3, kNetworkSide, kNetworkSide}),
              task == Task::kClassify ? at::empty({n}, at::kLong)
                                      : at::empty({n, kNetworkSide, kNetworkSide}, at::kLong)};
  float* to = batch.pictures.data_ptr<float>();
  std::int64_t* target = batch.targets.data_ptr<std::int64_t>();
  for (const Sample& sample : samples) {
    const auto picture = static_cast<std::size_t>(sample.picture);
    const std::uint8_t* from = &set.pixels[picture * 3 * kPlane];
    const float scale = sample.gain / 255 / kStd, offset = -kMean / kStd;
    for (std::size_t i = 0; i < 3 * kPlane; ++i)
      *to++ = std::min(static_cast<float>(from[i]) * scale, 1 / kStd) + offset;
    if (task == Task::kClassify)
      *target++ = set.labels[picture];
    else
      target = std::copy_n(&set.masks[picture * kPlane], kPlane, target);
  }
  return batch;
}

}  // namespace weld
