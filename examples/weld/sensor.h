// From light to a RAW frame: lens, Bayer filters, noise, quantisation.
//
// The lens blurs (a Gaussian of the cause `defocus` and the pixel's own aperture) and darkens the
// corners. A camera sees linear RGB through the inverse of its colour matrix and its channels'
// sensitivities. At 0 EV a green pixel that sees the reference white has 0.72 of the full well. Charge
// is the expected electrons plus normal noise of variance (electrons + read noise²), the usual
// approximation to Poisson–Gaussian noise (Foi et al. 2008, foi2008practical), plus one draw a row;
// then 12 bits between black and white level.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "light.h"

namespace weld {

using Matrix = std::array<std::array<double, 3>, 3>;

// What a RAW converter must know; the sidecar.
struct Sidecar {
  int black_level = 0, white_level = 0;   // counts
  std::string_view cfa;                   // "RGGB": the first two rows' filters
  std::array<double, 3> white_balance{};  // gains of R, G, B; G is 1
  Matrix colour_matrix{};  // white-balanced camera RGB to linear sRGB; rows add up to 1
};

struct RawFrame {
  int size = 0;
  std::vector<std::uint16_t> mosaic;  // [size, size] counts, 12 bits
  Sidecar sidecar;
};

// The place of a pixel's filter, 0 red, 1 green, 2 blue.
int filter_at(std::string_view cfa, int row, int column);

RawFrame expose(const Frame& frame, Radiance radiance, const View& view);

}  // namespace weld
