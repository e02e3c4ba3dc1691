// JSON as bytes that depend on the content alone: keys in their given order, doubles in the fewest
// digits that read back the same, broken UTF-8 replaced. The library's own writer is not used
// because its digits are not always the fewest.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay::report {

// A finite double, null otherwise.
nlohmann::ordered_json finite_or_null(double value);

// Indented by two blanks; arrays of plain values stay on one line. Ends with a line feed.
std::string json_text(const nlohmann::ordered_json& json);

// On one line, for a <script type="application/json">: no '<', '>' or '&' and no line separator is
// left in it, so that no text can end the element.
std::string json_island(const nlohmann::ordered_json& json);

}  // namespace assay::report
