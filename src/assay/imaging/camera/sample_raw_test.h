// A RAW file made on the spot, for tests that need no camera.
#pragma once

#include <string>

#include "assay/imaging/sample_tiff_test.h"

namespace assay::imaging {

// An uncompressed 16-bit RGGB mosaic as DNG, at least 22 px a side (LibRaw takes no smaller one); the count at (y, x) is 256 + 16 (y · width + x).
inline std::string sample_dng(int height, int width) {
  std::string pixels;
  for (int i = 0; i < height * width; ++i) {
    const int v = 256 + 16 * i;
    pixels += static_cast<char>(v & 255);
    pixels += static_cast<char>(v >> 8 & 255);
  }
  return tiff(width, height, pixels,
              {{258, 3, 1, 16},
               {262, 3, 1, 32803},       // CFA
               {271, 2, 4, 0x00434241},  // made by "ABC"
               {272, 2, 4, 0x00434241},
               {277, 3, 1, 1},
               {33421, 3, 2, 2 | 2 << 16},  // the filter repeats after 2 × 2
               {33422, 1, 4, 0x02010100},   // red, green; green, blue
               {50706, 1, 4, 0x00000401},   // DNG 1.4
               {50708, 2, 4, 0x00434241},
               {50714, 4, 1, 256},      // black level
               {50717, 4, 1, 65535}});  // white level
}

}  // namespace assay::imaging
