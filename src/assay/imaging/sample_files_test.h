// For the tests of decoding: picture files of every format, encoded by OpenCV or put together byte
// by byte.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/files_test.h"
#include "assay/imaging/picture.h"
#include "assay/imaging/sample_tiff_test.h"

namespace assay::imaging {

inline cv::Mat mat_of(const Picture& p) {  // B, G, R, as OpenCV's encoders want it
  const int depth = p.bits == 8 ? CV_8U : CV_16U;
  cv::Mat mat(p.height, p.width, CV_MAKETYPE(depth, p.channels),
              const_cast<std::uint8_t*>(p.bytes.data()));
  mat = mat.clone();
  if (p.channels == 3) {
    std::vector<cv::Mat> planes;
    cv::split(mat, planes);
    std::swap(planes[0], planes[2]);
    cv::merge(planes, mat);
  }
  return mat;
}

inline std::string encoded(const std::string& extension, const Picture& p,
                           std::vector<int> options = {}) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(extension, mat_of(p), bytes, options)) return "";
  return {bytes.begin(), bytes.end()};
}

// A PNG, chunk by chunk.
inline std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}
inline std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}
inline std::string deflated(const std::string& raw) {
  std::string out(compressBound(raw.size()), '\0');
  uLongf n = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(raw.data()),
           raw.size());
  out.resize(n);
  return out;
}
inline std::string png(std::uint32_t width, std::uint32_t height, int depth, int color,
                       const std::string& chunks, const std::string& rows) {
  return "\x89PNG\r\n\x1A\n" +
         chunk("IHDR", big_endian(width) + big_endian(height) + static_cast<char>(depth) +
                           static_cast<char>(color) + std::string(3, '\0')) +
         chunks + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

struct Encoding {
  std::string name, extension;
  Picture picture;
  std::vector<int> options;
};
inline std::vector<Encoding> encodings() {
  const Picture color = sample_picture(61, 83, 3), gray = sample_picture(61, 83, 1),
                deep = sample_picture(61, 83, 3, 16);
  return {{"jpeg", ".jpg", color, {}},
          {"jpeg progressive", ".jpg", color, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
          {"jpeg restarts", ".jpg", color, {cv::IMWRITE_JPEG_RST_INTERVAL, 3}},
          {"jpeg progressive restarts",
           ".jpg",
           gray,
           {cv::IMWRITE_JPEG_PROGRESSIVE, 1, cv::IMWRITE_JPEG_RST_INTERVAL, 2}},
          {"jpeg grey", ".jpg", gray, {}},
          {"png", ".png", color, {}},
          {"png 16", ".png", deep, {}},
          {"bmp", ".bmp", color, {}},
          {"bmp grey", ".bmp", gray, {}},
          {"tiff", ".tiff", color, {}},
          {"tiff raw", ".tiff", color, {cv::IMWRITE_TIFF_COMPRESSION, 1}},
          {"tiff 16", ".tiff", deep, {}},
          {"webp", ".webp", color, {}},
          {"webp lossless", ".webp", color, {cv::IMWRITE_WEBP_QUALITY, 101}}};
}

}  // namespace assay::imaging
