#include "assay/checks/finding_ids.h"

#include <map>

namespace assay::checks {

std::string id_part(const std::string& name) {
  std::string out;
  for (const char c : name) c == '/' ? out += "%2F" : out += c;
  return out;
}

std::vector<std::string> class_ids(const std::string& kind,
                                   const std::vector<std::string>& labels) {
  std::map<std::string, int> times;
  for (const auto& label : labels) ++times[label];
  std::vector<std::string> ids;
  for (std::size_t c = 0; c < labels.size(); ++c)
    ids.push_back(kind + "/" + id_part(labels[c]) +
                  (times[labels[c]] > 1 ? "#" + std::to_string(c) : ""));
  return ids;
}

}  // namespace assay::checks
