// Comma-separated values, as RFC 4180 says: quoted fields may hold commas, line ends and doubled
// quotes; lines end in LF or CRLF. A UTF-8 byte-order mark is skipped, as are empty lines.
// Errors are InputErrors that name file and line. Cost: one pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::imaging {

struct CsvRecord {
  int line = 0;  // 1-based, where the record begins
  std::vector<std::string> fields;
};

// A field as it stands in a line: in quotes where it must be.
std::string csv_field(const std::string& text);

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& name);

}  // namespace assay::imaging
