#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "assay/base/error.h"
#include "assay/imaging/camera/raw_frame.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/row_table.h"

namespace assay::imaging {
namespace {

namespace fs = std::filesystem;

// What a search found, and what it passed over.
struct Search {
  std::vector<std::string> pictures;  // relative to where it began, '/' between, byte-wise sorted
  std::int64_t others = 0;
  std::string other;  // one of the others
};

struct Listing {
  std::vector<std::string> folders, files;  // names; both byte-wise sorted
};

Listing list(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code ignored;  // a broken link is a file that cannot be read
    (it->is_directory(ignored) ? listing.folders : listing.files).push_back(name);
  }
  if (error) throw InputError(folder.string(), "cannot be read: " + error.message());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

void search(const fs::path& folder, const std::string& prefix, int depth, bool raw, Search& found) {
  constexpr int kDeepest = 32;
  if (depth > kDeepest)
    throw InputError(folder.string(), "folders are nested too deeply; do links form a circle?");
  const Listing listing = list(folder);
  for (const std::string& file : listing.files) {
    if (has_picture_extension(file) || (raw && has_raw_extension(file))) {
      found.pictures.push_back(prefix + file);
    } else {
      ++found.others;
      if (found.other.empty()) found.other = prefix + file;
    }
  }
  for (const std::string& name : listing.folders)
    search(folder / name, prefix + name + "/", depth + 1, raw, found);
}

Search pictures_below(const fs::path& folder, const std::string& prefix, bool raw) {
  Search found;
  search(folder, prefix, 0, raw, found);
  std::sort(found.pictures.begin(), found.pictures.end());
  return found;
}

void check_folder(const std::string& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) throw InputError(folder, "no such folder");
  if (!fs::is_directory(status)) throw InputError(folder, "is not a folder");
}

std::string count_of(std::int64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string first_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kShown ? text + ", …" : text;
}

// The class of each folder where the model's class names are known.
std::vector<int> labels_by_name(const std::vector<std::string>& folders, const std::string& source,
                                const Classes& classes, RowTable& table) {
  const ClassIndex index(classes);
  std::vector<int> labels;
  std::vector<bool> seen(classes.names.size(), false);
  for (const std::string& folder : folders) {
    const std::string where = (fs::path(source) / folder).string();
    const auto label = index.by_name(folder, where);
    if (!label)
      throw InputError(where, "no label names this class folder" + index.suggestion(folder));
    labels.push_back(*label);
    seen[static_cast<std::size_t>(*label)] = true;
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (!seen[i]) missing.push_back(classes.names[i]);
  if (!missing.empty())
    table.notes.push_back("Of the model's " + std::to_string(classes.count) + " classes " +
                          std::to_string(missing.size()) + " have no folder: " + first_of(missing) +
                          ".");
  table.class_names = classes.names;
  return labels;
}

// Where folders are called by numbers, the first whose number is not its place: "10" before "2".
std::optional<std::size_t> misplaced_number(const std::vector<std::string>& folders) {
  std::optional<std::size_t> misplaced;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    std::size_t n = 0;
    const char* end = folders[i].data() + folders[i].size();
    const auto read = std::from_chars(folders[i].data(), end, n);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    if (n != i && !misplaced) misplaced = i;
  }
  return misplaced;
}

// … and where they are not.
std::vector<int> labels_by_order(const std::vector<std::string>& folders, const std::string& source,
                                 const Classes& classes, RowTable& table) {
  if (folders.size() != static_cast<std::size_t>(classes.count))
    throw InputError(source,
                     "has " + count_of(static_cast<std::int64_t>(folders.size()), "class folder") +
                         ", the model has " + std::to_string(classes.count) +
                         " classes; give model.labels");
  std::string note =
      "No labels were given: the folders in byte-wise order were taken as classes 0 "
      "to " +
      std::to_string(classes.count - 1) + " (" + first_of(folders) + ").";
  if (const auto i = misplaced_number(folders))
    note += " Beware: folder \"" + folders[*i] + "\" became class " + std::to_string(*i) +
            "; give model.labels if it is another.";
  table.notes.push_back(std::move(note));
  table.class_names = folders;
  std::vector<int> labels(folders.size());
  std::iota(labels.begin(), labels.end(), 0);
  return labels;
}

}  // namespace

RowTable class_folders(const std::string& folder, const Classes& classes, bool raw) {
  check_folder(folder);
  const Listing top = list(folder);
  if (top.folders.empty())
    throw InputError(folder,
                     "has no class folders; a folder for each class or a manifest is wanted");
  RowTable table;
  table.source = folder;
  const std::vector<int> labels = classes.names.empty()
                                      ? labels_by_order(top.folders, folder, classes, table)
                                      : labels_by_name(top.folders, folder, classes, table);
  std::int64_t others = 0;
  std::string other;
  for (std::size_t i = 0; i < top.folders.size(); ++i) {
    const fs::path path = fs::path(folder) / top.folders[i];
    const Search found = pictures_below(path, top.folders[i] + "/", raw);
    if (found.pictures.empty()) throw InputError(path.string(), "class folder without a picture");
    for (const std::string& id : found.pictures) {
      Row row;
      row.id = id;
      row.path = (fs::path(folder) / id).string();
      row.label = labels[i];
      table.rows.push_back(std::move(row));
    }
    others += found.others;
    if (other.empty()) other = found.other;
  }
  if (others > 0)
    table.notes.push_back(count_of(others, "file") +
                          " in class folders without a picture's "
                          "extension ignored, for example " +
                          other + ".");
  const auto stray = std::count_if(top.files.begin(), top.files.end(),
                                   [](const std::string& f) { return has_picture_extension(f); });
  if (stray > 0)
    table.notes.push_back(count_of(stray, "picture") + " outside the class folders ignored.");
  return table;
}

RowTable unlabelled_rows(const std::vector<std::string>& paths, bool raw) {
  RowTable table;
  const auto add = [&table](const std::string& path) {
    Row row;
    row.id = row.path = path;
    table.rows.push_back(std::move(row));
  };
  for (const std::string& path : paths) {
    if (table.source.empty()) table.source = path;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) throw InputError(path, "no such file or folder");
    if (fs::is_directory(status)) {
      const Search found = pictures_below(path, "", raw);
      if (found.pictures.empty()) throw InputError(path, "folder without a picture");
      for (const std::string& picture : found.pictures) add((fs::path(path) / picture).string());
    } else if (path.substr(path.rfind('/') + 1).find("idx3-ubyte") != std::string::npos) {
      if (table.idx.contains(path)) continue;
      RowTable idx = idx_rows(path, "", {});
      table.rows.insert(table.rows.end(), std::make_move_iterator(idx.rows.begin()),
                        std::make_move_iterator(idx.rows.end()));
      table.idx.merge(idx.idx);
    } else {
      add(path);
    }
  }
  return table;
}

}  // namespace assay::imaging
