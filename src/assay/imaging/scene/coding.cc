// How a picture is stored: fewer pixels, blocks, JPEG. Each in steps, so without derivatives.
#include <algorithm>
#include <cmath>

#include "assay/imaging/decode.h"
#include "assay/imaging/encode.h"
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

at::Tensor through_jpeg(const at::Tensor& row, int quality) {
  const int c = static_cast<int>(row.size(1)), h = static_cast<int>(row.size(2)),
            w = static_cast<int>(row.size(3));
  const at::Tensor bytes = at::round(row[0] * 255).to(at::kByte).permute({1, 2, 0}).contiguous();
  Picture picture{h, w, c, 8, {}};
  picture.bytes.assign(bytes.data_ptr<std::uint8_t>(),
                       bytes.data_ptr<std::uint8_t>() + bytes.numel());
  const Picture back = decode(encode_jpeg(picture, quality), "a JPEG picture");
  const at::Tensor values =
      at::from_blob(const_cast<std::uint8_t*>(back.bytes.data()), {h, w, c}, at::kByte);
  return values.permute({2, 0, 1}).to(row.scalar_type()).div(255).unsqueeze(0);
}

}  // namespace

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
      row = through_jpeg(row, static_cast<int>(std::clamp<long>(std::lround(q), 1, 99)));
    rows.push_back(row);
  }
  return at::cat(rows);
}

}  // namespace assay::imaging
