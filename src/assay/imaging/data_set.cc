#include "assay/imaging/data_set.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/mask_sources.h"

namespace assay::imaging {

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

  DataSet set(!source.images.empty()     ? class_folders(source.images, classes)
              : !source.manifest.empty() ? manifest_rows(source.manifest, classes)
                                         : idx_rows(source.idx, source.idx_labels, classes));
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

DataSet DataSet::unlabelled(const std::vector<std::string>& paths) {
  return DataSet(unlabelled_rows(paths));
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
  if (mask.height != height || mask.width != width)
    throw InputError(r.mask, "the mask has " + std::to_string(mask.width) + " × " +
                                 std::to_string(mask.height) + " px, its picture " + r.id + " " +
                                 std::to_string(width) + " × " + std::to_string(height));
  return mask;
}

std::string DataSet::mask_digest(std::size_t row) const {
  const Row& r = table_.rows.at(row);
  if (r.mask.empty()) return {};
  return sha256_hex(is_shapes(r.mask) ? r.mask : read_picture_file(r.mask));
}

std::string DataSet::row_digest(std::size_t row) const { return sha256_hex(bytes(row)); }

}  // namespace assay::imaging
