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

Picture redeveloped_picture(const Picture& picture, const CameraChain& chain, std::uint64_t draw,
                            DecodeOptions options) {
  const at::Tensor pixels = pixels_of(to_8_bit(picture));
  return stored(unprocessed_view(pixels).by(chain, pixels, draw), options);
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
