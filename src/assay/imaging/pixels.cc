#include "assay/imaging/pixels.h"

#include <algorithm>

#include "assay/base/error.h"

namespace assay::imaging {

Picture picture_of(const at::Tensor& pixels) {
  if (pixels.dim() != 4 || pixels.size(0) != 1) throw BugError("one picture was expected");
  const at::Tensor bytes =
      (pixels[0].detach().clamp(0, 1) * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
  Picture picture;
  picture.height = static_cast<int>(bytes.size(0));
  picture.width = static_cast<int>(bytes.size(1));
  picture.channels = static_cast<int>(bytes.size(2));
  picture.bytes.assign(bytes.data_ptr<std::uint8_t>(),
                       bytes.data_ptr<std::uint8_t>() + bytes.numel());
  return picture;
}

at::Tensor pixels_of(const Picture& picture) {
  if (picture.bits != 8) throw BugError("8 bits were expected");
  at::Tensor pixels = at::empty({1, picture.height, picture.width, picture.channels}, at::kByte);
  std::copy(picture.bytes.begin(), picture.bytes.end(), pixels.data_ptr<std::uint8_t>());
  return pixels.permute({0, 3, 1, 2}).to(at::kFloat).contiguous() / 255;
}

}  // namespace assay::imaging
