// The attribution methods: what `assay explain --method` and checks choose from.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

struct Method {
  MethodInfo info;
  std::function<std::vector<FieldInfo>()> fields;
  std::function<Attribution(const Question&, const Settings&)> explain;
  // The maps of every class, [N,K,h,w]; the question's targets are not read. Cost: K of `explain`,
  // but one for `cam`.
  std::function<at::Tensor(const Question&, const Settings&)> explain_all;
};

std::span<const Method> attribution_methods();
std::vector<std::string> attribution_names();
// InputError(where, …) with the nearest name.
const Method& attribution_named(const std::string& name, const std::string& where);

}  // namespace assay::methods
