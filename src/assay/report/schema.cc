#include "assay/report/schema.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "assay/report/json_text.h"

namespace assay::embedded {
extern const std::string_view results_schema_json;
extern const std::string_view audit_schema_json;
}  // namespace assay::embedded

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

Json field_schema(const FieldInfo& field) {
  static constexpr const char* kTypes[] = {"boolean", "integer", "number", "string"};
  Json schema{{"type", kTypes[field.initial.index()]}};
  if (!field.entry.empty()) {
    schema["type"] = {"object", "string"};
    schema["additionalProperties"] = {{"type", {"string", "number"}}};
  }
  if (field.list) schema["type"] = {"array", "string", "number"};
  if (!field.choices.empty()) schema["enum"] = field.choices;
  if (std::isfinite(field.range.low)) schema["minimum"] = field.range.low;
  if (std::isfinite(field.range.high)) schema["maximum"] = field.range.high;
  std::visit([&](const auto& initial) { schema["default"] = initial; }, field.initial);
  std::string description = field.help;
  if (!field.unit.empty()) description += " [" + field.unit + "]";
  schema["description"] = description;
  return schema;
}

Json check_schema(const PlanCheck& check) {
  Json properties{{"check", {{"const", check.name}}}, {"require", {{"$ref", "#/$defs/require"}}}};
  for (const FieldInfo& field : check.fields) properties[field.name] = field_schema(field);
  return {{"description", check.question},
          {"type", {"object", "null"}},
          {"properties", properties},
          {"additionalProperties", false}};
}

}  // namespace

std::string results_schema() { return std::string(embedded::results_schema_json); }

std::string plan_schema(std::span<const PlanCheck> checks) {
  Json schema = Json::parse(embedded::audit_schema_json);
  Json& planned = schema["properties"]["checks"];
  Json named = Json::object(), names = Json::array(), choices = Json::array();
  for (const PlanCheck& check : checks) {
    const Json reference{{"$ref", "#/$defs/check-" + check.name}};
    schema["$defs"]["check-" + check.name] = check_schema(check);
    named[check.name] = reference;
    names.push_back(check.name);
    choices.push_back(
        {{"if", {{"properties", {{"check", {{"const", check.name}}}}}}}, {"then", reference}});
  }
  planned["properties"] = named;
  Json other{{"description", "a check under a name of its own"},
             {"type", "object"},
             {"required", {"check"}},
             {"properties", {{"check", {{"enum", names}}}}}};
  if (!checks.empty()) other["allOf"] = choices;
  planned["additionalProperties"] = other;
  return json_text(schema);
}

}  // namespace assay::report
