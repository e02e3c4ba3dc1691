// Rectangles of a picture, in px from its upper left corner.
#pragma once

#include <cstdint>

namespace assay::network {

struct Place {
  std::int64_t top = 0, left = 0;
};
struct PatchSize {
  std::int64_t height = 0, width = 0;
};

}  // namespace assay::network
