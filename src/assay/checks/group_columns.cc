#include "assay/checks/group_columns.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/imaging/data_set.h"

namespace assay::checks {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::string rest = text;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string name = rest.substr(0, comma);
    rest.erase(0, comma + 1);
    name.erase(0, std::min(name.find_first_not_of(' '), name.size()));
    name.erase(name.find_last_not_of(' ') + 1);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> group_columns(const Subject& subject, const std::string& groups) {
  const auto& known = subject.data.group_names();
  std::vector<std::string> names = split_names(groups);
  for (const std::string& name : names) {
    const auto& groupings = subject.facts.groupings;
    if (std::any_of(groupings.begin(), groupings.end(),
                    [&](const Grouping& grouping) { return grouping.column == name; }))
      continue;
    if (std::find(known.begin(), known.end(), name) != known.end())
      throw InputError("groups", "the column \"" + name + "\" has more than " +
                                     std::to_string(kMostGroups) + " values");
    const std::string near = nearest(name, known);
    throw InputError("groups", "the data have no column \"" + name + "\"" +
                                   (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
  return names;
}

std::vector<std::string> group_values(const Subject& subject, const std::string& groups,
                                      std::int64_t row) {
  const auto& names = subject.data.group_names();
  const auto& values = subject.data.rows()[static_cast<std::size_t>(row)].groups;
  std::vector<std::string> own;
  for (const std::string& name : group_columns(subject, groups))
    own.push_back(values[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                                  names.begin())]);
  return own;
}

std::vector<Group> groups_of(const Facts& facts, const std::string& groups) {
  std::vector<Group> all;
  const std::vector<std::string> names = split_names(groups);
  for (std::size_t place = 0; place < names.size(); ++place)
    for (const Grouping& grouping : facts.groupings)
      if (grouping.column == names[place])
        for (const std::string& value : grouping.values)
          all.push_back({place, names[place] + "=" + value, value});
  return all;
}

}  // namespace assay::checks
