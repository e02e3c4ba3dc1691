// What a robustness check runs: its attacks and controls, and their sizes.
//
// Cost of a picture that withstands all: the sum of its attacks' steps times restarts (times targets), a forward and a backward
// each, at every size; noise and square are forwards. A picture that falls costs what it took, and nothing at larger sizes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/checks/robustness/robustness.h"
#include "assay/methods/attack/attack.h"

namespace assay::checks {

// One attack or several, each on what withstood those before.
struct Assault {
  std::string name;  // as findings name it; of the same attack's second entry "pgd-2"
  std::vector<methods::Attack> attacks;
  enum class Role {
    kAsked,      // by the plan
    kTransfer,   // made against the surrogate
    kNoise,      // controls of masking: random points at every size,
    kScores,     // scores alone at the largest size (linf),
    kSaturated,  // and a size at which every picture can be made any other
  } role = Role::kAsked;
  // Whether what fell at a smaller size counts at the next: not of a single step, which is reported as it is.
  bool nested() const;
  bool white_box() const;  // follows the model's own slopes
};
// InputError("checks.robustness…") for what is none.
std::vector<Assault> assaults_of(const Robustness::Params& params);

struct AttackSize {
  double eps = 0;
  std::string name;  // "8-255"
};
std::vector<AttackSize> attack_sizes(const Robustness::Params& params,
                                     const std::string& where = "checks.robustness.eps");
// Of params.radii.
std::vector<double> certified_radii(const Robustness::Params& params);
// Of the role, those it runs at; kSaturated has a size of its own.
bool runs_at(const Assault& assault, std::size_t size, std::size_t sizes);
// linf: half of the range; others: that of as many values.
double saturating_eps(methods::Norm norm, std::size_t values);

}  // namespace assay::checks
