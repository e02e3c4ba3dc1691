// Which of many factors matter at all, for few calls: elementary effects and derivatives.
//
//   elementary effects   walks through the unit cube that move one factor after the other by a half, from one of the
//                        levels 1/8, 3/8 (up) or 5/8, 7/8 (down): effect = f(after) − f(before), upward.
//                        mean |effect| large: the factor matters; deviation large beside it: it does so by bends or in
//                        company (morris1991, campolongo2007)
//   derivatives          ν = E[(∂f/∂x)²] bounds the total index: T ≤ C ν / V with the distribution's Poincaré
//                        constant C: (b−a)²/π² for uniform, σ² for normal (and at most σ² for truncated normal), else Cheeger's
//                        bound 4 (sup min(F, 1−F) / density)² (sobol2009dgsm, lamboni2013)
// Cost: factors + 1 calls a walk; a gradient a point.
// When it lies: a factor whose effects cancel has mean 0, not mean |effect| 0; a bound says nothing where it is large.
// Steps between levels are not seen.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "assay/stats/sampling/design.h"
#include "assay/stats/sampling/distribution.h"

namespace assay::stats {

// [walks · (factors + 1)][factors] of the unit cube, walk after walk.
Eigen::MatrixXd walks_design(Eigen::Index walks, Eigen::Index factors, const Draws& draws);
// The effects [walks][factors] of the values at its rows.
Eigen::MatrixXd elementary_effects(const Eigen::MatrixXd& design, std::span<const double> values);

// C of a continuous distribution; infinite for a discrete one, which has no derivative.
double poincare_constant(const Distribution& distribution);

}  // namespace assay::stats
