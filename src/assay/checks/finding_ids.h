// The ids of findings that a check gives for every class or group.
#pragma once

#include <string>
#include <vector>

namespace assay::checks {

// '/' written %2F, as it divides the parts of an id.
std::string id_part(const std::string& name);

// "recall/CLASS" for every class. Names that occur more than once are told apart by "#INDEX".
std::vector<std::string> class_ids(const std::string& kind, const std::vector<std::string>& labels);

}  // namespace assay::checks
