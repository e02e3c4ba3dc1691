// Reading YAML strictly: every key must be consumed, no key twice, every error names file and line.
// The only header that shows yaml-cpp; it stays inside the audit room.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "assay/base/field.h"

namespace assay::audit {

inline constexpr std::uint64_t kMostPlanBytes = 4 << 20;

// InputError for malformed text; `path` is what errors name.
YAML::Node parse_yaml(const std::string& text, const std::string& path);

// "audit.yaml:12" for a node of that file.
std::string place(const std::string& path, const YAML::Node& node);

// A scalar as the type that it looks like: true/false, whole number, number, else text.
FieldValue scalar_value(const YAML::Node& node, const std::string& where);

// A mapping whose keys are taken one by one; finish() refuses what nobody took.
class Mapping {
 public:
  // `what` names the mapping in messages: "model", "checks.focus".
  Mapping(const std::string& path, const YAML::Node& node, const std::string& what);

  bool has(const std::string& key) const;
  YAML::Node take(const std::string& key);     // undefined node when absent
  YAML::Node require(const std::string& key);  // InputError when absent
  std::string where(const std::string& key) const;
  std::string where() const { return where_; }
  const std::string& what() const { return what_; }
  const std::vector<std::string>& keys() const { return keys_; }

  std::string text(const std::string& key, const std::string& otherwise);
  std::string required_text(const std::string& key);
  std::int64_t whole(const std::string& key, std::int64_t otherwise, std::int64_t low,
                     std::int64_t high);
  double number(const std::string& key, double otherwise, Range range);
  bool flag(const std::string& key, bool otherwise);
  std::vector<double> numbers(
      const std::string& key);  // a list of finite numbers; empty when absent

  // `known`: the names that are legal here, for the nearest-name hint.
  void finish(const std::vector<std::string>& known) const;

 private:
  std::string path_, what_, where_;
  YAML::Node node_;
  std::vector<std::string> keys_;             // in the file's order
  std::map<std::string, YAML::Node> values_;  // yaml-cpp itself searches one by one
  std::set<std::string> taken_;
};

}  // namespace assay::audit
