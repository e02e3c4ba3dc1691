#include "assay/checks/camera/drift_forensics_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/base/field.h"
#include "assay/checks/group_columns.h"
#include "assay/imaging/camera/drift.h"
#include "assay/stats/sampling/distribution.h"
#include "assay/stats/sampling/drawn_clusters.h"

namespace assay::checks {

namespace {

using Params = DriftForensics::Params;
using Record = DriftForensics::Record;

constexpr const char* kWhere = "checks.drift-forensics";

// What a production camera's parameters do over its life, generously.
constexpr const char* kUsual =
    "camera.defocus=uniform(0, 1.5); camera.astigmatism=uniform(-1, 1); camera.coma=uniform(-1, "
    "1); "
    "camera.spherical=uniform(-1, 1); camera.lateral_colour=uniform(-1, 1); "
    "camera.vignetting=uniform(0, 0.5); camera.exposure=uniform(-1, 1); "
    "camera.low_light=uniform(0, 4); camera.read_noise=uniform(0, 20); "
    "camera.row_noise=uniform(0, 10); camera.black_level=uniform(-0.02, 0.02); "
    "camera.black_red=uniform(-0.01, 0.01); camera.black_blue=uniform(-0.01, 0.01); "
    "camera.temperature=uniform(4500, 9000); camera.tint=uniform(-0.3, 0.3); "
    "camera.crosstalk_red_green=uniform(-0.15, 0.15); "
    "camera.crosstalk_red_blue=uniform(-0.15, 0.15); "
    "camera.crosstalk_green_red=uniform(-0.15, 0.15); "
    "camera.crosstalk_green_blue=uniform(-0.15, 0.15); "
    "camera.crosstalk_blue_red=uniform(-0.15, 0.15); "
    "camera.crosstalk_blue_green=uniform(-0.15, 0.15); camera.blur=uniform(0, 1.5); "
    "camera.sharpening=uniform(-0.5, 1.5); camera.gamma=uniform(0.8, 1.25)";

bool is_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

}  // namespace

ForensicsSpace forensics_space(const Params& params) {
  const std::string where = std::string(kWhere) + ".factors";
  ForensicsSpace space;
  for (const auto& [name, text] :
       entries_of(params.factors.empty() ? kUsual : params.factors, where)) {
    const imaging::Factor& factor = imaging::scene_factor(name, where);
    const std::string at = where + "." + name;
    if (factor.stage != imaging::SceneStage::kCamera)
      throw InputError(at, "a factor of the scene; drift-forensics asks the camera's, " +
                               std::string("called camera.…"));
    if (!factor.differentiable)
      throw InputError(at, "goes in steps and has no derivative for the search to follow");
    const auto range = stats::Distribution::parse(text, at);
    if (range.kind() != stats::DistributionKind::kUniform)
      throw InputError(at, "got \"" + text + "\", wanted uniform(LOW, HIGH): a specification");
    if (!(range.low() >= factor.low && range.high() <= factor.high))
      throw InputError(at,
                       fmt::format("{} reaches beyond {} to {}", text, factor.low, factor.high));
    if (!(range.low() <= factor.nominal && factor.nominal <= range.high()))
      throw InputError(
          at, fmt::format("the nominal value {} does not lie in {}", factor.nominal, text));
    space.names.push_back(name);
    space.units.emplace_back(factor.unit);
    space.nominal.push_back(factor.nominal);
    space.low.push_back(range.low());
    space.high.push_back(range.high());
  }
  return space;
}

std::vector<double> forensics_budgets(const Params& params) {
  const std::string where = std::string(kWhere) + ".budgets";
  std::vector<double> budgets;
  for (const std::string& text : split_names(params.budgets)) {
    double value = 0;
    if (!is_number(text, value) || !(value > 0) || (!budgets.empty() && value <= budgets.back()))
      throw InputError(where, "got \"" + params.budgets +
                                  "\", wanted distances above 0, ascending, separated by commas");
    budgets.push_back(value);
  }
  if (budgets.empty()) throw InputError(where, "no budget is given");
  return budgets;
}

std::vector<ForensicsRun> forensics_runs(const Params& params, const ForensicsSpace& space) {
  using Kind = ForensicsRun::Kind;
  std::vector<ForensicsRun> runs;
  const std::vector<std::uint8_t> every(space.size(), 1);
  const std::vector<double> budgets = forensics_budgets(params);
  for (const double b : budgets) runs.push_back({Kind::kAll, "all", b, every});
  for (const double b : budgets) runs.push_back({Kind::kRandom, "random", b, every});
  if (params.apart == "groups") {
    for (const imaging::CameraFactorGroup& group : imaging::camera_factor_groups()) {
      std::vector<std::uint8_t> moves;
      for (const std::string& name : space.names)
        moves.push_back(std::find(group.factors.begin(), group.factors.end(), name) !=
                        group.factors.end());
      if (std::find(moves.begin(), moves.end(), 1) != moves.end())
        runs.push_back({Kind::kApart, std::string(group.name), budgets.back(), std::move(moves)});
    }
  } else if (params.apart == "factors") {
    for (std::size_t f = 0; f < space.size(); ++f) {
      std::vector<std::uint8_t> moves(space.size(), 0);
      moves[f] = 1;
      runs.push_back({Kind::kApart, space.names[f], budgets.back(), std::move(moves)});
    }
  }
  return runs;
}

std::vector<std::vector<double>> forensics_grid(const Params& params, const ForensicsSpace& space) {
  std::vector<std::vector<double>> all;
  for (std::size_t f = 0; f < space.size(); ++f)
    for (const double end : {space.low[f], space.high[f]})
      for (int k = 1; k <= params.grid; ++k) {
        std::vector<double> theta = space.nominal;
        theta[f] += (end - theta[f]) * k / params.grid;
        all.push_back(std::move(theta));
      }
  return all;
}

std::vector<const Record*> searched_pictures(std::span<const Record> records, const Params& params,
                                             std::uint64_t seed) {
  std::vector<const Record*> asked;
  std::vector<stats::Clustered> items;
  for (const Record& r : records)
    if (r.kind == DriftForensics::Kind::kGrid && r.known && r.finite) {
      asked.push_back(&r);
      items.push_back({r.cluster, r.id});
    }
  const auto order = stats::drawn_clusters(items, seed, "forensics/search");
  std::vector<const Record*> taken;
  for (std::size_t c = 0; c < order.size() / 2; ++c) {
    if (!taken.empty() &&
        taken.size() + order[c].size() > static_cast<std::size_t>(params.search_images))
      break;
    for (const std::size_t i : order[c]) taken.push_back(asked[i]);
  }
  std::sort(taken.begin(), taken.end(), [](auto* a, auto* b) { return a->row < b->row; });
  return taken;
}

std::vector<const Record*> best_starts(std::span<const Record> records, std::size_t runs) {
  std::vector<const Record*> best(runs, nullptr);
  for (const Record& r : records) {
    if (r.kind != DriftForensics::Kind::kSearch || !r.finite) continue;
    const auto run = static_cast<std::size_t>(r.run);
    if (run < runs && (!best[run] || r.loss > best[run]->loss)) best[run] = &r;
  }
  return best;
}

std::string search_key(std::size_t run, int start) {
  return fmt::format("search/{}/{}", run, start);
}

SearchKey search_of(std::string_view key) {
  const std::size_t slash = key.find('/'), second = key.find('/', slash + 1);
  SearchKey found;
  const auto part = key.substr(slash + 1, second - slash - 1), rest = key.substr(second + 1);
  std::from_chars(part.data(), part.data() + part.size(), found.run);
  std::from_chars(rest.data(), rest.data() + rest.size(), found.start);
  return found;
}

std::string verify_key(const std::vector<const Record*>& best, const std::string& id) {
  std::string numbers;
  for (const Record* r : best)
    for (const double v : r->theta)
      numbers += fmt::format("{}{:.9g}", numbers.empty() ? "" : ",", v);
  return "verify/" + numbers + "/" + id;
}

std::vector<std::vector<double>> thetas_of(std::string_view key, std::size_t factors) {
  const std::size_t slash = key.find('/');
  std::string_view numbers = key.substr(slash + 1, key.find('/', slash + 1) - slash - 1);
  std::vector<std::vector<double>> thetas;
  std::vector<double> one;
  while (!numbers.empty()) {
    const std::size_t comma = std::min(numbers.find(','), numbers.size());
    double value = 0;
    is_number(numbers.substr(0, comma), value);
    one.push_back(value);
    if (one.size() == factors) thetas.push_back(std::exchange(one, {}));
    numbers.remove_prefix(std::min(comma + 1, numbers.size()));
  }
  return thetas;
}

}  // namespace assay::checks
