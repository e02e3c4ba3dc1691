#include "assay/checks/robustness/robustness_attacks.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assay/base/error.h"
#include "assay/base/number_in.h"

namespace assay::checks {

namespace {

constexpr const char* kWhere = "checks.robustness";
// The controls' budgets.
constexpr const char *kNoise = "noise(steps=50)", *kScores = "square(steps=200)",
                     *kSaturated = "pgd(steps=40, restarts=2)",
                     *kTransfer = "pgd(steps=40, restarts=1, iterate=last)";

// "8/255" or "0.03".
bool size_of(const std::string& text, double& eps) {
  const std::size_t slash = text.find('/');
  const auto above = number_in(text.substr(0, slash)),
             below = slash == std::string::npos ? std::optional(1.0)
                                                : number_in(text.substr(slash + 1));
  if (!above || !below) return false;
  eps = *above / *below;
  return std::isfinite(eps) && eps > 0;
}

}  // namespace

bool Assault::nested() const {
  return role != Role::kTransfer &&
         std::all_of(attacks.begin(), attacks.end(), [](const auto& a) { return a.searches(); });
}
bool Assault::white_box() const {
  return (role == Role::kAsked || role == Role::kSaturated) &&
         std::any_of(attacks.begin(), attacks.end(),
                     [](const auto& a) { return a.needs_slopes(); });
}

std::vector<Assault> assaults_of(const Robustness::Params& params) {
  const methods::Norm norm = methods::norm_named(params.norm);
  const std::string where = std::string(kWhere) + ".attacks";
  std::vector<Assault> all;
  std::map<std::string, int> seen;
  for (const std::string& text : methods::split_attacks(params.attacks)) {
    Assault assault;
    assault.attacks = methods::attacks_named(text, norm, where);
    assault.name = text.substr(0, text.find('('));
    if (const int n = ++seen[assault.name]; n > 1) assault.name += "-" + std::to_string(n);
    all.push_back(std::move(assault));
  }
  if (all.empty()) throw InputError(where, "no attack is named");
  const auto control = [&](const char* name, const char* text, Assault::Role role) {
    all.push_back({name, methods::attacks_named(text, norm, where), role});
  };
  if (!params.surrogate.empty()) control("transfer", kTransfer, Assault::Role::kTransfer);
  control("noise", kNoise, Assault::Role::kNoise);
  if (norm == methods::Norm::kLinf) control("square_control", kScores, Assault::Role::kScores);
  control("saturated", kSaturated, Assault::Role::kSaturated);
  if (!params.nearest.empty()) {
    const auto nearest =
        methods::attacks_named(params.nearest, norm, std::string(kWhere) + ".nearest");
    if (nearest.size() != 1 || (nearest[0].name != "fab" && nearest[0].name != "carlini_wagner"))
      throw InputError(std::string(kWhere) + ".nearest",
                       "got \"" + params.nearest + "\", wanted fab or carlini_wagner");
  }
  return all;
}

std::vector<AttackSize> attack_sizes(const Robustness::Params& params, const std::string& where) {
  std::vector<AttackSize> sizes;
  for (const std::string& text : methods::split_attacks(params.eps)) {
    AttackSize size;
    if (!size_of(text, size.eps))
      throw InputError(where, "got \"" + text + "\", wanted a size above 0, as 8/255 or 0.5");
    if (!sizes.empty() && size.eps <= sizes.back().eps)
      throw InputError(where, "got \"" + params.eps + "\", wanted ascending sizes");
    size.name = text;
    std::replace(size.name.begin(), size.name.end(), '/', '-');
    sizes.push_back(std::move(size));
  }
  if (sizes.empty()) throw InputError(where, "no size is given");
  if (params.norm == "linf" && sizes.back().eps > 1)
    throw InputError(where, "got \"" + params.eps +
                                "\": pixels run from 0 to 1 here, so that no change is above 1");
  return sizes;
}

std::vector<double> certified_radii(const Robustness::Params& params) {
  std::vector<double> radii;
  for (const std::string& text : methods::split_attacks(params.radii)) {
    double radius = 0;
    if (!size_of(text, radius))
      throw InputError(std::string(kWhere) + ".radii",
                       "got \"" + text + "\", wanted radii above 0");
    radii.push_back(radius);
  }
  return radii;
}

bool runs_at(const Assault& assault, std::size_t size, std::size_t sizes) {
  if (assault.role == Assault::Role::kScores) return size + 1 == sizes;
  if (assault.role == Assault::Role::kSaturated) return size == 0;
  return true;
}

double saturating_eps(methods::Norm norm, std::size_t values) {
  const auto n = static_cast<double>(values);
  return 0.5 * (norm == methods::Norm::kLinf ? 1 : norm == methods::Norm::kL2 ? std::sqrt(n) : n);
}

}  // namespace assay::checks
