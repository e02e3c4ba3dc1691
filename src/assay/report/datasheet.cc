#include "assay/report/datasheet.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/report/json_text.h"

namespace assay::report {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "assay-datasheet";
constexpr int kVersion = 1;
constexpr std::uint64_t kMostDatasheetBytes = 1 << 20;

Json range_json(const Datasheet::Extent& e) {
  return {finite_or_null(e.low), finite_or_null(e.high)};
}
Json range_json(const std::optional<Datasheet::Extent>& e) {
  return e ? range_json(*e) : Json(nullptr);
}

Datasheet::Extent range_of(const Json& json) {
  return {json.at(0).get<double>(), json.at(1).get<double>()};
}
std::optional<Datasheet::Extent> perhaps(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(range_of(json));
}

ModelDatasheet read(const Json& json) {
  ModelDatasheet d;
  const Json& model = json.at("model");
  d.model = model.at("file");
  d.sha256 = model.at("sha256");
  for (const auto& [key, value] : model.at("input").items())
    d.input.emplace_back(key, value.get<std::string>());
  Datasheet& sheet = d.sheet;
  sheet.channels = model.at("channels");
  sheet.height = model.at("height");
  sheet.width = model.at("width");
  const Json& claim = json.at("claim");
  sheet.holds = claim.at("holds");
  sheet.least = claim.at("least");
  sheet.confidence = claim.at("confidence");
  sheet.pictures = claim.at("pictures");
  for (const Json& f : json.at("factors"))
    sheet.factors.push_back({f.at("name"), f.at("unit"), f.at("nominal"),
                             range_of(f.at("searched")), perhaps(f.at("alone")),
                             perhaps(f.at("together")), f.at("seen_in_pixels")});
  for (const Json& s : json.at("statistics"))
    sheet.statistics.push_back({s.at("name"), range_of(s.at("tested"))});
  return d;
}

}  // namespace

std::string datasheet_json(const Datasheet& sheet, const Outcome& outcome) {
  Json input = Json::object();
  // Of the description those keys that say how a picture becomes the input.
  for (const auto& [key, value] : outcome.model.description)
    if (key.starts_with("input.")) input[key.substr(6)] = value;
  Json factors = Json::array(), statistics = Json::array();
  for (const auto& f : sheet.factors)
    factors.push_back({{"name", f.name},
                       {"unit", f.unit},
                       {"nominal", finite_or_null(f.nominal)},
                       {"searched", range_json(f.searched)},
                       {"alone", range_json(f.alone)},
                       {"together", range_json(f.together)},
                       {"seen_in_pixels", f.seen_in_pixels}});
  for (const auto& s : sheet.statistics)
    statistics.push_back({{"name", s.name}, {"tested", range_json(s.tested)}});
  return json_text({{"format", kFormat},
                    {"version", kVersion},
                    {"assay", outcome.version},
                    {"seed", outcome.seed},
                    {"model",
                     {{"file", outcome.model.file},
                      {"sha256", outcome.model.sha256},
                      {"input", input},
                      {"channels", sheet.channels},
                      {"height", sheet.height},
                      {"width", sheet.width}}},
                    {"claim",
                     {{"holds", sheet.holds},
                      {"least", finite_or_null(sheet.least)},
                      {"confidence", finite_or_null(sheet.confidence)},
                      {"pictures", sheet.pictures}}},
                    {"factors", factors},
                    {"statistics", statistics}});
}

ModelDatasheet read_datasheet(const std::string& path) {
  const Json json = Json::parse(read_file(path, kMostDatasheetBytes), nullptr, false);
  if (json.is_discarded()) throw InputError(path, "is no JSON");
  try {
    if (!json.is_object() || json.value("format", "") != kFormat)
      throw InputError(path, "is no datasheet; the tolerance check writes one");
    if (json.value("version", 0) != kVersion)
      throw InputError(path, "is of another version; wanted " + std::to_string(kVersion));
    return read(json);
  } catch (const nlohmann::json::exception& e) {
    throw InputError(path, std::string("is a damaged datasheet: ") + e.what());
  }
}

}  // namespace assay::report
