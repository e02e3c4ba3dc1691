#include "assay/imaging/mask_sources.h"

#include <algorithm>
#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/mask.h"

namespace assay::imaging {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWhere = "data.masks";

std::string value_of(const std::string& place, const Row& row, const RowTable& table) {
  if (place == "path") return (fs::path(row.id).parent_path() / fs::path(row.id).stem()).string();
  if (place == "stem") return fs::path(row.id).stem().string();
  if (place == "label") {
    const auto k = static_cast<std::size_t>(row.label);
    return row.label >= 0 && k < table.class_names.size() ? table.class_names[k]
                                                          : std::to_string(row.label);
  }
  const auto& names = table.group_names;
  const auto at = std::find(names.begin(), names.end(), place);
  if (at == names.end()) {
    std::vector<std::string> known{"path", "stem", "label"};
    known.insert(known.end(), names.begin(), names.end());
    const std::string near = nearest(place, known);
    throw InputError(kWhere, "there is no {" + place + "}" +
                                 (near.empty() ? "; wanted path, stem, label or a column of the "
                                                 "manifest"
                                               : ", did you mean {" + near + "}?"));
  }
  return row.groups[static_cast<std::size_t>(at - names.begin())];
}

// A value from the data must not lead out of the folder that the plan names.
std::string harmless(const std::string& value, const std::string& place, const Row& row) {
  const bool path = place == "path";
  bool leads_away = value.empty() || fs::path(value).is_absolute() ||
                    (!path && value.find('/') != std::string::npos);
  for (const fs::path& part : fs::path(value)) leads_away |= part == "..";
  if (leads_away)
    throw InputError(kWhere, "{" + place + "} is \"" + value + "\" for " + row.id +
                                 ", which makes no file name");
  return value;
}

std::string filled(const std::string& pattern, const Row& row, const RowTable& table) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t open = std::min(pattern.find('{', at), pattern.size());
    text += pattern.substr(at, open - at);
    if (open == pattern.size()) break;
    const std::size_t close = pattern.find('}', open);
    if (close == std::string::npos)
      throw InputError(kWhere, "\"" + pattern + "\" has a '{' without a '}'");
    const std::string place = pattern.substr(open + 1, close - open - 1);
    text += harmless(value_of(place, row, table), place, row);
    at = close + 1;
  }
  return text;
}

}  // namespace

void set_masks(RowTable& table, const std::string& pattern) {
  if (is_shapes(pattern)) {
    check_shapes(pattern, kWhere);
    for (Row& row : table.rows) row.mask = pattern;
    return;
  }
  for (Row& row : table.rows) {
    const std::string file = filled(pattern, row, table);
    std::error_code error;
    if (!fs::is_regular_file(file, error))
      throw InputError(kWhere, "no file \"" + file + "\" for " + row.id);
    row.mask = file;
  }
}

}  // namespace assay::imaging
