// Pictures as a camera stores them: a chain's development, cut, rounded to 8 bits.
#pragma once

#include <functional>
#include <optional>

#include "assay/imaging/camera/camera_view.h"
#include "assay/imaging/decode.h"

namespace assay::imaging {

// `draw` decides what is random in the chain's settings.
Picture developed_picture(const RawFrame& frame, const CameraChain& chain, std::uint64_t draw,
                          DecodeOptions options);
// What a picture was made of, unpacked once for any number of cameras: a RAW frame, or an approximate one (camera_view.h), of
// which a chain changes what it does otherwise than the standard camera.
class Recorded {
 public:
  Recorded(RawFrame frame, std::uint64_t draw);
  Recorded(const Picture& picture, std::uint64_t draw);  // upright already
  Picture by(const CameraChain& chain, DecodeOptions options) const;

 private:
  std::uint64_t draw_;
  std::optional<RawFrame> frame_;
  at::Tensor pixels_;  // without a frame
  std::optional<CameraView> made_up_;
};
// What a frame is called in errors, and how it is read: camera RAW by its extension, else a mosaic of one channel whose sidecar
// (the same name, .yaml) `read_sensor` reads.
RawFrame read_frame(std::string_view bytes, const std::string& path,
                    const std::function<Sensor(const std::string&)>& read_sensor);
std::string sidecar_of(const std::string& path);

}  // namespace assay::imaging
