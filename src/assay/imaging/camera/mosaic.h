// What a sensor with a Bayer filter records, and how three colours a pixel are made of it.
//
//   bilinear   each colour's own values, spread by [1 2 1; 2 4 2; 1 2 1] / 4 (green [0 1 0; 1 4 1; 0 1 0] / 4): linear
//   malvar     5 × 5 filters on the whole mosaic that let the known colour's bend correct the missing one's mean
//              (malvar2004): linear
//   menon      green along rows or along columns, whichever has the smaller sum of differences of colour differences (at a tie
//              rows); red and blue by colour differences along the same way; then refined by 3-tap means (menon2007).
//              Linear in the values as long as no direction changes; the derivative is that of the direction taken
// Borders: bilinear and malvar repeat the edge half-sample symmetric (d c b a | a b c d), menon whole-sample (d c b | a b c d), zeros
// in the sums that choose the direction: as the published implementations do. Half-sample symmetry breaks the pattern's
// phase: the outermost row and column (two for malvar) are biased.
// Cost: bilinear 9, malvar 4 × 25, menon some 60 multiply-adds a pixel; linear in the pixels.
#pragma once

#include <string>
#include <string_view>

#include "assay/network/torch.h"

namespace assay::imaging {

// The colours of the upper left 2 × 2 values, row by row.
enum class Cfa { kRggb, kBggr, kGrbg, kGbrg };
inline constexpr std::string_view kCfas = "RGGB|BGGR|GRBG|GBRG";
// InputError(where, …) for another word.
Cfa cfa_named(const std::string& word, const std::string& where = "");
std::string_view cfa_name(Cfa cfa);
// 0, 1 or 2 (red, green, blue) of row y and column x.
int colour_at(Cfa cfa, std::int64_t y, std::int64_t x);

enum class Demosaic { kBilinear, kMalvar, kMenon };
inline constexpr std::string_view kDemosaics = "bilinear|malvar|menon";
Demosaic demosaic_named(const std::string& word, const std::string& where = "");

// mosaic [N,1,H,W], float32 or float64, at least 4 px a side, to [N,3,H,W] RGB; values are not cut. Differentiable.
// `refined`: of menon, the last step.
at::Tensor demosaiced(const at::Tensor& mosaic, Cfa cfa, Demosaic method, bool refined = true);
// The values that the filter lets through: rgb [N,3,H,W] to [N,1,H,W].
at::Tensor mosaic_of(const at::Tensor& rgb, Cfa cfa);
// 1 where a colour is recorded, else 0: [1,3,H,W].
at::Tensor colour_masks(Cfa cfa, std::int64_t height, std::int64_t width, at::ScalarType type);

}  // namespace assay::imaging
