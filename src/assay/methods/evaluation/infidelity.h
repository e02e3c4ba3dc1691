// Does the map foretell what covering a part does to the score?
//
//   infidelity = E[(Φ·I − Δ)²],   Δ = f(x) − f(x − I)                          (yeh2019infidelity)
//
// I is what a perturbation takes away, here squares of random side and place that a baseline
// covers; Φ·I is the drop that the map foretells. Maps have scales of their own (a CAM's is no
// logit), so the one factor β ≥ 0 that suits a map best is granted to it, and the error is
// told in units of what happened:
//
//   scaled infidelity = min over β ≥ 0 of E[(β Φ·I − Δ)²] / E[Δ²]
//                     = 1 − max(0, E[Φ·I Δ])² / (E[(Φ·I)²] E[Δ²])
//
// 0: foretells every drop up to its scale; 1: no better than to foretell none. It is undefined where
// nothing happens to the score. A map of shares (gradient × input, integrated gradients, CAMs,
// occlusion) foretells the sum of the covered pixels' values; a map of slopes (the gradient) the
// slopes times the change of each number.
// Cost: one forward a square, which all maps of a picture share. When it lies: what large squares
// do is no sum of what their pixels do, in any model but a linear one.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "assay/base/seed.h"
#include "assay/methods/evaluation/removal.h"

namespace assay::methods {

// What a value of an attribution method's map is.
enum class Meaning { kShare, kSlope };
Meaning meaning_of(std::string_view method);

// A square's side is drawn evenly on the logarithmic scale between a tenth and a half of the
// shorter side; all of its places inside the picture are equally likely.
PixelMask random_square(std::int64_t height, std::int64_t width, Stream& stream);

// The drop that a map [H,W] of shares foretells for the covered pixels.
double foretold_by_shares(const at::Tensor& map, const PixelMask& covered);
// The drop that slopes [C,H,W] foretell for `change` [C,H,W] = picture − baseline there.
double foretold_by_slopes(const at::Tensor& slopes, const at::Tensor& change,
                          const PixelMask& covered);

double infidelity(std::span<const double> foretold, std::span<const double> seen);
std::optional<double> scaled_infidelity(std::span<const double> foretold,
                                        std::span<const double> seen);

}  // namespace assay::methods
