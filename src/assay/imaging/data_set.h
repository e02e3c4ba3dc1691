// The pictures and their labels, from one of
//   images:   a folder with a folder for each class
//   manifest: a CSV file (RFC 4180, header line) with the columns path,label and optionally mask,
//   cluster; every other
//             column is a group ("line", "camera", …). Paths are relative to the manifest. Labels
//             are class names or 0-based indices; where a class name is itself a number, names only
//   idx:      MNIST's IDX files of pictures and labels, gzipped or not
// and, without labels, any files and folders (predict, explain).
//
// Label rule for class folders: where the model's class names are known, a folder's name must be
// one of them; else there must be as many folders as classes, taken in byte-wise order (a note says
// so). Files that are not pictures (by extension) and names starting with '.' are ignored; an empty
// class folder is an InputError. Whether a picture can be read is found out when it is read:
// bytes() and picture() throw InputError.
//
// Const access is thread-safe. Memory: the row table, and the (packed) content of IDX files;
// nothing else grows with the number of pictures. Cost of opening: one directory walk, or one stat
// for each row of a manifest.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assay/imaging/decode.h"
#include "assay/imaging/picture.h"

namespace assay::imaging {

struct IdxImages;  // idx.h

struct Row {
  std::string id;  // unique: the path relative to the source, or "t10k-images#17" for a picture of
                   // an IDX file
  std::string path;        // the file to open
  std::int64_t item = -1;  // the picture's place in its IDX file; -1: the file is the picture
  int label = -1;          // class index; -1: none
  std::string cluster;     // rows that belong together; empty: none given
  std::string mask;        // path of the mask; empty: none
  std::vector<std::string> groups;  // one for each of DataSet::group_names()
};

// One of images, manifest and idx. `where` names the place that asks for it ("audit.yaml:7"), for
// messages; may be empty.
struct DataSource {
  std::string images;
  std::string manifest;
  std::string idx, idx_labels;
  std::int64_t limit =
      0;  // 0: all; else a random subset of so many, stratified by class, in the rows' own order
  std::uint64_t seed = 0;  // of that subset
  std::string where;
};

struct Classes {
  int count = 0;                   // the model's
  std::vector<std::string> names;  // `count` of them, or none where no labels are known
};

class DataSet {
 public:
  static DataSet open(const DataSource& source, const Classes& classes);
  // Files and folders without labels; folders are searched for pictures. Files called *idx3-ubyte*
  // give their pictures.
  static DataSet unlabelled(const std::vector<std::string>& paths);

  const std::vector<Row>& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  std::size_t found() const { return found_; }           // rows before `limit`
  const std::string& source() const { return source_; }  // the folder, manifest or IDX file
  const std::vector<std::string>& notes() const {
    return notes_;
  }  // rules used, files ignored; sentences
  // By index: the model's names, else those of the folders, else empty.
  const std::vector<std::string>& class_names() const { return class_names_; }
  const std::vector<std::string>& group_names() const { return group_names_; }

  // What the digest is of: the file's bytes; for IDX the pixels. InputError when it cannot be read
  // or is empty.
  std::string bytes(std::size_t row) const;
  Picture picture(std::size_t row, DecodeOptions options = {}) const;
  // Decodes bytes(row), for callers that have them.
  Picture picture(std::size_t row, std::string_view bytes, DecodeOptions options = {}) const;
  std::string row_digest(std::size_t row) const;  // sha256 of bytes(row), hex

 private:
  std::string source_;
  std::vector<Row> rows_;
  std::size_t found_ = 0;
  std::vector<std::string> notes_, class_names_, group_names_;
  std::map<std::string, std::shared_ptr<const IdxImages>> idx_;  // by path

  friend class DataSetBuilder;
};

}  // namespace assay::imaging
