// The JSON Schemas (draft 2020-12) of the two files that others write programs for: results.json
// and audit.yaml.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "assay/base/field.h"

namespace assay::report {

// What the schema must know of a check that a plan can name.
struct PlanCheck {
  std::string name, question;
  std::vector<FieldInfo> fields;
};

std::string results_schema();

// Of audit.yaml; unknown keys are errors there as in the program. What no schema can say (files
// exist, findings are known) is left to the program.
std::string plan_schema(std::span<const PlanCheck> checks);

}  // namespace assay::report
