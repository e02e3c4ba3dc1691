// What an attack makes large: a function of the logits, with its derivative in them.
//
//   kCrossEntropy  log Σ_{k≠y} e^{z_k} − z_y. The cross-entropy −log p_y is log(1 + e^{this}): it rises with it, its gradient is this
//                  one's times 1 − p_y. Without that factor, which is 0 in single precision for a confident network, nothing
//                  saturates: ordering, sign and direction are those of the cross-entropy at any scale of the logits
//   kPlain         −log p_y with its gradient p − [k = y], in single precision: as it is usually computed, so that fgsm and bim are what
//                  they are elsewhere. It fades where p_y rounds to 1
//   kDlr           −(z_y − max_{k≠y} z_k) / (z_π1 − z_π3), π sorted descending; with fewer than three classes the margin alone
//   kDlr, towards a class   −(z_y − z_t) / (z_π1 − (z_π3 + z_π4)/2); of three classes z_π3 in place of the mean; of two the margin
//   kDifference    z_t − z_y
//   kLead          z_t − max_{k≠t} z_k: above 0 where t is what is said
// With a target: log p_t likewise, of kCrossEntropy z_t − log Σ_{k≠t} e^{z_k}. Source: croce2020reliable for DLR.
#pragma once

#include <span>
#include <vector>

namespace assay::methods {

enum class Loss { kCrossEntropy, kPlain, kDlr, kDifference, kLead };

struct Objective {
  Loss loss = Loss::kCrossEntropy;
  int target = -1;  // −1: away from the label
};

struct ObjectiveValue {
  double value = 0;
  std::vector<double> slope;  // in the logits
};
ObjectiveValue objective_of(const Objective& objective, std::span<const double> logits, int label);

// The largest other logit less the label's: above 0 where the label is not said.
double excess(std::span<const double> logits, int label);

}  // namespace assay::methods
