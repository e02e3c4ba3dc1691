// Menon's demosaicing and its transpose in plain loops (mosaic.h says what it does). Given the directions, it is linear: ten
// steps that each fill one colour at some places from differences to another one, undone one by one for the derivative.
#pragma once

#include <cstdint>

#include "assay/imaging/camera/mosaic.h"

namespace assay::imaging {

// mosaic [height · width] to rgb [3 · height · width]; by_rows [height · width] is set to 1 where the green was taken along the row.
template <class T>
void menon(const T* mosaic, std::int64_t height, std::int64_t width, Cfa cfa, bool refined, T* rgb,
           std::uint8_t* by_rows);
// The slopes of what made rgb, by the directions it took: rgb_slopes [3 · height · width] to mosaic_slopes [height · width].
template <class T>
void menon_back(const T* rgb_slopes, std::int64_t height, std::int64_t width, Cfa cfa, bool refined,
                const std::uint8_t* by_rows, T* mosaic_slopes);

}  // namespace assay::imaging
