#include "assay/report/json_text.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "assay/report/number_text.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

std::string scalar_text(const Json& json) {
  if (json.is_number_float()) {
    const double value = json.get<double>();
    return std::isfinite(value) ? shortest(value) : "null";
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool all_scalars(const Json& array) {
  for (const auto& item : array)
    if (item.is_structured()) return false;
  return true;
}

void write(const Json& json, int depth, bool indented, std::string& out) {
  if (!json.is_structured()) {
    out += scalar_text(json);
    return;
  }
  const bool object = json.is_object();
  const bool broken = indented && !json.empty() && (object || !all_scalars(json));
  const auto new_line = [&](int level) {
    if (broken) out.append("\n").append(static_cast<std::size_t>(level) * 2, ' ');
  };
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += broken || !indented ? "," : ", ";
    first = false;
    new_line(depth + 1);
    if (object) out.append(scalar_text(Json(key))).append(indented ? ": " : ":");
    write(value, depth + 1, indented, out);
  }
  new_line(depth);
  out += object ? '}' : ']';
}

}  // namespace

nlohmann::ordered_json finite_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string json_text(const Json& json) {
  std::string out;
  write(json, 0, true, out);
  return out + "\n";
}

std::string json_island(const Json& json) {
  std::string text;
  write(json, 0, false, text);
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (text[i] == '<') {
      safe += "\\u003c";
    } else if (text[i] == '>') {
      safe += "\\u003e";
    } else if (text[i] == '&') {
      safe += "\\u0026";
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      safe += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

}  // namespace assay::report
