// What the drift-forensics check looks for: its specification, its runs, and which pictures the search may see. All of it
// follows from the parameters and the records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/checks/camera/drift_forensics.h"

namespace assay::checks {

struct ForensicsSpace {
  std::vector<std::string> names, units;
  std::vector<double> nominal, low, high;
  std::size_t size() const { return names.size(); }
};
// InputError for a factor that is none of the camera's, has no derivative, or whose nominal value is not in its range.
ForensicsSpace forensics_space(const DriftForensics::Params& params);

// One search: all factors at a budget, the control at random, or a part alone at the largest budget.
struct ForensicsRun {
  enum class Kind { kAll, kRandom, kApart };
  Kind kind = Kind::kAll;
  std::string name;  // "all", "random", or the part
  double budget = 0;
  std::vector<std::uint8_t> moves;  // [factors]
};
std::vector<double> forensics_budgets(const DriftForensics::Params& params);
std::vector<ForensicsRun> forensics_runs(const DriftForensics::Params& params,
                                         const ForensicsSpace& space);

// θ of the grid: for each factor towards its low end, then towards its high one, outward; [2 · grid · factors] rows.
std::vector<std::vector<double>> forensics_grid(const DriftForensics::Params& params,
                                                const ForensicsSpace& space);

// The pictures that the search sees, of those that can be asked: whole clusters in an order drawn by the seed, at most half of
// them.
std::vector<const DriftForensics::Record*> searched_pictures(
    std::span<const DriftForensics::Record> records, const DriftForensics::Params& params,
    std::uint64_t seed);
// Each run's best start, null where there is none yet.
std::vector<const DriftForensics::Record*> best_starts(
    std::span<const DriftForensics::Record> records, std::size_t runs);

// Keys: "grid/ID"; "search/RUN/START"; "verify/NUMBERS/ID", a run's θ each.
std::string search_key(std::size_t run, int start);
struct SearchKey {
  std::size_t run = 0;
  int start = 0;
};
SearchKey search_of(std::string_view key);
std::string verify_key(const std::vector<const DriftForensics::Record*>& best,
                       const std::string& id);
// [runs][factors]
std::vector<std::vector<double>> thetas_of(std::string_view key, std::size_t factors);

}  // namespace assay::checks
