#include "assay/imaging/encode.h"

#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

std::string encoded(const char* extension, const Picture& picture, const std::vector<int>& how) {
  const int depth = picture.bits == 8 ? CV_8U : CV_16U;
  cv::Mat pixels(picture.height, picture.width, CV_MAKETYPE(depth, picture.channels),
                 const_cast<std::uint8_t*>(picture.bytes.data()));  // only read
  if (picture.channels == 3) {
    cv::Mat bgr;
    cv::cvtColor(pixels, bgr, cv::COLOR_RGB2BGR);
    pixels = bgr;
  }
  std::vector<unsigned char> bytes;
  if (!cv::imencode(extension, pixels, bytes, how))
    throw BugError(std::string("a picture could not be encoded as ") + extension);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string encode_png(const Picture& picture, PngEffort effort) {
  const int level = effort == PngEffort::kSmall ? 6 : 1;  // zlib's own default; its fastest
  std::vector<int> how{cv::IMWRITE_PNG_COMPRESSION, level};
  // OpenCV takes run lengths for level 1, which photographs have none of.
  if (effort == PngEffort::kFast)
    how.insert(how.end(), {cv::IMWRITE_PNG_STRATEGY, cv::IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY});
  return encoded(".png", picture, how);
}

std::string encode_jpeg(const Picture& picture, int quality) {
  return encoded(".jpg", picture, {cv::IMWRITE_JPEG_QUALITY, quality});
}

std::string encode_tiff(const Picture& picture) {
  return encoded(".tiff", picture, {cv::IMWRITE_TIFF_COMPRESSION, 1});  // none
}

}  // namespace assay::imaging
