// As much of JSON Schema (2020-12) as Assay's own schemas use, for tests. An unknown keyword is an
// error, so that a schema cannot ask for what nobody tests.
#pragma once

#include <regex.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::report {

// What the instance violates, and (with kStrict) which of its keys the schema does not describe.
enum class Keys { kOpen, kStrict };

class SchemaCheck {
 public:
  using Json = nlohmann::ordered_json;
  SchemaCheck(Json root, Keys keys) : root_(std::move(root)), keys_(keys) {}

  std::vector<std::string> errors(const Json& instance) const {
    std::vector<std::string> all;
    check(root_, instance, "", all);
    return all;
  }

 private:
  using Errors = std::vector<std::string>;

  bool fits(const Json& schema, const Json& value, const std::string& at) const {
    Errors errors;
    check(schema, value, at, errors);
    return errors.empty();
  }

  static bool has_type(const Json& v, const std::string& type) {
    if (type == "object") return v.is_object();
    if (type == "array") return v.is_array();
    if (type == "string") return v.is_string();
    if (type == "boolean") return v.is_boolean();
    if (type == "null") return v.is_null();
    if (type == "number") return v.is_number();
    if (type == "integer") return v.is_number_integer();
    throw std::runtime_error("unknown type " + type);
  }

  // POSIX, with \\s as glibc knows it: what the schemas' patterns need means the same in both
  // dialects.
  static bool matches(const std::string& text, const std::string& pattern) {
    regex_t compiled;
    if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
      throw std::runtime_error("bad pattern " + pattern);
    const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
  }

  void check(const Json& schema, const Json& v, const std::string& at, Errors& errors) const {
    const auto fail = [&](const std::string& what) {
      errors.push_back((at.empty() ? "/" : at) + ": " + what);
    };
    for (const auto& [key, rule] : schema.items()) {
      if (key == "$schema" || key == "title" || key == "description" || key == "default" ||
          key == "$defs" || key == "then") {
      } else if (key == "$ref") {
        check(root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), v, at, errors);
      } else if (key == "type") {
        bool any = false;
        for (const auto& type : rule.is_array() ? rule : Json::array({rule}))
          any = any || has_type(v, type);
        if (!any) fail("is no " + rule.dump());
      } else if (key == "const") {
        if (v != rule) fail("is not " + rule.dump());
      } else if (key == "enum") {
        if (std::find(rule.begin(), rule.end(), v) == rule.end())
          fail(v.dump() + " is not in " + rule.dump());
      } else if (key == "required") {
        for (const auto& name : rule)
          if (v.is_object() && !v.contains(name.get<std::string>()))
            fail("lacks " + name.get<std::string>());
      } else if (key == "properties" || key == "additionalProperties") {
        if (key == "properties" || !schema.contains("properties")) members(schema, v, at, errors);
      } else if (key == "propertyNames") {
        if (v.is_object())
          for (const auto& [name, value] : v.items())
            check(rule, Json(name), at + "/" + name, errors);
      } else if (key == "items") {
        if (v.is_array())
          for (std::size_t i = 0; i < v.size(); ++i)
            check(rule, v[i], at + "/" + std::to_string(i), errors);
      } else if (key == "anyOf" || key == "oneOf") {
        const auto count =
            std::count_if(rule.begin(), rule.end(), [&](const Json& s) { return fits(s, v, at); });
        if (count == 0 || (key == "oneOf" && count > 1))
          fail("fits " + std::to_string(count) + " of " + key);
      } else if (key == "allOf") {
        for (const auto& s : rule) check(s, v, at, errors);
      } else if (key == "if") {
        if (fits(rule, v, at)) check(schema.at("then"), v, at, errors);
      } else if (key == "pattern") {
        if (v.is_string() && !matches(v.get<std::string>(), rule.get<std::string>()))
          fail(v.dump() + " does not match");
      } else if (key == "minimum" || key == "exclusiveMinimum") {
        if (v.is_number() && (v < rule || (key != "minimum" && v == rule)))
          fail(v.dump() + " is too small");
      } else if (key == "maximum" || key == "exclusiveMaximum") {
        if (v.is_number() && (v > rule || (key != "maximum" && v == rule)))
          fail(v.dump() + " is too large");
      } else if (key == "minItems" || key == "minProperties") {
        if (v.is_structured() && v.size() < rule.get<std::size_t>()) fail("has too few");
      } else if (key == "maxItems") {
        if (v.is_array() && v.size() > rule.get<std::size_t>()) fail("has too many");
      } else {
        throw std::runtime_error("unknown keyword " + key);
      }
    }
  }

  void members(const Json& schema, const Json& v, const std::string& at, Errors& errors) const {
    if (!v.is_object()) return;
    const Json none = Json::object();
    const Json& known = schema.contains("properties") ? schema["properties"] : none;
    for (const auto& [name, value] : v.items()) {
      const std::string here = at + "/" + name;
      if (known.contains(name)) {
        check(known[name], value, here, errors);
      } else if (schema.contains("additionalProperties")) {
        const Json& more = schema["additionalProperties"];
        if (more.is_object())
          check(more, value, here, errors);
        else if (more == false)
          errors.push_back(here + ": is not allowed");
      } else if (keys_ == Keys::kStrict) {
        errors.push_back(here + ": is not described");
      }
    }
  }

  Json root_;
  Keys keys_;
};

}  // namespace assay::report
