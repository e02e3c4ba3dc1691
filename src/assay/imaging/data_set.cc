#include "assay/imaging/data_set.h"

#include <algorithm>
#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/section.h"
#include "assay/base/seed.h"
#include "assay/imaging/camera/development.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/mask_sources.h"
#include "assay/imaging/scene/shifted_picture.h"

namespace assay::imaging {

namespace {

constexpr std::uint64_t kMostSidecarBytes = 1 << 20;

void check_size(const std::string& file, const std::string& what, int height, int width,
                const std::string& picture, int picture_height, int picture_width) {
  if (height == picture_height && width == picture_width) return;
  throw InputError(file, "the " + what + " has " + std::to_string(width) + " × " +
                             std::to_string(height) + " px, its picture " + picture + " " +
                             std::to_string(picture_width) + " × " +
                             std::to_string(picture_height));
}

// What a camera's own noise is drawn by.
std::uint64_t draw_of(const Row& row) { return hash_name(row.id); }

}  // namespace

DataSet DataSet::open(const DataSource& source, const Classes& classes) {
  if (classes.count < 1 ||
      (!classes.names.empty() && classes.names.size() != static_cast<std::size_t>(classes.count)))
    throw BugError("data set: " + std::to_string(classes.names.size()) + " names for " +
                   std::to_string(classes.count) + " classes");
  if (!source.images.empty() + !source.manifest.empty() + !source.idx.empty() != 1)
    throw InputError(source.where, "data: give one of images, manifest and idx");
  if (source.idx.empty() != source.idx_labels.empty())
    throw InputError(source.where, "data: idx and labels belong together");
  if (source.limit < 0) throw InputError(source.where, "data.limit: must not be negative");

  const bool raw = !source.camera.empty();
  if (!source.truth.empty() && source.manifest.empty())
    throw InputError(source.where, "data.truth: names a column of a manifest");
  if (raw && !source.idx.empty())
    throw InputError(source.where, "data.camera: an IDX file holds no RAW frames");
  DataSet set(!source.images.empty() ? class_folders(source.images, classes, raw)
              : !source.manifest.empty()
                  ? manifest_rows(source.manifest, classes, {raw, source.truth})
                  : idx_rows(source.idx, source.idx_labels, classes));
  if (raw) {
    set.chain_ = std::make_shared<const CameraChain>(
        CameraChain::parse(source.camera, source.where + ": data.camera"));
    set.read_sensor_ = source.read_sensor;
  }
  if (source.limit > 0 && static_cast<std::size_t>(source.limit) < set.size()) {
    set.table_.rows = stratified_subset(set.table_.rows, source.limit, source.seed);
    set.table_.notes.push_back(
        std::to_string(set.size()) + " of " + std::to_string(set.found_) +
        " pictures are used: a random subset with every class's share (seed " +
        std::to_string(source.seed) + ").");
  }
  const auto& rows = set.rows();
  const bool column =
      std::any_of(rows.begin(), rows.end(), [](auto& r) { return !r.mask.empty(); });
  if (column + !source.masks.empty() + !source.annotations.empty() > 1)
    throw InputError(source.where,
                     "data: give masks once: in the manifest, or as masks or annotations");
  if (!source.masks.empty()) set_masks(set.table_, source.masks);
  if (!source.annotations.empty()) set_annotations(set.table_, source.annotations);
  return set;
}

DataSet DataSet::unlabelled(const std::vector<std::string>& paths, bool raw) {
  return DataSet(unlabelled_rows(paths, raw));
}

std::string DataSet::bytes(std::size_t row) const {
  const Row& r = table_.rows.at(row);
  if (r.item < 0) return read_picture_file(r.path);
  return std::string(table_.idx.at(r.path)->pixels(r.item));
}

Picture DataSet::picture(std::size_t row, DecodeOptions options) const {
  return picture(row, bytes(row), options);
}

Picture DataSet::picture(std::size_t row, std::string_view bytes, DecodeOptions options) const {
  const Row& r = table_.rows.at(row);
  if (is_raw()) return developed_picture(frame(row, bytes), *chain_, draw_of(r), options);
  if (r.item < 0) return decode(bytes, r.path, options);
  const IdxImages& images = *table_.idx.at(r.path);
  Picture p{images.height, images.width, 1, 8, {bytes.begin(), bytes.end()}};
  if (p.bytes.size() != images.pixels(r.item).size())
    throw BugError("data set: not the bytes of " + r.id);
  return p;
}

std::optional<Mask> DataSet::mask(std::size_t row, int height, int width) const {
  const Row& r = table_.rows.at(row);
  if (r.mask.empty()) return {};
  if (is_shapes(r.mask)) return shapes_mask(r.mask, height, width, r.id);
  const Mask mask = mask_of(decode(read_picture_file(r.mask), r.mask));
  check_size(r.mask, "mask", mask.height, mask.width, r.id, height, width);
  return mask;
}

std::optional<Picture> DataSet::truth(std::size_t row, int height, int width) const {
  const Row& r = table_.rows.at(row);
  if (r.truth.empty()) return {};
  Picture picture = decode(read_picture_file(r.truth), r.truth, {false, true});
  if (picture.bits != 8) throw InputError(r.truth, "classes of pixels are told in 8 bits");
  check_size(r.truth, "truth", picture.height, picture.width, r.id, height, width);
  return picture;
}

std::string DataSet::mask_digest(std::size_t row) const {
  const Row& r = table_.rows.at(row);
  std::string digest;
  if (!r.mask.empty()) digest = sha256_hex(is_shapes(r.mask) ? r.mask : read_picture_file(r.mask));
  if (!r.truth.empty()) digest += "truth" + sha256_hex(read_picture_file(r.truth));
  return digest;
}

std::string DataSet::row_digest(std::size_t row) const { return content_digest(row, bytes(row)); }

std::string DataSet::content_digest(std::size_t row, std::string_view bytes) const {
  if (!is_raw()) return sha256_hex(bytes);
  const std::string& path = table_.rows.at(row).path;
  std::string all = sha256_hex(bytes) + "\n" + chain_->text() + "\n";
  if (!has_raw_extension(path) && std::filesystem::exists(sidecar_of(path)))
    all += read_file(sidecar_of(path), kMostSidecarBytes);
  return sha256_hex(all);
}

RawFrame DataSet::frame(std::size_t row, std::string_view bytes) const {
  return read_frame(bytes, table_.rows.at(row).path, read_sensor_);
}

CameraView DataSet::view(std::size_t row, std::string_view bytes, const Placement& placement,
                         bool upright) const {
  const RawFrame raw = frame(row, bytes);
  const Framing framing{upright ? raw.flip : 0, placement};
  return {*chain_, raw.sensor, raw.visible(), &framing, draw_of(table_.rows.at(row))};
}

Recorded DataSet::recorded(std::size_t row, std::string_view bytes, bool upright) const {
  const std::uint64_t draw = draw_of(table_.rows.at(row));
  if (is_raw()) return {frame(row, bytes), draw};
  return {picture(row, bytes, {upright, false}), draw};
}

Picture DataSet::picture_by(const CameraChain& camera, std::size_t row, std::string_view bytes,
                            DecodeOptions options) const {
  return recorded(row, bytes, options.upright).by(camera, options);
}

Picture DataSet::shifted(std::size_t row, const Shift& shift) const {
  const std::string content = bytes(row);
  std::optional<CameraChain> other;
  if (!shift.camera.empty()) other = CameraChain::parse(shift.camera, "");
  const Picture base = other ? picture_by(*other, row, content) : picture(row, content);
  const bool drifts = std::any_of(shift.factors.begin(), shift.factors.end(), [](const auto& f) {
    return scene_factor(f.first).stage == SceneStage::kCamera;
  });
  if (!is_raw() || !drifts) return shifted_picture(base, shift);
  const Box box{shift.box[0], shift.box[1], shift.box[2], shift.box[3]};
  const Size size =
      shift.height > 0 ? Size{shift.height, shift.width} : Size{base.height, base.width};
  const RawFrame raw = frame(row, content);
  const Framing framing{0, placement_of_box(box, size)};
  const CameraView seen(other ? *other : *chain_, raw.sensor, raw.visible(), &framing,
                        draw_of(table_.rows.at(row)));
  return shifted_picture(base, shift, &seen);
}

}  // namespace assay::imaging
