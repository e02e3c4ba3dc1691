#include "assay/imaging/decode.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <new>
#include <opencv2/core/mat.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/imaging/file_structure.h"

namespace assay::imaging {
namespace {

// Decodes into `into` where that has the size and type that the file needs, else into memory of its
// own. Empty: refused.
cv::Mat decode_pixels(std::string_view bytes, const std::string& name, cv::Mat into) {
  static const bool silenced = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  (void)silenced;
  try {
    // The bytes are only read; the matrix has no const form.
    const cv::Mat file(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    // A decoder that refuses the header says nothing and leaves `into` as it was: black. Where the
    // mark is still there (or the picture begins with it) the answer is asked for once more.
    constexpr std::array<std::uint8_t, 3> kMark = {0x5A, 0xA5, 0x3C};
    std::memcpy(into.data, kMark.data(), kMark.size());
    const cv::Mat kept = into;
    // Unchanged: the depth and channels of the file, orientation ignored.
    cv::Mat made = cv::imdecode(file, cv::IMREAD_UNCHANGED, &into);
    if (made.data == kept.data && std::memcmp(kept.data, kMark.data(), kMark.size()) == 0)
      made = cv::imdecode(file, cv::IMREAD_UNCHANGED);
    return made;
  } catch (const cv::Exception&) {
    return {};
  } catch (const std::bad_alloc&) {
    throw InputError(name, "is a picture too large for this machine's memory");
  }
}

template <class Sample>
Sample luma(Sample red, Sample green, Sample blue) {
  return static_cast<Sample>((red * 19595u + green * 38470u + blue * 7471u + 0x8000u) >> 16);
}

// Rows of B,G,R[,A] to R,G,B or to grey.
template <class Sample>
void convert_row(const Sample* from, int from_channels, Sample* to, int to_channels, int width) {
  if (from_channels == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(width) * sizeof(Sample));
  } else if (to_channels == 1) {
    for (int x = 0; x < width; ++x, from += from_channels) to[x] = luma(from[2], from[1], from[0]);
  } else {
    for (int x = 0; x < width; ++x, from += from_channels, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
    }
  }
}

Picture picture_of(const cv::Mat& mat, bool gray) {
  Picture p;
  p.height = mat.rows;
  p.width = mat.cols;
  p.channels = gray || mat.channels() == 1 ? 1 : 3;
  p.bits = mat.depth() == CV_16U ? 16 : 8;
  const std::size_t row_bytes =
      static_cast<std::size_t>(p.width) * static_cast<std::size_t>(p.channels * p.bits / 8);
  p.bytes.resize(row_bytes * static_cast<std::size_t>(p.height));
  for (int y = 0; y < p.height; ++y) {
    std::uint8_t* to = p.bytes.data() + static_cast<std::size_t>(y) * row_bytes;
    if (p.bits == 8)
      convert_row(mat.ptr<std::uint8_t>(y), mat.channels(), to, p.channels, p.width);
    else
      convert_row(mat.ptr<std::uint16_t>(y), mat.channels(), reinterpret_cast<std::uint16_t*>(to),
                  p.channels, p.width);
  }
  return p;
}

template <std::size_t kPixelBytes>
void copy_oriented(const Picture& from, int orientation, Picture& to) {
  // EXIF: 2 and 4 are mirrored, 3 is turned, 5 to 8 have rows and columns exchanged.
  const bool transposed = orientation >= 5;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto stride = static_cast<std::size_t>(from.width) * kPixelBytes;
  std::uint8_t* out = to.bytes.data();
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x, out += kPixelBytes) {
      const int u = transposed ? y : x, v = transposed ? x : y;
      const auto from_x = static_cast<std::size_t>(flip_x ? from.width - 1 - u : u);
      const auto from_y = static_cast<std::size_t>(flip_y ? from.height - 1 - v : v);
      std::memcpy(out, from.bytes.data() + from_y * stride + from_x * kPixelBytes, kPixelBytes);
    }
  }
}

Picture oriented(Picture from, int orientation) {
  if (orientation == 1) return from;
  Picture to = from;
  if (orientation >= 5) std::swap(to.height, to.width);
  switch (from.channels * from.bits / 8) {
    case 1:
      copy_oriented<1>(from, orientation, to);
      break;
    case 2:
      copy_oriented<2>(from, orientation, to);
      break;
    case 3:
      copy_oriented<3>(from, orientation, to);
      break;
    default:
      copy_oriented<6>(from, orientation, to);
  }
  return to;
}

}  // namespace

Picture decode(std::string_view bytes, const std::string& name, DecodeOptions options) {
  if (bytes.size() > kMostFileBytes) throw InputError(name, "has more than 1 GiB");
  const FileStructure structure = inspect(bytes, name);
  // Most pictures are 8 bit of three channels: these are decoded in place.
  Picture p;
  p.height = structure.height;
  p.width = structure.width;
  p.bytes.resize(3 * static_cast<std::size_t>(p.height) * static_cast<std::size_t>(p.width));
  const cv::Mat mat =
      decode_pixels(structure.substitute.empty() ? bytes : std::string_view(structure.substitute),
                    name, cv::Mat(p.height, p.width, CV_8UC3, p.bytes.data()));
  const bool known_type = (mat.depth() == CV_8U || mat.depth() == CV_16U) &&
                          (mat.channels() == 1 || mat.channels() == 3 || mat.channels() == 4);
  if (mat.empty() || !known_type || mat.rows != structure.height || mat.cols != structure.width)
    throw InputError(name, "cannot be decoded; it is damaged or of an unusual kind");
  if (mat.data == p.bytes.data() && !options.gray) {
    for (auto* b = p.bytes.data(); b != p.bytes.data() + p.bytes.size(); b += 3)
      std::swap(b[0], b[2]);
  } else {
    p = picture_of(mat, options.gray);
  }
  return oriented(std::move(p), options.upright ? structure.orientation : 1);
}

std::string read_picture_file(const std::string& path) {
  std::string bytes = read_file(path, kMostFileBytes);
  if (bytes.empty()) throw InputError(path, "is an empty file");
  return bytes;
}

Picture to_gray(const Picture& picture) {
  if (picture.channels == 1) return picture;
  Picture gray{picture.height, picture.width, 1, picture.bits, {}};
  const std::size_t pixels =
      static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width);
  gray.bytes.resize(pixels * static_cast<std::size_t>(picture.bits / 8));
  const auto convert = [pixels](const auto* from, auto* to) {
    for (std::size_t i = 0; i < pixels; ++i, from += 3) to[i] = luma(from[0], from[1], from[2]);
  };
  if (picture.bits == 8)
    convert(picture.bytes.data(), gray.bytes.data());
  else
    convert(reinterpret_cast<const std::uint16_t*>(picture.bytes.data()),
            reinterpret_cast<std::uint16_t*>(gray.bytes.data()));
  return gray;
}

bool has_picture_extension(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || path.size() - dot > 5) return false;
  std::string extension;
  for (const char c : path.substr(dot))
    extension.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  static constexpr std::array<std::string_view, 9> kKnown = {
      ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp"};
  return std::find(kKnown.begin(), kKnown.end(), extension) != kKnown.end();
}

}  // namespace assay::imaging
