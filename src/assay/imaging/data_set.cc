#include "assay/imaging/data_set.h"

#include "assay/base/error.h"
#include "assay/imaging/digest.h"

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

std::string DataSet::row_digest(std::size_t row) const { return sha256_hex(bytes(row)); }

}  // namespace assay::imaging
