// The attacks by name, with their parameters.
//
//   fgsm        one step of eps along the gradient of the cross-entropy (goodfellow2015)
//   bim         steps of eps/4 from the picture (kurakin2017); unless the last iterate is asked for, again without what fades
//   pgd         the same from random starts (madry2018): along the cross-entropy, every second the difference of logits ratio
//   apgd_ce, apgd_dlr, apgd_t   steps that halve when they stop helping, from the best point so far (croce2020reliable); apgd_t
//               towards one class after another by the targeted ratio, the likeliest first
//   fab         towards one class after another, projections on the linearised boundary: the nearest fooling point that it finds,
//               whatever eps is (croce2020minimally)
//   carlini_wagner   l2: minimises distance and a hinge on the logits by Adam in tanh space (carlini2017)
//   square      linf, scores alone: squares of ± eps that are kept where the margin falls (andriushchenko2020)
//   hop_skip_jump   decisions alone: from the other side along the boundary ever nearer (chen2020hopskipjump)
//   noise       random points of the ball, logits alone: the control of all others
//   standard    apgd_ce, apgd_t, fab, square, each on what has withstood those before (croce2020reliable)
// Text: "pgd", or "pgd(steps=40, restarts=5)".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/methods/attack/walk.h"

namespace assay::methods {

struct Attack {
  std::string name;        // of the table above
  std::string label = {};  // as it was written
  int steps = 0;           // gradients of a start; of square, hop_skip_jump and noise, queries
  int restarts = 1;
  double step = 0.25;  // of eps; bim and pgd
  int targets = 9;     // classes that apgd_t and fab are led to, at most
  bool last = false;   // only the last iterate counts (bim, pgd)
  bool needs_slopes() const {
    return name != "square" && name != "noise" && name != "hop_skip_jump";
  }
  // Whether a smaller ball's find is one of this attack too; not of a single step.
  bool searches() const { return name != "fgsm" && !last; }
};

// One text of the table; standard is several. InputError(where, …) for another name, an unknown or illegal parameter, and for an attack
// that the norm has not.
std::vector<Attack> attacks_named(const std::string& text, Norm norm, const std::string& where);
// "a, b(c=1, d=2)" at its commas outside of brackets.
std::vector<std::string> split_attacks(const std::string& text);

Walk walk_of(const Attack& attack, const Target& target, std::uint64_t seed);

// Where they are written.
Walk climb(const Attack& attack, const Target& target, std::uint64_t seed);       // fgsm, bim, pgd
Walk auto_climb(const Attack& attack, const Target& target, std::uint64_t seed);  // apgd_…
Walk boundary_walk(const Attack& attack, const Target& target, std::uint64_t seed);  // fab
Walk distance_descent(const Attack& attack, const Target& target);  // carlini_wagner
Walk square_search(const Attack& attack, const Target& target, std::uint64_t seed);
Walk decision_search(const Attack& attack, const Target& target, std::uint64_t seed);
Walk noise_search(const Attack& attack, const Target& target, std::uint64_t seed);

// The classes that an attack is led to, the likeliest of the clean picture first; a goal alone where there is one.
std::vector<int> aims_of(const Attack& attack, const Target& target);

}  // namespace assay::methods
