// What an attack may do to a picture: how far it may move it, in which norm, inside of what pixels can be.
//
// Pixels are in [0,1] before normalisation, of the picture as the model is shown it. linf: the largest change of a value; l2: the
// root of the sum of squares; l1: the sum of magnitudes. Every point that leaves these functions keeps both bounds exactly when
// looked at in double precision: where single precision rounds outward, the value before is taken.
// Cost: passes over the values; l1 sorts them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/base/seed.h"

namespace assay::methods {

using Pixels = std::vector<float>;  // [C·H·W]

enum class Norm { kLinf, kL2, kL1 };
inline constexpr std::string_view kNorms = "linf|l2|l1";
Norm norm_named(const std::string& word);
double size_of(Norm norm, const std::vector<double>& change);
double distance(Norm norm, const Pixels& a, const Pixels& b);  // in double precision

class Ball {
 public:
  Ball(Pixels centre, Norm norm, double eps);

  const Pixels& centre() const { return centre_; }
  Norm norm() const { return norm_; }
  double eps() const { return eps_; }
  bool holds(const Pixels& x) const;

  // The nearest point inside, of linf exactly; of the others first the ball, then the range.
  Pixels projected(Pixels x) const;
  // x + length · the step of norm 1 along which a function of this slope rises fastest, projected. l1: shared by the `sparse`
  // share of values with the largest slopes that may still move that way (tramer2019). A slope of 0 moves nothing.
  Pixels stepped(const Pixels& x, const std::vector<float>& slope, double length) const;
  // linf: uniform in the ball; others: a direction of a Gaussian, a uniform share of eps long.
  Pixels drawn(Stream& stream) const;
  // On the ball's surface, but for what the range takes.
  Pixels drawn_far(Stream& stream) const;

 private:
  Pixels drawn_at(Stream& stream, double share) const;

  Pixels centre_, low_, high_;  // linf: of each value
  Norm norm_;
  double eps_;
};

}  // namespace assay::methods
