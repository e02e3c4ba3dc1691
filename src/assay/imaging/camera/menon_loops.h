// Menon's demosaicing in plain loops, for where no derivative is wanted: faster than the same in tensor operators (mosaic.cc), with the same sums in the same order, so that the same directions are chosen.
#pragma once

#include <cstdint>

#include "assay/imaging/camera/mosaic.h"

namespace assay::imaging {

// mosaic [height · width] to rgb [3 · height · width].
template <class T>
void menon_in_loops(const T* mosaic, std::int64_t height, std::int64_t width, Cfa cfa, bool refined,
                    T* rgb);
extern template void menon_in_loops<float>(const float*, std::int64_t, std::int64_t, Cfa, bool,
                                           float*);
extern template void menon_in_loops<double>(const double*, std::int64_t, std::int64_t, Cfa, bool,
                                            double*);

}  // namespace assay::imaging
