#include "assay/checks/data/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/stats/bound.h"

namespace assay::checks {

Pictures::Result Pictures::summarise(std::span<const Record> records, const Params& params,
                                     const Facts&) {
  Result result;
  const auto name = [&](const CleanRecord& r, const std::string& problem) {
    if (static_cast<int>(result.listed.size()) < params.listed)
      result.listed.emplace_back(r.id, problem);
  };
  for (const auto& r : records) {
    ++result.rows;
    result.unlabelled += r.label < 0;
    if (!r.readable()) {
      ++result.unreadable;
      name(r, r.problem);
    } else if (!std::all_of(r.logits.begin(), r.logits.end(),
                            [](float v) { return std::isfinite(v); })) {
      ++result.nonfinite;
      name(r, "the model's output is not finite");
    }
  }
  return result;
}

std::vector<Finding> Pictures::findings(const Result& result) {
  const auto count = [&](const char* id, std::int64_t n) {
    return stats::exact(id, static_cast<double>(n), "pictures", result.rows);
  };
  return {count("unreadable", result.unreadable), count("nonfinite", result.nonfinite),
          count("unlabelled", result.unlabelled)};
}

Section Pictures::present(const Result& result) {
  Section section;
  section.answer =
      result.unreadable + result.nonfinite == 0
          ? fmt::format("All {} pictures were read and answered with finite numbers.", result.rows)
          : fmt::format(
                "{} of {} pictures could not be read; {} were answered with numbers that "
                "are not finite.",
                result.unreadable, result.rows, result.nonfinite);
  if (result.unreadable > 0)
    section.warnings.push_back(fmt::format(
        "{} of {} pictures could not be read and are left out everywhere, the first: {}",
        result.unreadable, result.rows, result.listed.empty() ? "" : result.listed.front().second));
  if (result.nonfinite > 0)
    section.warnings.push_back(fmt::format(
        "the model answered {} pictures with infinite or undefined numbers", result.nonfinite));
  if (!result.listed.empty()) {
    Table table{"Pictures with a problem", {"picture", "problem"}, {}};
    for (const auto& [id, problem] : result.listed) table.rows.push_back({id, problem});
    section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace assay::checks
