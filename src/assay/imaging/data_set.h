// The pictures and their labels, from one of
//   images:   a folder with a folder for each class
//   manifest: a CSV file (RFC 4180, header line) with the columns path,label and optionally mask
//             (a path, or shapes: mask.h) and cluster; every other column is a group ("line",
//             "camera", …). Paths are relative
//             to the manifest. Labels are class names or 0-based indices; where a class name is
//             itself a number, names only
//   idx:      MNIST's IDX files of pictures and labels, gzipped or not
// and, without labels, any files and folders (predict, explain).
//
// Label rule for class folders: where the model's class names are known, a folder's name must be
// one of them; else there must be as many folders as classes, taken in byte-wise order (a note says
// so). Files that are not pictures (by extension) and names that begin with '.' are ignored; an
// empty class folder is an InputError. Whether a picture can be read turns out when it is read.
//
// Const access is thread-safe. Memory: the row table and the unpacked IDX files; nothing else grows
// with the number of pictures. Cost of opening: a directory walk, or a stat for each manifest row.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/imaging/decode.h"
#include "assay/imaging/mask.h"
#include "assay/imaging/picture.h"
#include "assay/imaging/row_table.h"

namespace assay {
struct Shift;
}

namespace assay::imaging {

class CameraChain;
class CameraView;
class Recorded;
struct Placement;
struct RawFrame;
struct Sensor;

// One of images, manifest and idx.
struct DataSource {
  std::string images;
  std::string manifest;
  std::string idx, idx_labels;
  // At most one of a manifest's column "mask", these two:
  std::string masks;        // a path with places to fill in (mask_sources.h)
  std::string annotations;  // a COCO file
  std::int64_t limit = 0;   // 0: all; else a random subset of so many, stratified by class
  std::uint64_t seed = 0;   // of that subset
  // Not empty: the files are RAW frames, and this chain (camera/chain.h, as text) makes the pictures of them. A manifest's column
  // "raw" then says where they are, if it has one.
  std::string camera;
  std::string
      truth;  // of a manifest: the column that names pictures of each pixel's class, instead of labels; empty: none
  std::function<Sensor(const std::string& path)> read_sensor;  // of a mosaic's sidecar
  std::string where;  // what asks for the data ("audit.yaml:7"), for messages
};

class DataSet {
 public:
  static DataSet open(const DataSource& source, const Classes& classes);
  // Files and folders without labels; folders are searched for pictures, files called *idx3-ubyte*
  // give theirs.
  static DataSet unlabelled(const std::vector<std::string>& paths, bool raw = false);

  const std::vector<Row>& rows() const { return table_.rows; }
  std::size_t size() const { return table_.rows.size(); }
  std::size_t found() const { return found_; }  // rows before `limit`
  const std::string& source() const { return table_.source; }
  const std::vector<std::string>& notes() const { return table_.notes; }
  // By index: the model's names, else those of the folders, else empty.
  const std::vector<std::string>& class_names() const { return table_.class_names; }
  const std::vector<std::string>& group_names() const { return table_.group_names; }

  // The file's bytes; for IDX the pixels. InputError when it cannot be read or is empty.
  std::string bytes(std::size_t row) const;
  Picture picture(std::size_t row, DecodeOptions options = {}) const;
  // Decodes what bytes(row) gave, for callers that have it.
  Picture picture(std::size_t row, std::string_view bytes, DecodeOptions options = {}) const;
  std::string row_digest(std::size_t row) const;  // content_digest of bytes(row)
  // Names what the row's picture is made of: sha256 of the bytes, and of RAW frames of camera and sidecar too, hex.
  std::string content_digest(std::size_t row, std::string_view bytes) const;
  // What the row's picture was made of, for pictures by other cameras (camera/development.h).
  Recorded recorded(std::size_t row, std::string_view bytes, bool upright = false) const;
  // As picture(), by another camera.
  Picture picture_by(const CameraChain& camera, std::size_t row, std::string_view bytes,
                     DecodeOptions options = {}) const;
  // The row's picture as the report shows it changed.
  Picture shifted(std::size_t row, const Shift& shift) const;

  bool is_raw() const { return chain_ != nullptr; }
  const CameraChain& camera() const { return *chain_; }  // only where is_raw()
  RawFrame frame(std::size_t row, std::string_view bytes) const;
  // The row's frame and camera as the model is shown them.
  CameraView view(std::size_t row, std::string_view bytes, const Placement& placement,
                  bool upright) const;
  // The row's mask over its picture of this size; none where the row has none. InputError that
  // names the source where it cannot be read or has another size.
  std::optional<Mask> mask(std::size_t row, int height, int width) const;
  // Each pixel's class as the row's truth says it, grey; none where it has none. InputError likewise.
  std::optional<Picture> truth(std::size_t row, int height, int width) const;
  // Names what the row's mask and truth hold: sha256 of its file or shapes, hex; empty where it has none.
  std::string mask_digest(std::size_t row) const;

 private:
  explicit DataSet(RowTable table) : table_(std::move(table)), found_(table_.rows.size()) {}

  RowTable table_;
  std::size_t found_ = 0;
  std::shared_ptr<const CameraChain> chain_;  // none: pictures
  std::function<Sensor(const std::string&)> read_sensor_;
};

}  // namespace assay::imaging
