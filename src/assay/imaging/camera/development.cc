#include "assay/imaging/camera/development.h"

#include <filesystem>

#include "assay/base/error.h"
#include "assay/imaging/display.h"
#include "assay/imaging/pixels.h"

namespace assay::imaging {

namespace {

Picture stored(const at::Tensor& development, DecodeOptions options) {
  const Picture picture = picture_of(development);
  return options.gray ? to_gray(picture) : picture;
}

}  // namespace

Picture developed_picture(const RawFrame& frame, const CameraChain& chain, std::uint64_t draw,
                          DecodeOptions options) {
  const std::uint64_t draws[] = {draw};
  const at::Tensor picture = chain(frame.visible(), frame.sensor, draws);
  return stored(options.upright ? turned_upright(picture, frame.flip) : picture, options);
}

Recorded::Recorded(RawFrame frame, std::uint64_t draw) : draw_(draw), frame_(std::move(frame)) {}

Recorded::Recorded(const Picture& picture, std::uint64_t draw)
    : draw_(draw), pixels_(pixels_of(to_8_bit(picture))), made_up_(unprocessed_view(pixels_)) {}

Picture Recorded::by(const CameraChain& chain, DecodeOptions options) const {
  if (frame_) return developed_picture(*frame_, chain, draw_, options);
  return stored(made_up_->by(chain, pixels_, draw_), options);
}

std::string sidecar_of(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".yaml").string();
}

RawFrame read_frame(std::string_view bytes, const std::string& path,
                    const std::function<Sensor(const std::string&)>& read_sensor) {
  if (has_raw_extension(path)) return read_raw(bytes, path);
  const std::string sidecar = sidecar_of(path);
  if (!std::filesystem::exists(sidecar))
    throw InputError(
        path, "is no camera RAW file by its name, and no " + sidecar + " says what its sensor was");
  return raw_of_mosaic(decode(bytes, path), read_sensor(sidecar), path);
}

}  // namespace assay::imaging
