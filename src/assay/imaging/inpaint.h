// What would a picture show where its pixels are missing? Each missing pixel becomes the weighted
// mean of its neighbours: noisy linear imputation of ROAD without the noise.
//
//   x_i = Σ_j w_ij x_j / Σ_j w_ij,   j the up to 8 neighbours of i, known or missing;
//   w = 1/6 for those beside, above and below, 1/12 for diagonal ones
//
// At the picture's border the neighbours that do not exist are left out of both sums. The system is
// symmetric and positive definite as long as one pixel is known. It is solved in float64 by
// conjugate gradients with one multigrid V-cycle as preconditioner (bilinear interpolation cut to
// the missing pixels, Galerkin operators, one Gauss-Seidel sweep down and its mirror image up), one
// operator for all channels.
//
// Cost: three or four iterations at the default tolerance for scattered and for solid holes, each of
// about 10 multiply-adds for each of 9 neighbours, missing pixel and channel; at most 700 bytes of
// memory a pixel of the picture.
// When it lies: large holes become smooth, which no photograph is; a model can tell that something
// was filled in, and where. Sources: rong2022consistent (the system), tatebe1993multigrid (the
// solver).
#pragma once

#include <cstdint>
#include <span>

namespace assay::imaging {

struct InpaintReport {
  int iterations = 0;
  // ‖b − A x‖ ÷ ‖b − A m‖ in the largest channel, with m the mean of the channel's known pixels.
  double residual = 0;
};

// Fills the missing pixels of planes [channels,height,width] in place; what they held is not read.
// `missing` [height,width] is not 0 where a pixel is missing. The report's residual is at most
// `tolerance`, which is in [1e-10, 1). InputError when every pixel is missing, a known one is not
// finite, or the system does not fit into the memory budget.
InpaintReport inpaint(std::span<float> planes, int channels, int height, int width,
                      std::span<const std::uint8_t> missing, double tolerance = 1e-4);

}  // namespace assay::imaging
