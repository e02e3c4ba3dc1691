#include <filesystem>
#include <string>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/imaging/csv.h"
#include "assay/imaging/mask.h"
#include "assay/imaging/row_table.h"

namespace assay::imaging {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostManifestBytes = std::uint64_t{4} << 30;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Which column holds what.
struct Columns {
  std::size_t path = kNone, label = kNone, mask = kNone, cluster = kNone, raw = kNone,
              truth = kNone;
  std::vector<std::size_t> groups;
};

Columns columns_of(const CsvRecord& header, const std::string& where,
                   const ManifestOptions& options, RowTable& table) {
  Columns columns;
  std::unordered_set<std::string> known;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string& name = header.fields[i];
    if (name.empty()) throw InputError(where, "column " + std::to_string(i + 1) + " has no name");
    if (!known.insert(name).second)
      throw InputError(where, "two columns are called \"" + name + "\"");
    if (name == "path") {
      columns.path = i;
    } else if (name == "label") {
      columns.label = i;
    } else if (name == "mask") {
      columns.mask = i;
    } else if (name == "cluster") {
      columns.cluster = i;
    } else if (name == "raw" && options.raw) {
      columns.raw = i;
    } else if (!options.truth.empty() && name == options.truth) {
      columns.truth = i;
    } else {
      columns.groups.push_back(i);
      table.group_names.push_back(name);
    }
  }
  if (!options.truth.empty() && columns.truth == kNone) {
    const std::string near = nearest(options.truth, table.group_names);
    throw InputError(where, "no column \"" + options.truth + "\", which data.truth names" +
                                (near.empty() ? "" : "; is it \"" + near + "\"?"));
  }
  for (const auto& [name, column] : {std::pair{"path", columns.path}, {"label", columns.label}}) {
    if (column != kNone || (name == std::string("label") && columns.truth != kNone)) continue;
    const std::string near = nearest(name, table.group_names);
    throw InputError(where, std::string("no column \"") + name + "\"" +
                                (near.empty() ? "" : "; is it \"" + near + "\"?") +
                                "; the first line must name the columns path,label[,mask][,cluster]"
                                "[,group…]");
  }
  return columns;
}

// A path of the manifest, which must be a file.
std::string checked_path(const fs::path& folder, const std::string& path,
                         const std::string& where) {
  const fs::path file = folder / path;
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) throw InputError(where, "no file \"" + path + "\"");
  if (fs::is_directory(status)) throw InputError(where, "\"" + path + "\" is a folder");
  return file.string();
}

// A mask's source: shapes as they are written, or a path.
std::string checked_mask(const fs::path& folder, const std::string& source,
                         const std::string& where) {
  if (!is_shapes(source)) return checked_path(folder, source, where);
  check_shapes(source, where);
  return source;
}

}  // namespace

RowTable manifest_rows(const std::string& manifest, const Classes& classes,
                       const ManifestOptions& options) {
  const std::vector<CsvRecord> records =
      parse_csv(read_file(manifest, kMostManifestBytes), manifest);
  if (records.empty()) throw InputError(manifest, "is empty");
  const auto at = [&manifest](const CsvRecord& r) {
    return manifest + ":" + std::to_string(r.line);
  };
  RowTable table;
  table.source = manifest;
  table.class_names = classes.names;
  const CsvRecord& header = records.front();
  const Columns columns = columns_of(header, at(header), options, table);
  const ClassIndex index(classes);
  const fs::path folder = fs::path(manifest).parent_path();
  std::unordered_map<std::string, int> lines;
  for (std::size_t i = 1; i < records.size(); ++i) {
    const std::vector<std::string>& fields = records[i].fields;
    const std::string where = at(records[i]);
    if (fields.size() != header.fields.size())
      throw InputError(where, "has " + std::to_string(fields.size()) + " fields, the first line " +
                                  std::to_string(header.fields.size()));
    Row row;
    row.id = fields[columns.path];
    if (row.id.empty()) throw InputError(where, "no path");
    if (const auto [first, fresh] = lines.emplace(row.id, records[i].line); !fresh)
      throw InputError(where,
                       "\"" + row.id + "\" again, first on line " + std::to_string(first->second));
    if (columns.truth != kNone) {
      if (fields[columns.truth].empty())
        throw InputError(where, "no mask in the column \"" + options.truth + "\"");
      row.truth = checked_path(folder, fields[columns.truth], where);
    } else {
      if (fields[columns.label].empty()) throw InputError(where, "no label");
      row.label = index.by_label(fields[columns.label], where);
    }
    if (columns.raw != kNone && fields[columns.raw].empty())
      throw InputError(where, "no raw frame");
    row.path = checked_path(folder, columns.raw != kNone ? fields[columns.raw] : row.id, where);
    if (columns.mask != kNone && !fields[columns.mask].empty())
      row.mask = checked_mask(folder, fields[columns.mask], where);
    if (columns.cluster != kNone) {
      row.cluster = fields[columns.cluster];
      if (row.cluster.empty()) throw InputError(where, "no cluster");
    }
    for (const std::size_t c : columns.groups) row.groups.push_back(fields[c]);
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) throw InputError(manifest, "names no picture");
  return table;
}

}  // namespace assay::imaging
