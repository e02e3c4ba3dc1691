// All checks, in the order in which the report shows them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/base/field.h"
#include "assay/base/governance.h"
#include "assay/checks/check.h"

namespace assay::checks {

struct Entry {
  CheckInfo info;
  std::string group;      // the folder: performance, focus, data, …
  std::string_view page;  // Markdown
  EvidenceFor evidence_for;
  bool always;  // runs even where the plan does not name it
  std::function<std::vector<FieldInfo>()> fields;
  std::function<std::unique_ptr<AnyCheck>(const Settings&)> configure;
};

std::span<const Entry> catalogue();
// InputError(where, …) with the nearest name when there is none.
const Entry& entry_named(const std::string& name, const std::string& where);

}  // namespace assay::checks
