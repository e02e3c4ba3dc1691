// A decoded picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::imaging {

struct Picture {
  int height = 0, width = 0;  // px
  int channels =
      3;  // 1 grey, 3 RGB (never BGR, alpha dropped without blending as PIL's convert("RGB") does)
  int bits = 8;  // 8 or 16
  std::vector<std::uint8_t>
      bytes;  // row-major, interleaved, bits/8 bytes a sample in machine order
};

}  // namespace assay::imaging
