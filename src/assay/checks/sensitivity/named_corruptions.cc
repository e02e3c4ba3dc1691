#include "assay/checks/sensitivity/named_corruptions.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/base/number_in.h"

namespace assay::checks {

namespace {

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + ",") {
    if (c == ',') {
      if (!part.empty()) parts.push_back(part);
      part.clear();
    } else if (c != ' ' && c != '[' && c != ']') {
      part += c;
    }
  }
  return parts;
}

}  // namespace

std::vector<const imaging::Corruption*> corruption_types(const std::string& text) {
  std::vector<const imaging::Corruption*> types;
  const auto add = [&](const imaging::Corruption& type) {
    if (std::find(types.begin(), types.end(), &type) != types.end())
      throw InputError("checks.corruption.types",
                       "\"" + std::string(type.name) + "\" stands twice");
    types.push_back(&type);
  };
  for (const std::string& name : parts_of(text)) {
    const bool a_set = name == "common" || name == "extra" || name == "bar" || name == "all";
    if (!a_set) {
      add(imaging::corruption_named(name, "checks.corruption.types"));
      continue;
    }
    for (const imaging::Corruption& c : imaging::corruptions()) {
      const bool bar = c.kind == imaging::CorruptionKind::kBar,
                 extra = c.kind == imaging::CorruptionKind::kExtra;
      if (name == "all" || (name == "bar" && bar) || (name == "extra" && extra) ||
          (name == "common" && !bar && !extra))
        add(c);
    }
  }
  if (types.empty()) throw InputError("checks.corruption.types", "no corruption is named");
  return types;
}

std::vector<double> corruption_severities(const std::string& text) {
  std::vector<double> severities;
  for (const std::string& part : parts_of(text)) {
    const auto value = number_in(part);
    if (!value || !(*value >= 0 && *value <= 5))
      throw InputError("checks.corruption.severities",
                       "got \"" + part + "\", wanted numbers from 0 to 5");
    severities.push_back(*value);
  }
  if (severities.empty()) throw InputError("checks.corruption.severities", "no severity is named");
  return severities;
}

}  // namespace assay::checks
