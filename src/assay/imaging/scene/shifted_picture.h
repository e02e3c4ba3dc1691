// A picture as the report shows it changed: what the model sees of it, at the model's size, through the scene map or
// corrupted.
#pragma once

#include "assay/base/section.h"
#include "assay/imaging/picture.h"

namespace assay::imaging {

class CameraView;

// 8 bits, of the shift's size, or of the box's where that is 0. `raw`: of the picture's frame, framed as the shift says
// (DataSet::shifted), or none. InputError as Scene.
Picture shifted_picture(const Picture& picture, const Shift& shift,
                        const CameraView* raw = nullptr);

// "fill", "reflect" or "crop"; BugError for another word.
enum class Border;
Border border_named(const std::string& word);

}  // namespace assay::imaging
