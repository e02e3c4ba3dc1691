#include "render.h"

#include <utility>

#include "develop.h"
#include "light.h"
#include "surface.h"
#include "view.h"

namespace weld {

Drawn draw(const Frame& frame, int size) {
  const View view(frame, size);
  Surface surface = make_surface(frame, view);
  Drawn drawn;
  drawn.raw = expose(frame, light_surface(frame, surface, view), view);
  drawn.picture = develop(drawn.raw);
  drawn.mask = {size, size, 1, 8, std::move(surface.valid)};
  drawn.defect = {size, size, 1, 8, std::move(surface.defect)};
  return drawn;
}

}  // namespace weld
