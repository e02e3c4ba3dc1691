// A camera that is not as it should be: its chain with factors away from nominal, differentiable in them and in the frame.
//
// The factors are those of the scene's table called camera.… ; at nominal the chain's own picture comes back bit for bit. Where
// they act:
//
//   after black_level (of values from 0 to 1, so the chain must have `black_level: normalise`), in this order
//     defocus astigmatism coma spherical    rays through the lens: each point of the aperture sends its ray where the slope of
//                                           Zernike's polynomials says; 384 rays make the point-spread function (born1999)
//     lateral_colour vignetting exposure    saturation at 1 after exposure
//     low_light read_noise row_noise        photons: variance v · (2^L − 1) / kFullWell beyond the frame's own; read and row:
//                                           (electrons · 2^L / kFullWell)²
//     bit_depth black_level black_red black_blue
//   at white_balance       temperature tint, as further gains
//   before colour_matrix   crosstalk_…: red + share · (green − red), so that grey stays grey
//   before tone            blur sharpening, on the luma
//   after tone             gamma
//
// What a chain sets itself is added to. Optics see the frame as bilinear demosaicing fills it, and change the mosaic by the
// difference. Cost: a chain; optics some 20 more filters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/imaging/camera/chain.h"
#include "assay/imaging/scene/factor.h"

namespace assay::imaging {

// Electrons that make white.
inline constexpr double kFullWell = 10000;

// InputError(where, …) where the chain lacks the stage that one of the factors acts on.
void check_camera_factors(const CameraChain& chain, std::span<const std::string> names,
                          const std::string& where);
// The same of settings, whose values must be in range too.
void check_settings(const CameraChain& chain, const CameraSettings& settings,
                    const std::string& where);

// counts [N or 1,1,H,W]; theta [N,F] float64 of `factors` (those that are not the camera's are passed over); N draws.
// Gives [N,3,H,W]. Each row depends on its own θ and draw alone.
at::Tensor drifted(const CameraChain& chain, const at::Tensor& counts, const Sensor& sensor,
                   std::span<const Factor* const> factors, const at::Tensor& theta,
                   std::uint64_t seed, std::span<const std::uint64_t> draws);

// The factors in groups, as one speaks of a camera's parts.
struct CameraFactorGroup {
  std::string_view name;
  std::vector<std::string_view> factors;
};
const std::vector<CameraFactorGroup>& camera_factor_groups();

}  // namespace assay::imaging
