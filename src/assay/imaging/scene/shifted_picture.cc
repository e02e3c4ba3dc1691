#include "assay/imaging/scene/shifted_picture.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/corruption/corruption.h"
#include "assay/imaging/display.h"
#include "assay/imaging/pixels.h"
#include "assay/imaging/scene/scene.h"
#include "assay/network/torch.h"

namespace assay::imaging {

Border border_named(const std::string& word) {
  if (word == "fill") return Border::kFill;
  if (word == "reflect") return Border::kReflect;
  if (word == "crop") return Border::kCrop;
  throw BugError("no border rule is called " + word);
}

Picture shifted_picture(const Picture& picture, const Shift& shift, const CameraView* raw) {
  const Picture p = to_8_bit(picture);
  at::Tensor pixels = pixels_of(p);
  const auto edge = [](double share, int size) {
    return std::clamp<std::int64_t>(std::llround(share * size), 0, size);
  };
  const std::int64_t left = edge(shift.box[0], p.width), right = edge(shift.box[2], p.width),
                     top = edge(shift.box[1], p.height), bottom = edge(shift.box[3], p.height);
  if (right > left && bottom > top) pixels = pixels.slice(2, top, bottom).slice(3, left, right);
  if (shift.height > 0 && shift.width > 0 &&
      (pixels.size(2) != shift.height || pixels.size(3) != shift.width))
    pixels = at::_upsample_bilinear2d_aa(pixels, {shift.height, shift.width}, false);
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [name, value] : shift.factors) {
    names.push_back(name);
    values.push_back(value);
  }
  if (!names.empty()) {
    const Scene scene(names, {border_named(shift.border), shift.fill, shift.seed});
    const std::uint64_t draw[] = {shift.draw};
    pixels = scene(pixels.clamp(0, 1), at::tensor(values, at::kDouble).view({1, -1}), draw, raw);
  }
  const Picture made = picture_of(pixels);
  if (shift.corruption.empty()) return made;
  return corrupted(made, corruption_named(shift.corruption), shift.severity,
                   {shift.seed, shift.draw});
}

}  // namespace assay::imaging
