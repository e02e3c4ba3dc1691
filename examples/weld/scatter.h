// Small things that lie about: pores in the bead, drops of spatter on the plate, scratches. Where
// each lies and how large it is against the middling one depends on (seed, picture, its number), so
// that one more changes none of the others.
#pragma once

#include "surface.h"

namespace weld {

// The surface with them.
Surface scattered(Surface surface, const Frame& frame, const View& view);

}  // namespace weld
