#include "assay/network/onnx_scope.h"

#include <algorithm>

namespace assay::network {

std::string capture(Target& target, const std::string& name, int from) {
  const auto known = [&](const Target::Captured& c) { return c.name == name; };
  if (std::none_of(target.captured.begin(), target.captured.end(), known))
    target.captured.push_back({name, from});
  return name;
}

std::string read(const Scope& scope, const std::string& name) {
  if (name.empty()) return name;
  int from = 0;
  const Scope* s = &scope;
  for (; s->outer && !s->names.count(name); s = s->outer)
    if (s->own_target) ++from;
  const auto it = s->names.find(name);
  const std::string meant = it != s->names.end() ? it->second : s->prefix + name;
  return from > 0 ? capture(*scope.target, meant, from) : meant;
}

}  // namespace assay::network
