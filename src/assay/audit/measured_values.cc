#include "assay/audit/measured_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/imaging/csv.h"

namespace assay::audit {

namespace {

constexpr std::size_t kMostValues = 1000;
constexpr std::uint64_t kMostBytes = 256 << 20;

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  while (!text.empty() && blank(text.front())) text.erase(0, 1);
  return text;
}

std::vector<double> column_of(const std::string& file, const std::string& column,
                              const std::string& where) {
  const auto records = imaging::parse_csv(read_file(file, kMostBytes), file);
  if (records.empty()) throw InputError(file, "the file is empty");
  const auto& header = records.front().fields;
  const auto found = std::find(header.begin(), header.end(), column);
  if (found == header.end()) {
    const std::string near = nearest(column, header);
    throw InputError(where, file + " has no column \"" + column + "\"" +
                                (near.empty() ? "" : ", did you mean \"" + near + "\"?"));
  }
  const auto at = static_cast<std::size_t>(found - header.begin());
  std::vector<double> values;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const std::string cell = at < records[r].fields.size() ? trimmed(records[r].fields[at]) : "";
    if (cell.empty()) continue;  // not measured
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value))
      throw InputError(fmt::format("{}:{}", file, records[r].line),
                       "\"" + cell + "\" in column \"" + column + "\" is not a number");
    values.push_back(value);
  }
  if (values.empty()) throw InputError(file, "column \"" + column + "\" holds no number");
  return values;
}

}  // namespace

std::string with_measured_values(const std::string& plan, const std::string& text,
                                 const std::string& where) {
  constexpr std::string_view kForm = "empirical(";
  if (!text.starts_with(kForm)) return text;
  const std::size_t comma = text.rfind(','), close = text.rfind(')');
  if (comma == text.npos || close == text.npos || close < comma)
    throw InputError(where, "\"" + text + "\": wanted empirical(FILE.csv, COLUMN)");
  std::filesystem::path file = trimmed(text.substr(kForm.size(), comma - kForm.size()));
  if (file.is_relative()) file = std::filesystem::path(plan).parent_path() / file;
  std::vector<double> values =
      column_of(file.string(), trimmed(text.substr(comma + 1, close - comma - 1)), where);
  std::sort(values.begin(), values.end());
  std::map<double, int> counts;
  const std::size_t n = values.size(), kept = std::min(n, kMostValues);
  for (std::size_t k = 0; k < kept; ++k) ++counts[values[(2 * k + 1) * n / (2 * kept)]];
  std::string all;
  for (const auto& [value, count] : counts)
    all += fmt::format("{}{}{}", all.empty() ? "" : ", ", value,
                       count == 1 ? "" : fmt::format(": {}", count));
  return "discrete(" + all + ")";
}

}  // namespace assay::audit
