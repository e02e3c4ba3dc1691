// The rows of a data set, and how each kind of source makes them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "assay/imaging/idx.h"

namespace assay::imaging {

struct Row {
  std::string id;    // unique: the path relative to the source, or "t10k-images#17" in an IDX file
  std::string path;  // the file to open
  std::int64_t item = -1;  // the picture's place in its IDX file; -1: the file is the picture
  int label = -1;          // class index; -1: none
  std::string cluster;     // rows that belong together; empty: none given
  std::string mask;        // source of the mask (mask.h); empty: none
  std::string truth;       // picture of each pixel's class; empty: none
  std::vector<std::string> groups;  // one for each of RowTable::group_names
};

struct RowTable {
  std::string source;  // the folder, manifest or IDX file
  std::vector<Row> rows;
  std::vector<std::string> notes;        // rules used, files ignored; sentences
  std::vector<std::string> class_names;  // by index; empty: none known
  std::vector<std::string> group_names;
  std::map<std::string, std::shared_ptr<const IdxImages>> idx;  // by path
};

// The model's classes.
struct Classes {
  int count = 0;
  std::vector<std::string> names;  // `count` of them, or none where no labels are known
};

// Class indices by name.
class ClassIndex {
 public:
  explicit ClassIndex(const Classes& classes);
  bool named() const { return !classes_.names.empty(); }
  // The class called `name`; none if there is none; InputError(where, …) when several have the
  // name.
  std::optional<int> by_name(const std::string& name, const std::string& where) const;
  // A manifest's label: a name, or a 0-based index where no class name is itself a number.
  int by_label(const std::string& label, const std::string& where) const;
  std::string suggestion(const std::string& name) const;  // `; did you mean "cat"?`, or empty

 private:
  const Classes& classes_;
  std::unordered_map<std::string, std::vector<int>> by_name_;
  bool names_are_numbers_ = false;
};

// `raw`: the files are RAW frames.
RowTable class_folders(const std::string& folder, const Classes& classes, bool raw = false);
struct ManifestOptions {
  bool raw = false;  // the column "raw" names the files, if there is one
  std::string
      truth;  // the column that names pictures of each pixel's class, instead of labels; empty: none
};
RowTable manifest_rows(const std::string& manifest, const Classes& classes,
                       const ManifestOptions& options = {});
RowTable idx_rows(const std::string& images, const std::string& labels, const Classes& classes);
RowTable unlabelled_rows(const std::vector<std::string>& paths, bool raw = false);

// `limit` of the rows, drawn at random: each class gets its share (rounded so that the shares add
// up, by lot where classes tie), the rows keep their order. A row's lot depends on seed and id
// only.
std::vector<Row> stratified_subset(const std::vector<Row>& rows, std::int64_t limit,
                                   std::uint64_t seed);

}  // namespace assay::imaging
