// How a picture is stored: fewer pixels, blocks, JPEG. Each in steps, so without derivatives.
#include <algorithm>
#include <cmath>

#include "assay/imaging/decode.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/pixels.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

at::Tensor smaller_and_back(const at::Tensor& row, double share) {
  const std::int64_t h = row.size(2), w = row.size(3);
  const auto side = [&](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(size) * share));
  };
  const at::Tensor few = at::_upsample_bilinear2d_aa(row, {side(h), side(w)}, false);
  return at::upsample_bilinear2d(few, {h, w}, false);
}

// Whole blocks, each its mean; the last ones smaller where the side is no multiple.
at::Tensor blocks(const at::Tensor& row, double block) {
  const std::int64_t h = row.size(2), w = row.size(3);
  const auto count = [&](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(size) / block));
  };
  return at::upsample_nearest2d(at::adaptive_avg_pool2d(row, {count(h), count(w)}), {h, w});
}

}  // namespace

at::Tensor jpeg_coded(const at::Tensor& row, int quality) {
  const Picture back = decode(encode_jpeg(picture_of(row), quality), "a JPEG picture");
  return pixels_of(back).to(row.scalar_type());
}

at::Tensor coded(const at::Tensor& pixels, const Theta& theta) {
  const auto values = [&](const char* name) {
    return theta(name).detach().to(at::kDouble).contiguous();
  };
  const at::Tensor share = values("resolution"), block = values("pixelation"),
                   quality = values("jpeg_quality");
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < pixels.size(0); ++i) {
    at::Tensor row = pixels.narrow(0, i, 1).detach();
    if (const double s = share.data_ptr<double>()[i]; s < 1) row = smaller_and_back(row, s);
    if (const double b = block.data_ptr<double>()[i]; b > 1) row = blocks(row, b);
    if (const double q = quality.data_ptr<double>()[i]; q < 100)
      row = jpeg_coded(row, static_cast<int>(std::clamp<long>(std::lround(q), 1, 99)));
    rows.push_back(row);
  }
  return at::cat(rows);
}

}  // namespace assay::imaging
