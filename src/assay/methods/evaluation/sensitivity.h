// How far does a change of the picture that no one sees move the map?
//
//   max-sensitivity = max over ‖δ‖∞ ≤ r of ‖Φ(x + δ) − Φ(x)‖ / ‖Φ(x)‖          (yeh2019infidelity)
//
// The maximum is over as many evenly drawn δ as are asked for: a lower bound of the true one.
// Cost: one explanation a draw. When it lies: a map that never changes (a centre prior) is
// perfectly stable and says nothing; read it beside the other figures.
#pragma once

#include <optional>

#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace assay::methods {

// `picture` with each number moved evenly within ±radius.
at::Tensor jittered(const at::Tensor& picture, double radius, Stream stream);

// ‖moved − map‖ / ‖map‖ (Euclidean); none where the map is all zeros.
std::optional<double> relative_change(const at::Tensor& map, const at::Tensor& moved);

}  // namespace assay::methods
